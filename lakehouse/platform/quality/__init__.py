"""Quality checks: questions about whole days of stored tables, answered with pass, warn or fail.

- `checks`: how a check is declared.
- `common_checks`: declarations that several domains use: unique keys, accepted values, no nulls,
  equal totals, usual volume, rejected rows, changed columns, reconciled files.
- `evaluate`: measures checks on days of the lake.
- `log`: the rows of ``ops.data_quality_log``.

A check reports and changes no table. Contracts, which reject single rows before they are stored,
are in `tables.contract`; the checks of a domain are in its module ``quality``; their Dagster assets
are in `orchestration.quality_log`.
"""

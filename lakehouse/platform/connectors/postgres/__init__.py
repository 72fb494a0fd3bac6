"""Reads PostgreSQL: reference tables as snapshots, and changes of a legacy table as files.

A domain's module ``extraction`` declares the legacy table. An extraction drafts a CSV file of
changes, stages it in the lake, names it in the journal, lands it, and only then moves the
watermark.

- `declaration`: what a domain declares. `extract`: one extraction from start to end, its status.
- `incremental` reads rows that changed since a horizon of transactions and finds deletes by
  comparing keys; `cdc` reads the log through a replication slot (`slots`, `pgoutput`,
  `change_writer`).
- `run`: what one extraction works with. `session`: connections to the legacy database.
  `known_rows`: the rows that the lake has or is about to have.
- `draft`, `outbox`, `journal`: files on their way to the landing zone.
- `connection`: errors without secrets. `probe`: checks for `lakehouse doctor`. `legacy`: a sample
  legacy database.

Dagster's job and sensor do not belong here: see `orchestration.extraction`.
"""

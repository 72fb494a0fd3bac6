"""Declare tables: what a domain writes to describe its datasets, tables and contracts.

- `source`: `Source`, one dataset that lands as CSV files, with its raw and bronze table;
  `csv_format`: columns and dialect of the files; `provenance`: columns of every bronze row.
- `declare`: the decorators `bronze`, `silver`, `gold` and `gold_as_of`; `as_of`: what the last one
  adds; `table`: the declared `Table`, its options and read scopes; `contract`: columns, key and
  rules of a table, from its Pandera model; `layers`: which layer may read which; `expressions`:
  Ibis expressions that tables share.
- `domain_spec`: the specification of a domain; `domains` finds the domains by their folders;
  `registry` loads a domain with all of its tables.
- `lineage`: the origin of each column.
- `ops_model`, `ops_tables`, `deliveries_model`: the tables that the platform itself writes;
  `upgrade`: lakes written before version 0.2.0.

Not here: reading, computing or storing rows (`ingestion`, `transform`, `storage`), and the tables
of a domain (`lakehouse.domains`).
"""

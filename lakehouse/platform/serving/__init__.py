"""Serve the tables to people and programs outside of the platform.

- `sql_catalog`: read-only SQL over all tables and ops tables of the lake.
- `exports` and `export_writing`: declared files in the layout of a domain's original systems.
- `warehouse`: published tables of a domain in PostgreSQL.

Nothing here writes into the lake. The declarations (which files, which tables, which views) are in
the folder of each domain.
"""

"""Ingest delivered files: from the landing zone to the raw and bronze tables.

In the order of the data's way:

- ``paths``: recognize a file by its path: dataset, delivery day, unit.
- ``listing``, ``landing_zone``: walk a domain's folder, read a listed file safely.
- ``sweep``: which days a sensor tick lists.
- ``csv``: read a file into rows and unparsable lines.
- ``deliveries``: the raw tables, with one row per received file, and which version is current.
- ``ingest``: from listed files to committed raw and bronze tables.
- ``snapshots``: what ingestion needs of a database that delivers reference tables.
- ``errors``: errors of the landing zone.

How a source's files look is declared in ``tables``. Computing silver and gold from bronze belongs
in ``transform``, deciding which days run in ``orchestration``.
"""

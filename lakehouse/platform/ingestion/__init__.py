"""Ingest delivered files: from the landing zone to the raw and bronze tables.

In the order in which a file passes them:

- ``paths``: recognize a file by its path: dataset, delivery day, unit.
- ``listing``, ``landing_zone``: walk a domain's folder, read a listed file safely.
- ``sweep``: which days a sensor tick lists.
- ``deliveries``: read the raw tables, which have one row per received file.
- ``unrecognized_files``: record files that match no dataset.
- ``ingest``: from listed files to committed tables, with ``intake`` as its input. It calls
  ``read_files`` (read new files), ``kept_files`` (keep their bytes), ``read_day`` (read a day's
  files again from these bytes), ``csv`` (the CSV reader), ``versions`` (which version of a delivery
  is current), ``bronze_rows`` (rows of a day) and ``conflicts`` (repeat after a lost race).
- ``snapshots``: what ingestion needs of a database that delivers reference tables.
- ``errors``: errors of the landing zone.

How a source's files look is declared in ``tables``. Computing silver and gold from bronze belongs
in ``transform``, deciding which days run in ``orchestration``.
"""

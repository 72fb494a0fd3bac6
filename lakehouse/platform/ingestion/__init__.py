"""Ingest delivered files: from the landing zone to the raw and bronze tables.

In the order in which a file passes them:

- ``paths``: recognize a file by its path: dataset, delivery day, unit.
- ``listing``, ``landing_zone``: walk a domain's folder, read a listed file safely.
- ``sweep``: which days a sensor tick lists.
- ``deliveries``: read the raw tables, which have one row per received file.
- ``unrecognized_files``: record files that match no dataset.
- ``ingest``: from listed files to committed tables, with ``intake`` as its input. It decides with
  ``read_files`` (which files are new), ``versions`` (which version of a delivery is current) and
  ``conflicts`` (repeat after a lost race), and has the work done by ``workers``: threads of this
  process, or executors of a cluster.
- ``keep_files``, ``read_listed``, ``kept_files``: read listed files and keep their bytes.
- ``write_day``, ``large_days``: write the tables of a delivery day from kept bytes, with
  ``read_day``, ``csv`` (the CSV reader), ``bronze_rows`` and ``bronze_tables``.
- ``portions``: cut the work on many files.
- ``snapshots``: what ingestion needs of a database that delivers reference tables.
- ``errors``: errors of the landing zone.

How a source's files look is declared in ``tables``. Computing silver and gold from bronze belongs
in ``transform``, deciding which days run in ``orchestration``.
"""

"""Store tables as Delta Lake tables with Parquet files per day, on local disk or S3.

- `lake`: `Lake`, all tables below one root; `table_id`: names of tables.
- `published`: which version of each table of a domain is shown to readers.
- `delta_table`: `LakeTable`, the interface for reading and changing one table. Its work is done in
  `snapshot` and `reading`, `staging` and `commit`, `history` (with rollback) and `maintenance`
  (vacuum, checkpoints); `location` opens the log and the files; `errors` has the exceptions.
- `file_names`: digest and order of a day's files in their names; `day_rows`: rows cut into days.
- `parquet`: encoding, statistics and types of the files.
- `object_store`: the interface of files below one root; `disk` and `s3` implement it, and
  `s3_access` gives boto3, delta-rs and DuckDB their credentials.

Not here: which rows belong to a day (`transform`), and what delivered files mean (`ingestion`).
"""

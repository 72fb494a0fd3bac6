"""Compute the days of a table from its upstream tables, validate the rows and stage the result.

- `stage`: the entry point `stage_days`; computes window by window and writes files, without a
  commit.
- `inputs`: upstream snapshots, read scopes and windows of days.
- `snapshots`: days of a snapshot table, with rows of later snapshots that other rows name.
- `slices`: parts of a day with very many rows.
- `classify`: the outcome of each delivered row, with the help of `validate` (rules of the
  contract) and `deduplicate` (conflicting rows and the winning row).
- `outcomes`, `rejections`: names of outcomes and companions, rows for quarantine;
  `quarantined_values`: their stored form, made where their files are written.
- `reference_dates`: which reference dates have to be computed again, and which are stale.
- `as_of`: which day of as-of tables has to be computed, and which days are stale.
- `days`: helpers for rows by day.

Not here: how a table is declared (`tables`), how files and commits work (`storage`), how SQL runs
(`engines`), and when a table is computed (`orchestration`).
"""

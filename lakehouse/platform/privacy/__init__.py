"""Finds persons in the lake and erases them.

Contracts declare personal columns, ``pa.Field(metadata={"personal": "identifier"})``.

- `personal_columns`: what contracts declare. `person`: which values and texts belong to a person.
- `file_content`: where a person is in the bytes of one file. `redaction`: the file without them.
- `search`: all places of a person, from `search_files` and `search_tables`. A search works with a
  `scope` and returns `findings`. `known_ids`: the ids of a person in each domain.
- `marks`: keyed digests of erased persons, by which later deliveries are cleaned.
- `erasure`: one request from start to end: `erase_files`, `erase_kept_files`, then the tables, then
  old versions with `delta_log`. `plan` outlives a crash; `context` is shared by the steps.

Runs that rebuild tables do not belong here: the caller passes a function.
"""

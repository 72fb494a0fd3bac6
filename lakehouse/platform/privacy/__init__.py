"""Persons in the lake: where they are, and how they are taken out for good.

Contracts say which columns are personal, ``pa.Field(metadata={"personal": "identifier"})``. Start
with `persons`, then `records` (one landed file), `search`, `marks` and `erasure`.
"""

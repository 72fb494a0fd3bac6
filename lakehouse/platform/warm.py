"""Imported once by the server that run workers are forked from: what every run needs anyway.

No module of ``lakehouse.domains`` is imported here, so a run always reads the tables as they are on
disk now, edited or not.
"""

import contextlib
import importlib

LIBRARIES = (
    "dagster",
    "dagster._cli.api",
    "boto3",
    "deltalake",
    "duckdb",
    "ibis",
    "ibis.backends.duckdb",
    "pandas",
    "pandera.ibis",
    "pandera.pandas",
    "pyarrow.dataset",
    "pyarrow.parquet",
)

for library in LIBRARIES:
    with contextlib.suppress(Exception):  # a run that needs it will say what is wrong
        importlib.import_module(library)

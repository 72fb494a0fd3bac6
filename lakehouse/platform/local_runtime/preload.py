"""Imported once by the server that run workers are forked from: what every run needs anyway.

The tables are loaded here too. A worker compares the code on disk with the code that was loaded,
and loads it again when a file was edited, added or removed since: no run works with old tables.
"""

import contextlib
import importlib
import sys
from pathlib import Path

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
PACKAGE = Path(__file__).parents[2]
KEPT = (__name__, "lakehouse.platform.local_runtime.launcher")
"""Modules that are at work while a worker decides."""


def sources(package: Path = PACKAGE) -> dict[str, int]:
    """Every source file of the package, with its modification time in nanoseconds."""
    return {str(path): path.stat().st_mtime_ns for path in package.rglob("*.py")}


def forget_edited(loaded: dict[str, int], package: Path = PACKAGE) -> bool:
    """Drop the package's modules when its files are not those that were loaded; says if it did."""
    if sources(package) == loaded:
        return False
    for name in list(sys.modules):
        if (name + ".").startswith(package.name + ".") and name not in KEPT:
            del sys.modules[name]
    return True


LOADED = sources()

for library in LIBRARIES:
    with contextlib.suppress(Exception):  # a run that needs it will say what is wrong
        importlib.import_module(library)
with contextlib.suppress(Exception):  # likewise: broken tables must not stop the server
    importlib.import_module("lakehouse.definitions").defs.get_repository_def()

"""Libraries and tables that every run needs, imported once by the process that workers fork from.

A worker compares the source files on disk with those that were loaded. When a file was edited,
added or removed, the worker imports the package again, so that no run uses old code.
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
KEPT = (
    __name__,
    "lakehouse.platform.local_runtime.launcher",
    "lakehouse.platform.local_runtime.locks",
    "lakehouse.platform.local_runtime.workers",
)
"""Modules that are being executed while a worker compares the files."""


def sources(package: Path = PACKAGE) -> dict[str, int]:
    """Return the modification time, in nanoseconds, of every source file of the package."""
    return {str(path): path.stat().st_mtime_ns for path in package.rglob("*.py")}


def unload_if_edited(loaded: dict[str, int], package: Path = PACKAGE) -> bool:
    """Unload the package's modules if its files changed; return whether they did.

    Args:
        loaded: result of `sources` when the modules were imported.
        package: folder of the package.
    """
    if sources(package) == loaded:
        return False
    for name in list(sys.modules):
        if (name + ".").startswith(package.name + ".") and name not in KEPT:
            del sys.modules[name]
    return True


LOADED = sources()

for library in LIBRARIES:
    with contextlib.suppress(Exception):  # a run that needs it reports the error
        importlib.import_module(library)
with contextlib.suppress(Exception):  # a broken table must not stop the server
    importlib.import_module("lakehouse.definitions").defs.get_repository_def()

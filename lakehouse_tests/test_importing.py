"""Importing the package opens no socket, reads no clock, and no file but code and its facts."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lakehouse.platform.tables.code_facts import SHARED

WATCHED_IMPORT = textwrap.dedent(
    """
    import datetime, importlib.util, os, re, sys, time

    import dagster, dagster_pandas, deltalake, duckdb, ibis, pandas, pandera.ibis, pyarrow.dataset
    import pyarrow.parquet, rich.console, zoneinfo
    import ibis.backends.sql.datatypes, ibis.backends.duckdb, dagster._core.definitions.run_request
    zoneinfo.ZoneInfo("America/Sao_Paulo")

    seen = []

    def ours():
        frame = sys._getframe(2)
        while frame is not None:
            path = frame.f_code.co_filename
            if "/lakehouse/" in path and "site-packages" not in path:
                return True
            frame = frame.f_back
        return False

    CODE = (".py", ".pyc", ".so", ".pyi", ".typed")
    ROOT = os.path.dirname(importlib.util.find_spec("lakehouse").origin)
    PYTHON = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    EXPECTED = re.compile(
        rf".*/(?:{re.escape(PYTHON)}|[^/]+[.]dist-info/METADATA"
        r"|code/[0-9a-f]{24}/[0-9a-f]{32}(?:[.][0-9]+-[0-9a-f]{8})?|proc/self/stat)"
        rf"|{re.escape(ROOT)}/.*"
    )  # the search path of Python, versions of libraries, facts of the code, the code itself

    def watch(event, args):
        if event.startswith("socket.") and ours():
            seen.append((event, str(args[:2])))
        if event == "open" and isinstance(args[0], (str, bytes)):
            name = os.fsdecode(args[0])
            is_code = name.endswith(CODE) or ".pyc." in name or EXPECTED.fullmatch(name)
            if not is_code and ours():
                seen.append((event, name))

    def clock(name, real):
        def read(*args):
            caller = sys._getframe(1).f_code.co_filename
            if "/lakehouse/" in caller and "site-packages" not in caller:
                seen.append(("clock", name))
            return real(*args)
        return read

    for name in ("time", "time_ns", "monotonic"):
        setattr(time, name, clock(name, getattr(time, name)))

    class Watched(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            caller = sys._getframe(1).f_code.co_filename
            if "/lakehouse/" in caller and "site-packages" not in caller:
                seen.append(("clock", "now"))
            return super().now(tz)

    datetime.datetime = Watched
    sys.addaudithook(watch)
    {statement}
    print(seen)
    """
)


def noticed(statement: str, home: Path) -> str:
    """Run a statement in a process of its own, with a Dagster home; return what the watch saw."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_IMPORT.replace("{statement}", statement)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=os.environ | {"DAGSTER_HOME": str(home), SHARED: ""},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def test_importing_the_definitions_opens_code_and_its_facts_only_and_reads_no_clock(tmp_path):
    trust = "from lakehouse.platform.tables import code_digest; code_digest.loaded_since = 1e18"
    for _ in ("facts are kept", "kept facts are read"):
        assert noticed(f"{trust}; import lakehouse.definitions", tmp_path) == "[]"
    assert list(tmp_path.glob("code/*/*"))
    assert noticed("import lakehouse.definitions", tmp_path) == "[]"


def test_the_watch_detects_an_opened_file_and_a_read_clock(tmp_path):
    module = tmp_path / "lakehouse"
    module.mkdir()
    (module / "curious.py").write_text(
        f"import datetime\nopen({str(tmp_path / 'x.txt')!r}, 'w').close()\n"
        "datetime.datetime.now()\n"
    )
    found = noticed(f"sys.path.insert(0, {str(module)!r}); import curious", tmp_path)
    assert "x.txt" in found
    assert "now" in found


@pytest.mark.parametrize("module", ["orchestration.facts", "tables.provenance"])
def test_no_order_of_imports_loads_pyspark(module):
    """Pandera imports it where it is installed, unless `without_pyspark` comes first."""
    statement = f"import sys, lakehouse.platform.{module}; print('pyspark' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", statement], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"

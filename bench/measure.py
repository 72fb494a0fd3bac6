"""Measure a process: wall time, processor time and peak memory."""

import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Spent:
    """Hold seconds and megabytes of this process and the children it waited for."""

    wall: float
    cpu: float
    peak_mb: int

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(self.wall - before.wall, self.cpu - before.cpu, self.peak_mb)

    def as_json(self) -> dict[str, float]:
        return {"seconds": round(self.wall, 2), "cpu_seconds": round(self.cpu, 2)}


def spent() -> Spent:
    """Return what this process has used until now."""
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Spent(time.perf_counter(), cpu, max(own.ru_maxrss, children.ru_maxrss) // unit)


def processes(root: int) -> Iterator[int]:
    """Yield a process and everything below it."""
    yield root
    for thread in Path(f"/proc/{root}/task").glob("*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in (thread / "children").read_text().split():
                yield from processes(int(child))


def used(root: int, *, below: bool = True) -> float:
    """Return the processor seconds of a process.

    Args:
        root: number of the process.
        below: also count the processes below it, ended ones included.
    """
    ticks = 0
    for process in processes(root) if below else [root]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11 : 15 if below else 13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def child(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of the bench in a separate process; return the JSON of its last line.

    Raises:
        SystemExit: the process failed; the message has the end of its stderr.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""},
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{module} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])

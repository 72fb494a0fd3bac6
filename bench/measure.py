"""Measure a process: wall time, processor time and peak memory."""

import json
import os
import resource
import subprocess
import sys
import time
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

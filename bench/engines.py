"""Run the same deliveries with DuckDB or Spark; measure the time and memory of all processes.

    python -m bench.engines --landing LANDING --folder FOLDER --engine spark --min-rows 0
        [--master "local-cluster[2,1,1024]"]

Spark's processes are not children that a process can wait for, so the tree of processes is looked
at twice a second. Memory is the sum of resident sizes at one moment: pages that two processes share
count twice. Executors are Spark's executors and the Python processes that they start; in
``local[…]`` they share the JVM of the driver, so only their Python processes count as executors.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import ROOT, processes, used

LOOK_SECONDS = 0.5
EXECUTORS = ("CoarseGrainedExecutorBackend", "pyspark.daemon")
"""Parts of the command lines of processes that compute for a driver."""


@dataclass
class Watched:
    """What a tree of processes has used until the last look."""

    cpu: dict[int, float] = field(default_factory=dict)
    """Processor seconds of each process itself."""
    java: set[int] = field(default_factory=set)
    """Those that are Java."""
    peak_mb: Counter[str] = field(default_factory=Counter)
    """Largest sum of resident memory of the driver's processes, and of the executors'."""

    def look(self, root: int) -> None:
        """Read the figures of all processes that run."""
        sizes: Counter[str] = Counter()
        tree = list(processes(root))
        executors = {below for one in tree if _is_executor(one) for below in processes(one)}
        for process in tree:
            with contextlib.suppress(OSError):
                if Path(f"/proc/{process}/comm").read_text().strip() == "java":
                    self.java.add(process)
                self.cpu[process] = max(used(process, below=False), self.cpu.get(process, 0))
                pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
                part = "executors" if process in executors else "driver"
                sizes[part] += pages * os.sysconf("SC_PAGE_SIZE")
        for part, size in sizes.items():
            self.peak_mb[part] = max(self.peak_mb[part], size // (1 << 20))


def _is_executor(process: int) -> bool:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{process}/cmdline").read_text().split("\0")
        return any(word.endswith(EXECUTORS) for word in words)
    return False


def watched(arguments: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Run a module of the bench; return the JSON of its last line and what its processes used.

    Raises:
        SystemExit: the process failed; the message has the end of its stderr.
    """
    found = Watched()
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
    ) as process:
        while True:
            found.look(process.pid)
            try:
                out, err = process.communicate(timeout=LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            break
    if process.returncode:
        written = "\n".join(line for line in err.splitlines() if not line.startswith("\tat "))
        raise SystemExit(f"{arguments[0]} failed:\n{written[-6000:]}")
    figures: dict[str, Any] = json.loads(out.splitlines()[-1])
    cpu = sum(found.cpu.values()) - figures.pop("import_cpu_seconds")
    return figures | {
        "cpu_seconds": round(cpu, 2),
        "java_cpu_seconds": round(sum(found.cpu[process] for process in found.java), 2),
        "driver_mb": found.peak_mb["driver"],
        "executors_mb": found.peak_mb["executors"],
    }


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.engines", description=__doc__)
    words.add_argument("--landing", required=True)
    words.add_argument("--folder", type=Path, required=True, help="gets the lake")
    words.add_argument("--engine", default="duckdb")
    words.add_argument("--min-rows", type=int, default=0)
    words.add_argument("--master", default="local[2]")
    given = words.parse_args()
    begun = time.perf_counter()
    figures = watched(
        [
            "bench.all_due",
            *("--landing", given.landing, "--lake", str(given.folder / "lake")),
            *("--home", str(given.folder / "home")),
        ],
        {
            "LAKEHOUSE_ENGINE": given.engine,
            "LAKEHOUSE_SPARK_MIN_ROWS": str(given.min_rows),
            "LAKEHOUSE_SPARK_MASTER": given.master,
        },
    )
    print(json.dumps(figures | {"whole_seconds": round(time.perf_counter() - begun, 2)}))


if __name__ == "__main__":
    main()

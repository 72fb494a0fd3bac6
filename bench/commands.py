"""Measure commands that only look, and starts: wall and processor seconds when the code is known.

A start is the load of the definitions, beyond Dagster's own import, and `lakehouse up` until the
Dagster UI answers; its processor seconds are those of all its processes until then.

    python -m bench.commands --folder /tmp/idle

The folder is that of `bench.idle`: it holds the demo of all domains.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bench.idle import LAKEHOUSE, environment_of, start_ours
from bench.latency import free_port
from bench.measure import used

COMPLETION = {
    "_LAKEHOUSE_COMPLETE": "bash_complete",
    "COMP_WORDS": "lakehouse status --domain ",
    "COMP_CWORD": "3",
}
COMMANDS: dict[str, tuple[tuple[str, ...], float, dict[str, str]]] = {
    "status": (("status",), 1.0, {}),
    "sql, a stored table": (("sql", "from gold.mrhealth_unit_day limit 5"), 1.0, {}),
    "sql, a table on request": (("sql", "select count(*) from {on_request}"), 1.0, {}),
    "sql, an ops table": (("sql", "select count(*) from ops.deliveries"), 1.0, {}),
    "show tables": (("sql", "show tables"), 1.0, {}),
    "--help": (("--help",), 0.2, {}),
    "completion": ((), 0.2, COMPLETION),
}
"""Name → arguments, goal in seconds, variables."""
TIMES = 3
DEFINITIONS, UP = "definitions, beyond Dagster's import", "up, until the Dagster UI answers"
DEFINITIONS_GOAL, UP_GOAL = 1.5, 10.0


def spent(
    arguments: tuple[str, ...], environment: dict[str, str], program: str = LAKEHOUSE
) -> tuple[float, float]:
    """Run a command; return its wall and processor seconds."""
    start = time.perf_counter()
    before = os.times()
    done = subprocess.run(
        [program, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    after = os.times()
    if done.returncode:
        raise SystemExit(f"{program} {' '.join(arguments)} failed: {done.stderr.decode()[-500:]}")
    cpu = after.children_user + after.children_system
    return time.perf_counter() - start, cpu - before.children_user - before.children_system


def load_of_definitions(environment: dict[str, str]) -> tuple[float, float]:
    """Return wall and processor seconds of loading the definitions, without importing Dagster."""
    ours, dagster = (
        [spent(("-c", f"import {module}"), environment, sys.executable) for _ in range(TIMES + 1)]
        for module in ("lakehouse.definitions", "dagster")
    )
    wall, cpu = (
        min(one) - min(other)
        for one, other in zip(
            zip(*ours[1:], strict=True), zip(*dagster[1:], strict=True), strict=True
        )
    )
    return wall, cpu


def start_of_services(demo: Path) -> tuple[float, float]:
    """Return wall and processor seconds from `lakehouse up` until the Dagster UI answers."""
    port = free_port()
    begun = time.perf_counter()
    service = start_ours(demo, port)
    found = time.perf_counter() - begun, used(service.pid)
    service.send_signal(signal.SIGINT)
    service.wait(60)
    return found


def on_request() -> str:
    """Return the name of a table that each query computes."""
    from lakehouse.platform.tables.registry import load_domains

    for domain in load_domains():
        for table in domain.tables:
            if table.options.on_request:
                return table.id.name
    raise SystemExit("no table is made on request")


def measured(demo: Path) -> dict[str, dict[str, float]]:
    """Return for each command and start the shortest times; the first call is not counted."""
    found = {}
    name = on_request()
    for case, (arguments, goal, variables) in COMMANDS.items():
        words = tuple(word.replace("{on_request}", name) for word in arguments)
        looks = [spent(words, environment_of(demo) | variables) for _ in range(TIMES + 1)][1:]
        wall, cpu = (min(each) for each in zip(*looks, strict=True))
        found[case] = {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2), "goal": goal}
    starts = [start_of_services(demo) for _ in range(TIMES)]
    for case, goal, (wall, cpu) in (
        (DEFINITIONS, DEFINITIONS_GOAL, load_of_definitions(environment_of(demo))),
        (UP, UP_GOAL, min(starts)),
    ):
        found[case] = {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2), "goal": goal}
    return found


def main() -> None:
    """Print the figures as JSON."""
    words = argparse.ArgumentParser(prog="bench.commands", description=__doc__)
    words.add_argument("--folder", type=Path, required=True)
    print(json.dumps(measured(words.parse_args().folder / "demo")))


if __name__ == "__main__":
    main()

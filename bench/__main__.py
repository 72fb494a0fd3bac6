"""Compare the platform with bare DuckDB, pandas day by day and empty Dagster runs.

    python -m bench [--quick | --full] [--json FILE] [--only large,small,load | dashboard …]

Every measurement is a separate process, one after the other. Ratios are given in wall time and in
processor seconds; on a shared machine only the latter are meaningful.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.figures import Line
from bench.parts import pipeline, scale, service, tables
from bench.sizes import SIZES, Size

PARTS: dict[str, Callable[[Size], Iterator[Any]]] = {
    "large": pipeline.large,
    "small": pipeline.small,
    "load": service.load,
    "listing": service.listing,
    "history": service.history,
    "latency": service.latency,
    "idle": service.idle,
    "book": tables.book,
    "pollution": tables.pollution,
    "forecast": tables.forecast,
    "purchases": tables.purchases,
    "risk": tables.risk,
    "dashboard": service.dashboard,
    "engines": scale.engines,
    "growth": scale.growth,
}


def shown(line: Line) -> str:
    cpu = "" if line.cpu is None else f"{line.cpu:,g}"
    met = {None: "", True: "met", False: "missed"}[line.met]
    return f"{line.case:28} {line.what:36} {line.reached:>10,g} {cpu:>10} {line.goal:>8} {met}"


def main() -> None:
    words = argparse.ArgumentParser(prog="bench", description=__doc__)
    words.add_argument("--quick", action="store_true", help="small sizes; some minutes")
    words.add_argument("--full", action="store_true", help="the sizes of the goals; hours")
    words.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    words.add_argument("parts", nargs="*", help="the same, as words")
    words.add_argument("--json", type=Path, help="write every figure into this file")
    given = words.parse_args()
    size = SIZES["full" if given.full else "quick" if given.quick else "default"]
    print(f"{'case':28} {'what':36} {'wall':>10} {'processor':>10} {'goal':>8}")
    figures: list[dict[str, Any]] = []
    for part in given.parts or given.only.split(","):
        for found in PARTS[part](size):
            if isinstance(found, Line):
                print(shown(found), flush=True)
                figures.append(asdict(found))
            else:
                figures.append(found)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

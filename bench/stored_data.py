"""Measure the share of the machine that the comparison of stored data takes.

    python -m bench.stored_data --root /tmp/lake

The comparison of each domain runs in steps as long as those of the service, until every file of the
lake was compared once. The share is the processor time of a step divided by what all cores of the
machine offer between two steps; it is given for all domains together. On a busy machine a step gets
less processor time than its length, so the share that it can have at most is given beside it.
"""

import argparse
import json
import os

from bench.measure import spent
from lakehouse.platform.orchestration.stored_data_sensor import INTERVAL, SECONDS
from lakehouse.platform.reconciliation.rolling import compare_next
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain, load_domains

HOURS_A_DAY = 24


def round_of(domain: Domain, lake: Lake) -> dict[str, float]:
    """Return what comparing every file of a domain once takes."""
    before, position, steps, files = spent(), "", 0, 0
    while steps == 0 or position:
        step = compare_next(domain, lake, position, seconds=SECONDS)
        position, steps, files = step.position, steps + 1, files + step.compared
    cpu = (spent() - before).cpu
    return {
        "files": files,
        "steps": steps,
        "cpu_seconds_of_a_step": round(cpu / steps, 2),
        "cpu_seconds_of_1000_files": round(1000 * cpu / files, 2) if files else 0.0,
        "hours_of_a_round": round(steps * INTERVAL / 3600, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="a lake; what was compared is noted in it")
    options = parser.parse_args()
    lake = Lake(options.root)
    rounds = {domain.name: round_of(domain, lake) for domain in load_domains()}
    cpu = sum(each["cpu_seconds_of_a_step"] for each in rounds.values())
    cores = os.cpu_count() or 1
    found = {
        **rounds,
        "cores": cores,
        "share_of_machine_pct": round(100 * cpu / (INTERVAL * cores), 2),
        "most_share_of_machine_pct": round(100 * SECONDS * len(rounds) / (INTERVAL * cores), 2),
        "all_within_a_day": all(r["hours_of_a_round"] <= HOURS_A_DAY for r in rounds.values()),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

"""Measure the service when nothing happens, beside stock Dagster with eight empty sensors.

    python -m bench.idle --folder /tmp/idle --units 50 --days 1000 --seconds 600

The lake holds the demo of all domains with two files per unit and day. Both services run at the
same time; the processor seconds of all their processes are counted after everything is loaded.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench.latency import free_port
from bench.measure import size_of, used
from lakehouse.platform.orchestration.exclusive_runs import IN_PROGRESS

LAKEHOUSE = str(Path(sys.executable).with_name("lakehouse"))

STOCK = """
import dagster as dg


def empty(n):
    @dg.sensor(
        name=f"empty_{n}",
        minimum_interval_seconds=5,
        default_status=dg.DefaultSensorStatus.RUNNING,
        target=None,
    )
    def nothing(context):
        return dg.SkipReason("nothing")

    return nothing


defs = dg.Definitions(sensors=[empty(n) for n in range(8)])
"""
START_SECONDS = 300.0
SETTLE_SECONDS = 90.0
"""How long both services run before they are measured: loading, and runs that are due."""
MOST_SETTLE_SECONDS = 1200.0


def wait_until(ready: Callable[[], bool], service: "subprocess.Popen[bytes]", limit: float) -> None:
    end = time.monotonic() + limit
    while not ready():
        if service.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"a service did not become ready (exit code {service.poll()})")
        time.sleep(0.2)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def start_ours(demo: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start `lakehouse up` over a demo's folder; return it when its web server answers."""
    service = subprocess.Popen(
        [LAKEHOUSE, "up", "--port", str(port)],
        env=environment_of(demo),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: answers(port), service, START_SECONDS)
    return service


def environment_of(demo: Path) -> dict[str, str]:
    """Return the environment in which commands use a demo's folder."""
    return {
        **os.environ,
        "LAKEHOUSE_ROOT": str(demo / "lake"),
        "LAKEHOUSE_LANDING": str(demo / "landing"),
        "DAGSTER_HOME": str(demo / "dagster"),
    }


def start_stock(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start stock Dagster with eight sensors that find nothing, each every five seconds."""
    home = folder / "stock"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    (home / "empty.py").write_text(STOCK)
    service = subprocess.Popen(
        [sys.executable, "-m", "dagster", "dev", "-f", "empty.py", "-p", str(port)],
        cwd=home,
        env={**os.environ, "DAGSTER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: answers(port), service, START_SECONDS)
    return service


def settle(demo: Path) -> None:
    """Wait until no run was begun for a while."""
    import dagster as dg

    end = time.monotonic() + MOST_SETTLE_SECONDS
    quiet_since = time.monotonic()
    with dg.DagsterInstance.from_config(str(demo / "dagster")) as instance:
        while time.monotonic() < min(end, quiet_since + SETTLE_SECONDS):
            time.sleep(2)
            if instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS)):
                quiet_since = time.monotonic()


def measured(folder: Path, units: int, days: int, seconds: float) -> dict[str, float]:
    demo = folder / "demo"
    if not demo.exists():
        subprocess.run(
            [LAKEHOUSE, "demo", "--into", demo, "--units", str(units), "--days", str(days)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    port = free_port()
    begun = time.perf_counter()
    ours = start_ours(demo, port)
    answered = time.perf_counter() - begun
    stock = start_stock(folder, free_port())
    os.environ["DAGSTER_HOME"] = str(demo / "dagster")
    try:
        settle(demo)
        before = used(ours.pid), used(stock.pid), size_of(demo / "dagster")
        start = time.perf_counter()
        time.sleep(seconds)
        took = time.perf_counter() - start
        after = used(ours.pid), used(stock.pid), size_of(demo / "dagster")
    finally:
        for service in (ours, stock):
            service.send_signal(signal.SIGINT)
        for service in (ours, stock):
            try:
                service.wait(60)
            except subprocess.TimeoutExpired:  # on a busy machine; stock Dagster has children
                os.killpg(service.pid, signal.SIGKILL)
    return {
        "files": sum(1 for path in (demo / "landing").rglob("*") if path.is_file()),
        "answers_after_seconds": round(answered, 1),
        "seconds": round(took),
        "percent": round(100 * (after[0] - before[0]) / took, 1),
        "stock_percent": round(100 * (after[1] - before[1]) / took, 1),
        "home_kb_an_hour": round((after[2] - before[2]) / 1024 * 3600 / took),
    }


def main() -> None:
    """Print the figures as JSON."""
    words = argparse.ArgumentParser(prog="bench.idle", description=__doc__)
    words.add_argument("--folder", type=Path, required=True)
    words.add_argument("--units", type=int, default=50)
    words.add_argument("--days", type=int, default=15)
    words.add_argument("--seconds", type=float, default=600)
    given = words.parse_args()
    print(json.dumps(measured(given.folder, given.units, given.days, given.seconds)))


if __name__ == "__main__":
    main()

"""Start the real services on a free port, and read their runs from the Dagster UI."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS, STOP_SECONDS, RUN_SECONDS = 180, 60, 180
SERVE = (
    "import sys, pathlib; from lakehouse.platform.local_runtime.services import serve;"
    " serve('127.0.0.1', int(sys.argv[1]), pathlib.Path(sys.argv[2]))"
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_OPTIONS = (  # no sandbox, no calls to other servers
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RUNS = (
    "{ runsOrError(limit: 50) { ... on Runs { results {"
    " runId status jobName tags { key value } assetSelection { path } } } } }"
)


def browser() -> str | None:
    """Return the path of a Chromium on this machine; None when there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run as the Dagster UI reports it."""

    id: str
    job: str
    status: str
    tags: dict[str, str]
    assets: tuple[str, ...]

    @property
    def days(self) -> tuple[str, str]:
        """Return the first and the last day of the run."""
        partition = self.tags.get("dagster/partition", "")
        return (
            self.tags.get("dagster/asset_partition_range_start", partition),
            self.tags.get("dagster/asset_partition_range_end", partition),
        )


@dataclass(frozen=True, kw_only=True)
class DagsterUI:
    """Running services and the folders that they use."""

    url: str
    home: Path
    lake: Path
    landing: Path

    def runs(self) -> list[Run]:
        """Return all runs, newest first."""
        request = urllib.request.Request(
            f"{self.url}/graphql",
            data=json.dumps({"query": RUNS}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.load(answer)["data"]["runsOrError"]["results"]
        return [
            Run(
                id=run["runId"],
                job=run["jobName"],
                status=run["status"],
                tags={tag["key"]: tag["value"] for tag in run["tags"]},
                assets=tuple("/".join(key["path"]) for key in run["assetSelection"] or ()),
            )
            for run in found
        ]

    def finished_run(self, matches: Callable[[Run], bool]) -> Run:
        """Wait until a run that matches has finished, and return it."""

        def find() -> Run | None:
            statuses = ("SUCCESS", "FAILURE", "CANCELED")
            return next((r for r in self.runs() if matches(r) and r.status in statuses), None)

        return wait_for(find, RUN_SECONDS, lambda: f"no such run finished: {self.runs()}")


def wait_for(ask: Callable[[], Any], seconds: float, problem: Callable[[], str]) -> Any:
    """Return the first true answer; fail with ``problem`` after this many seconds."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, problem()
        time.sleep(0.3)
    return answer


@contextmanager
def served(folder: Path) -> Iterator[DagsterUI]:
    """Run `serve` in its own process; after SIGTERM all of its processes must have ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ui = DagsterUI(
        url=f"http://127.0.0.1:{port}",
        home=folder / "home",
        lake=folder / "lake",
        landing=folder / "landing",
    )
    ui.landing.mkdir()
    prefixes = ("LAKEHOUSE_", "DAGSTER_", "AWS_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(prefixes)} | {
        "LAKEHOUSE_SILENCE_DAYS": "0",
        "LAKEHOUSE_ROOT": str(ui.lake),
        "LAKEHOUSE_LANDING": str(ui.landing),
        "DAGSTER_HOME": str(ui.home),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    output = folder / "serve.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(port), str(ui.home)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(
            lambda: process.poll() is not None or ui.url in output.read_text(),
            START_SECONDS,
            output.read_text,
        )
        assert process.poll() is None, output.read_text()
        yield ui
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0, output.read_text()
        assert not processes_of(ui.home), "processes are left after SIGTERM"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for process_id in processes_of(ui.home):
            os.kill(process_id, signal.SIGKILL)


def processes_of(home: Path) -> list[int]:
    """Return the processes that use a Dagster home."""
    listed = subprocess.run(
        ["ps", "axeww", "-o", "pid=,command="], check=True, capture_output=True, text=True
    )
    return [
        int(line.split(maxsplit=1)[0])
        for line in listed.stdout.splitlines()
        if f"DAGSTER_HOME={home} " in f"{line} "
    ]

"""The real services on a free port, their runs as the Dagster UI tells them, and a browser's way through."""

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
QUIET = (  # nothing but the page: no sandbox of its own, no call to anyone
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
    """The program of a Chromium on this machine."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run as the Dagster UI tells it."""

    id: str
    job: str
    status: str
    tags: dict[str, str]
    assets: tuple[str, ...]

    @property
    def days(self) -> tuple[str, str]:
        """First and last day."""
        one = self.tags.get("dagster/partition", "")
        return (
            self.tags.get("dagster/asset_partition_range_start", one),
            self.tags.get("dagster/asset_partition_range_end", one),
        )


@dataclass(frozen=True, kw_only=True)
class DagsterUI:
    """Services that run, and where they keep their things."""

    url: str
    home: Path
    lake: Path
    landing: Path

    def runs(self) -> list[Run]:
        """Every run there is, newest first."""
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

    def ended(self, wanted: Callable[[Run], bool]) -> Run:
        """Wait until a run that is wanted has ended."""

        def found() -> Run | None:
            ends = ("SUCCESS", "FAILURE", "CANCELED")
            return next((r for r in self.runs() if wanted(r) and r.status in ends), None)

        return until(found, RUN_SECONDS, lambda: f"no such run ended; there are {self.runs()}")


def until(ask: Callable[[], Any], seconds: float, why: Callable[[], str]) -> Any:
    """The first true answer; fails with `why` after so many seconds."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, why()
        time.sleep(0.3)
    return answer


@contextmanager
def served(folder: Path) -> Iterator[DagsterUI]:
    """`serve()` in a process of its own; when it was asked to stop, nothing of it is left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dagit = DagsterUI(
        url=f"http://127.0.0.1:{port}",
        home=folder / "home",
        lake=folder / "lake",
        landing=folder / "landing",
    )
    dagit.landing.mkdir()
    ours = ("LAKEHOUSE_", "DAGSTER_", "AWS_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)} | {
        "LAKEHOUSE_ROOT": str(dagit.lake),
        "LAKEHOUSE_LANDING": str(dagit.landing),
        "DAGSTER_HOME": str(dagit.home),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    said = folder / "serve.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(port), str(dagit.home)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until(
            lambda: process.poll() is not None or dagit.url in said.read_text(),
            START_SECONDS,
            said.read_text,
        )
        assert process.poll() is None, said.read_text()
        yield dagit
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0, said.read_text()
        assert not left(dagit.home), "services outlive the order to stop"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for number in left(dagit.home):
            os.kill(number, signal.SIGKILL)


def left(home: Path) -> list[int]:
    """Processes that work on a Dagster home."""
    listed = subprocess.run(
        ["ps", "axeww", "-o", "pid=,command="], check=True, capture_output=True, text=True
    )
    return [
        int(line.split(maxsplit=1)[0])
        for line in listed.stdout.splitlines()
        if f"DAGSTER_HOME={home} " in f"{line} "
    ]

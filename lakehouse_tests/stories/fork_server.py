"""Runs test functions in processes that are forked from one with the code location loaded.

Loading the code location takes seconds, a fork takes milliseconds. The code location also has the
domains of ``stories/domains``.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOMAINS = str(HERE / "domains")
LIBRARIES = ("boto3", "duckdb", "deltalake", "ibis.backends.duckdb", "pyarrow.dataset")


class ForkServer:
    """Starts functions of test modules, each in a process of its own."""

    def __init__(self, server: "subprocess.Popen[str]") -> None:
        self._server = server

    def start(self, task: Callable[..., Any], *arguments: str, **environment: str) -> int:
        """Start a function with this environment and the given variables; return its process id."""
        request = {
            "task": f"{task.__module__}:{task.__name__}",
            "arguments": arguments,
            "environment": dict(os.environ) | environment,
        }
        return self._ask(request)

    def wait(self, pid: int) -> int:
        """Wait for a process and return its exit status, negative for a signal."""
        return self._ask({"wait": pid})

    def run(self, task: Callable[..., Any], *arguments: str, **environment: str) -> int:
        """Run a function and return its exit status."""
        return self.wait(self.start(task, *arguments, **environment))

    def _ask(self, request: dict[str, Any]) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@contextmanager
def fork_server() -> Iterator[ForkServer]:
    """Run a fork server for the length of the block."""
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "lakehouse_tests.stories.fork_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parents[1],
    )
    try:
        yield ForkServer(server)
    finally:
        server.kill()
        server.communicate()


def _serve() -> None:
    import lakehouse.domains

    lakehouse.domains.__path__.append(DOMAINS)
    for library in (*LIBRARIES, "lakehouse.definitions"):
        importlib.import_module(library)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                _run(request)
        print(answer, file=answers, flush=True)


def _run(request: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(request["environment"])
    module, _, name = request["task"].partition(":")
    try:
        getattr(importlib.import_module(module), name)(*request["arguments"])
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    _serve()

"""Processes for stories, forked from one that has loaded the code location and done nothing else.

Loading it costs seconds; a fork costs milliseconds. The code location here has the systems of
``stories/domains`` too, found by the platform as those of the package are.
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


class Nursery:
    """Starts functions of test modules in processes of their own."""

    def __init__(self, server: "subprocess.Popen[str]") -> None:
        self._server = server

    def start(self, task: Callable[..., Any], *arguments: str, **environment: str) -> int:
        """Start a function with this process's environment and what is given; its process id."""
        asked = {
            "task": f"{task.__module__}:{task.__name__}",
            "arguments": arguments,
            "environment": dict(os.environ) | environment,
        }
        return self._ask(asked)

    def ended(self, pid: int) -> int:
        """Exit status of a process, negative for a signal."""
        return self._ask({"wait": pid})

    def run(self, task: Callable[..., Any], *arguments: str, **environment: str) -> int:
        """Start a function, wait for its end; its exit status."""
        return self.ended(self.start(task, *arguments, **environment))

    def _ask(self, what: dict[str, Any]) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(what) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@contextmanager
def nursery() -> Iterator[Nursery]:
    """A nursery, which ends with its processes."""
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "lakehouse_tests.stories.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parents[1],
    )
    try:
        yield Nursery(server)
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
        asked = json.loads(line)
        if "wait" in asked:
            answer = os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                _run(asked)
        print(answer, file=answers, flush=True)


def _run(asked: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(asked["environment"])
    module, _, name = asked["task"].partition(":")
    try:
        getattr(importlib.import_module(module), name)(*asked["arguments"])
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    _serve()

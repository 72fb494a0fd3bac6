"""Dagster's web server behind the guard.

``python -m lakehouse.platform.local_runtime.webserver`` takes the arguments of
``dagster-webserver``; ``--after SOCKET`` in front of them waits, with all libraries imported, until
the code server of the workspace answers there. The application that it starts is wrapped in
`Guard`, and the address of a client is that of the connection: headers such as ``X-Forwarded-For``
do not change it.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from lakehouse.platform.local_runtime.services import answers_grpc
from lakehouse.platform.web.access import policy_of
from lakehouse.platform.web.guard import Guard, Policy
from lakehouse.settings import Settings

RUNS_WHAT_IT_IS_SENT = frozenset({"/graphql"})
AFTER = "--after"
POLL_SECONDS = 0.1
HEALTH = frozenset({"/server_info"})
"""Versions of Dagster alone; `lakehouse up` asks it whether the server is ready."""


def main() -> None:
    """Serve the Dagster UI until the process is interrupted."""
    os.umask(0o077)
    import uvicorn
    from dagster_webserver.cli import dagster_webserver

    arguments = sys.argv[1:]
    if arguments[:1] == [AFTER]:
        _wait_for(Path(arguments[1]))
        arguments = arguments[2:]
    host = dagster_webserver.make_context("webserver", list(arguments)).params["host"]
    policy = policy_of(Settings.from_env(), host)
    run = uvicorn.run

    def run_guarded(app: Any, **options: Any) -> None:
        run(guarded(app, policy), **options, proxy_headers=False, server_header=False)

    uvicorn.run = run_guarded
    dagster_webserver(prog_name="lakehouse webserver", args=arguments)


def _wait_for(code_socket: Path) -> None:
    """Wait until a code server answers; whoever started this process ends it if none does."""
    while not answers_grpc(code_socket):
        time.sleep(POLL_SECONDS)


def guarded(app: Any, policy: Policy) -> Guard:
    """Return the Dagster UI behind the guard."""
    return Guard(
        app=app,
        policy=policy,
        post_only=RUNS_WHAT_IT_IS_SENT,
        without_login=HEALTH,
        without_readers=True,
    )


if __name__ == "__main__":
    main()

"""Runs one service: ``python -m …child [--verbose] <home> <name> <module> <arguments>``.

The service holds its lock file while it runs, ends when `lakehouse up` ends, and logs only
what is new (`only_news`).
"""

import os
import runpy
import sys
from pathlib import Path

from lakehouse.platform.local_runtime import lifeline
from lakehouse.platform.local_runtime.locks import hold
from lakehouse.platform.local_runtime.only_news import NOTICE, keep_small
from lakehouse.platform.local_runtime.service_state import lock_path, service_path


def main(arguments: list[str]) -> None:
    """Run the service until it ends or `lakehouse up` ends."""
    verbose = arguments[0] == "--verbose"
    home, name, module, *rest = arguments[1:] if verbose else arguments
    lock = lock_path(Path(home))
    os.environ[lifeline.VARIABLE] = str(lock)
    lifeline.end_with_parent_process()
    lifeline.end_with(lock, group=True)
    if not verbose:
        keep_small(lambda text: print(f"{NOTICE}{text}", flush=True))
    with hold(service_path(Path(home), name)):
        sys.argv = [module, *rest]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""End a command soon after Ctrl-C or SIGTERM, whatever its main thread is waiting for.

Python calls signal handlers in the main thread, which may be inside a long query, and Dagster
replaces them while a run executes. A thread of its own therefore learns of the signal and ends the
process. Every commit is atomic, so that is as safe as a power cut.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lakehouse.cli.messages import inform

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
SECONDS = 4.0
"""How long `on_interrupt` may take before the process ends without it."""
SECONDS_OF_A_PART = 3.0
"""The same for a process that another one waits for, which is interrupted as well."""
SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def interruptible(on_interrupt: Callable[[], None], *, is_part: bool = False) -> Iterator[None]:
    """End the process when Ctrl-C is pressed (exit code 130) or at SIGTERM (143) during the block.

    Args:
        on_interrupt: called once, in another thread, before the process ends. A second signal ends
            the process at once.
        is_part: whether this process works for another one, which prints that it was interrupted.
    """
    in_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    if not in_main or before[signal.SIGINT] is signal.SIG_IGN:
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    for number in SIGNALS:
        signal.signal(number, lambda *_: None)
    earlier = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading, on_interrupt, is_part), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(earlier)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writing)


def _watch(reading: int, on_interrupt: Callable[[], None], is_part: bool) -> None:
    """Wait for the first signal, then end the process; the end of the pipe ends the thread."""
    is_first = True
    while received := os.read(reading, 64):
        for number in filter(SIGNALS.__contains__, received):
            if not is_first:
                os._exit(128 + number)
            is_first = False
            threading.Thread(target=_end, args=(on_interrupt, number, is_part), daemon=True).start()
    os.close(reading)


def _end(on_interrupt: Callable[[], None], number: int, is_part: bool) -> None:
    last = threading.Thread(target=on_interrupt, daemon=True)
    last.start()
    last.join(SECONDS_OF_A_PART if is_part else SECONDS)
    if not is_part:
        shown = SHOW_CURSOR if sys.stderr.isatty() else ""
        inform(f"{shown}interrupted: nothing is half stored; repeat the command to continue")
    sys.stdout.flush()
    os._exit(128 + number)

"""Pause the garbage collector while modules are imported that stay as long as the process."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def lasting_objects() -> Iterator[None]:
    """Look for no garbage during the block, nor later among the objects that it leaves.

    Imports make a million objects that stay. The collector would look at them again and again, and
    once more when the process ends; a fork would copy the memory that it marks.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()

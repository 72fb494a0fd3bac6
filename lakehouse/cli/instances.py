"""Open the Dagster instance of a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.cli.messages import CommandError
from lakehouse.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


@contextmanager
def instance_of(settings: Settings) -> "Iterator[dg.DagsterInstance]":
    """Open the Dagster instance of these settings and close it at the end."""
    import warnings

    from lakehouse.platform.local_runtime.instance import prepare_instance

    warnings.filterwarnings("ignore", module="dagster")
    require_writable(str(settings.home), "DAGSTER_HOME")
    instance = prepare_instance(settings.home, settings.runtime)
    try:
        yield instance
    finally:
        instance.dispose()


@contextmanager
def interruptible_instance(
    settings: Settings, *, is_part: bool = False
) -> "Iterator[dg.DagsterInstance]":
    """Open the Dagster instance; Ctrl-C cancels the run of the block and ends the process.

    Args:
        settings: places of the instance and the lake.
        is_part: whether this process works for another one, which prints that it was interrupted.
    """
    from lakehouse.cli.interrupts import interruptible
    from lakehouse.platform.orchestration.local_runs import cancel_interrupted

    require_writable(settings.root, "LAKEHOUSE_ROOT")
    with (
        instance_of(settings) as instance,
        interruptible(lambda: cancel_interrupted(instance), is_part=is_part),
    ):
        yield instance


def require_writable(uri: str, variable: str) -> None:
    """Require that a local root is a folder that this user can write, or can be created."""
    from lakehouse.platform.storage.disk import DiskStore
    from lakehouse.platform.storage.object_store import ObjectStore

    store = ObjectStore.at(uri)
    if not isinstance(store, DiskStore):
        return
    folder = Path(store.uri)
    place = next(each for each in (folder, *folder.parents) if each.exists())
    if not place.is_dir():
        raise CommandError(f"{variable} is {uri!r}: {place} is not a folder", f"correct {variable}")
    if not os.access(place, os.W_OK | os.X_OK):
        raise CommandError(
            f"{variable} is {uri!r}: {place} cannot be written",
            f"give this user write access to it, or set {variable} to another folder",
        )

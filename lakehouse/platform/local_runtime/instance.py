"""The Dagster home: where it is, and how its instance is opened."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.platform.local_runtime import configuration, runtime
from lakehouse.platform.local_runtime.locks import locked
from lakehouse.platform.local_runtime.runtime import Runtime
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

_warned: set[str] = set()


def prepare_instance(home: Path, wanted: str | None = None) -> "DagsterInstance":
    """Write the home's ``dagster.yaml`` if needed and open the instance.

    Opening it once before the services start keeps them from creating its files at the same time.
    A ``dagster.yaml`` that lakehouse wrote is renewed; an edited one is kept (see `configuration`).
    ``DAGSTER_HOME`` of this process and its children is `home` from now on. A change of the storage
    and an untested release of Dagster are reported on stderr.

    Args:
        home: Dagster's home folder; created if missing.
        wanted: `local` or `stock`; the setting ``LAKEHOUSE_RUNTIME`` when not given.
    """
    home = home.absolute()
    _write_configuration(home, usable(wanted))
    os.environ["DAGSTER_HOME"] = str(home)

    from dagster import DagsterInstance

    return DagsterInstance.from_config(str(home))


def usable(wanted: str | None = None) -> Runtime:
    """Return the runtime to use; warn once per process when it is not the wanted one.

    Args:
        wanted: `local` or `stock`; the setting ``LAKEHOUSE_RUNTIME`` when not given.
    """
    wanted = wanted or Settings.from_env().runtime
    release = runtime.installed_release()
    chosen = runtime.usable_runtime(wanted, release)
    if chosen != wanted:
        _warn_once(runtime.untested_release_warning(release))
    return chosen


def _write_configuration(home: Path, chosen: Runtime) -> None:
    """Write ``dagster.yaml`` of the home where its text is not the one that it must have."""
    path = home / "dagster.yaml"
    with locked(home):
        found = path.read_text() if path.exists() else None
        text = configuration.renewed(found, configuration.SOURCE.read_text(), chosen)
        if text == found:
            return
        draft = path.with_suffix(".draft")
        draft.write_text(text)
        draft.replace(path)
    change = configuration.storage_change(found, text) if found else None
    if change:
        _warn_once(f"{home}: {change}")


def _warn_once(message: str) -> None:
    if message not in _warned:
        _warned.add(message)
        print(f"warning: {message}", file=sys.stderr)

"""The choice between lakehouse's own storage, launcher and daemon and those of Dagster.

The local runtime uses private modules of Dagster, which may change in any release. It is therefore
used only with the releases that it was tested with.
"""

from enum import StrEnum
from importlib.metadata import version

TESTED_RELEASES = ("1.13",)
"""Dagster releases (major.minor) that the private modules in this package were tested with."""


class Runtime(StrEnum):
    """What stores and starts Dagster's runs."""

    LOCAL = "local"
    """Pooled SQLite storage, preloaded workers and a daemon with short loops, from this package."""
    STOCK = "stock"
    """Dagster's default SQLite storage, default run launcher and daemon."""


def installed_release() -> str:
    """Return the version of the installed Dagster package, such as ``1.13.27``."""
    return version("dagster")


def is_tested(release: str) -> bool:
    """Return whether the local runtime was tested with this version of Dagster.

    >>> is_tested("1.13.27"), is_tested("1.130.0")
    (True, False)
    """
    return any(release == tested or release.startswith(f"{tested}.") for tested in TESTED_RELEASES)


def usable_runtime(wanted: str, release: str) -> Runtime:
    """Return the wanted runtime, or `stock` where the local one was not tested with the release.

    Args:
        wanted: value of the setting ``LAKEHOUSE_RUNTIME``.
        release: version of the installed Dagster.

    >>> usable_runtime("local", "1.14.0")
    <Runtime.STOCK: 'stock'>
    """
    runtime = Runtime(wanted)
    return runtime if is_tested(release) else Runtime.STOCK


def untested_release_warning(release: str) -> str:
    """Return the warning for a Dagster release that the local runtime was not tested with."""
    tested = ", ".join(f"{each}.x" for each in TESTED_RELEASES)
    return (
        f"Dagster {release} is installed, but lakehouse's local runtime was tested with {tested}"
        " only: using Dagster's stock storage, launcher and daemon."
        f" hint: install Dagster {tested}, or set LAKEHOUSE_RUNTIME=stock to hide this warning"
    )

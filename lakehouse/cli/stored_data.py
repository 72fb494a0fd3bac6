"""Show on the screen which stored data is damaged or not up to date."""

import datetime as dt
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lakehouse.cli.messages import inform
from lakehouse.cli.options import plural

if TYPE_CHECKING:
    from lakehouse.platform.reconciliation.damage import Damage, DamageReport
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.registry import Domain

STATUS_FILES = 50
"""Of how many files of a domain `lakehouse status` compares the bytes: those that changed last."""
RECONCILE_SECONDS = 60.0
"""How long `lakehouse reconcile` compares the bytes of a domain."""
DAMAGE_COLUMNS = ("domain", "table", "day", "damaged", "problem", "hint")


def look(
    domains: "Collection[Domain]",
    lake: "Lake",
    *,
    seconds: float | None = None,
    newest: int | None = None,
    days: Collection[dt.date] | None = None,
) -> "DamageReport":
    """Return what is damaged in some domains; the arguments are those of `look_for_damage`."""
    from lakehouse.platform.reconciliation.damage import DamageReport, look_for_damage

    report = DamageReport()
    for domain in domains:
        report.add(look_for_damage(domain, lake, seconds=seconds, newest=newest, days=days))
    return report


def damage_rows(damages: "Collection[Damage]") -> "list[tuple[Any, ...]]":
    """Return damages under `DAMAGE_COLUMNS`."""
    return [
        (each.table.domain, each.table.name, each.day, each.kind.value, each.problem, each.hint)
        for each in damages
    ]


def grouped(damages: "Collection[Damage]") -> "Iterator[tuple[str, str, list[Damage]]]":
    """Yield table, kind and damages of each table and kind."""

    def key(damage: "Damage") -> tuple[str, str]:
        return damage.table.name, damage.kind.value

    for (table, kind), same in groupby(sorted(damages, key=key), key=key):
        yield table, kind, list(same)


def say_extent(compared: int, files: int) -> None:
    """Print how many stored files were compared, when it was not all of them."""
    if compared < files:
        inform(
            f"the bytes of {compared:,} of {files:,} stored files were compared; the daemon"
            " compares all of them within a day, and `lakehouse reconcile --verify` at once"
        )


def numbers_of(report: "DamageReport") -> str:
    """Return how much is damaged, for an error message."""
    tables = {each.table.name for each in report.damages}
    return f"{plural(len(report.damages), 'damage')} in {plural(len(tables), 'table')}"

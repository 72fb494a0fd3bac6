"""Try the rules of the code on stored days: what would be rejected, released or not stored.

Days are computed into a temporary folder outside the lake and compared with what is stored.
"""

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.platform.ingestion.deliveries import raw_table
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import OlderDays
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import QUARANTINE
from lakehouse.platform.tables.table import NotReady, Table
from lakehouse.platform.transform.outcomes import quarantine_of
from lakehouse.platform.transform.stage import StagedDays, stage_days
from lakehouse.platform.transform.validate import RowsLost
from lakehouse.settings import Settings

Row = tuple[str, str, int]
"""File, digest and line of a delivered row."""


@dataclass(kw_only=True)
class Trial:
    """What the rules of the code would do to the stored days of a table."""

    table: TableId
    days: tuple[dt.date, ...]
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Reason and unit → rows that are accepted now and would be rejected."""
    released: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Reason and unit → rows that are in quarantine now and would be accepted."""
    rejected_rows: int = 0
    failed_days: dict[dt.date, str] = field(default_factory=dict)
    """Days that would not be stored, with the broken rules."""
    problem: str | None = None
    """Why the rules cannot be tried."""

    @property
    def units(self) -> int:
        """Return the number of units of which rows would be rejected."""
        return len({unit for _, unit in self.rejected})


def try_rules(table: Table, days: Sequence[dt.date], lake: Lake, settings: Settings) -> Trial:
    """Compute stored days of a table with the code as it is, without changing the lake."""
    trial = Trial(table=table.id, days=tuple(days))
    for start in range(0, len(days), settings.batch_days):
        part = days[start : start + settings.batch_days]
        with tempfile.TemporaryDirectory(prefix="lakehouse-trial-") as folder:
            target = Lake(folder, lake.file_mb)
            try:
                computed = stage_days(table, part, lake, settings, target=target)
            except (RowsLost, OlderDays, NotReady) as error:
                trial.problem = str(error)
                return trial
            trial.failed_days |= computed.failed_days
            if table.validates_rows:
                _compare(trial, table, part, lake, _quarantined(computed, target, part))
    return trial


def _compare(
    trial: Trial,
    table: Table,
    days: Sequence[dt.date],
    lake: Lake,
    found: Mapping[Row, Sequence[str]],
) -> None:
    quarantine = lake.table(quarantine_of(table.id))
    stored = _reasons(quarantine, days) if quarantine.exists() else {}
    units = _units(table, lake)
    trial.rejected_rows += sum(row not in stored for row in found)
    for row, reasons in found.items():
        if row not in stored:
            trial.rejected.update((reason, units.get(row[0], "")) for reason in reasons)
    for row, reasons in stored.items():
        if row not in found:
            trial.released.update((reason, units.get(row[0], "")) for reason in reasons)


def _quarantined(
    computed: StagedDays, target: Lake, days: Sequence[dt.date]
) -> dict[Row, Sequence[str]]:
    quarantine = target.table(quarantine_of(computed.table.id))
    staged = computed.companions[quarantine.id][1]
    quarantine.commit(staged, schema=QUARANTINE.stored, note={"by": "trial"})
    return _reasons(quarantine, days)


def _reasons(quarantine: LakeTable, days: Sequence[dt.date]) -> dict[Row, Sequence[str]]:
    rows = quarantine.read(list(days), columns=["file", "digest", "line", "reasons"]).to_pylist()
    return {(row["file"], row["digest"], row["line"]): row["reasons"] for row in rows}


def _units(table: Table, lake: Lake) -> dict[str, str]:
    """Return the unit of each delivered file of the dataset; empty text when it has none."""
    raw = lake.table(raw_table(table.id.domain, table.reads[0].table.id.table))
    if not raw.exists():
        return {}
    rows = raw.read(columns=["file", "unit"]).to_pylist()
    return {row["file"]: "" if row["unit"] is None else str(row["unit"]) for row in rows}

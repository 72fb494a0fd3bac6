"""Each fault that is planted in code or in stored files is found by independent code.

The audit that computes days again is left out: it would repeat a fault of the code.
"""

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lakehouse.platform.orchestration.io_manager import commit
from lakehouse.platform.reconciliation.audit_control_totals import audit_control_totals
from lakehouse.platform.reconciliation.audit_row_accounts import audit_row_accounts
from lakehouse.platform.reconciliation.audited_lake import AuditedLake
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform import classify, snapshots, stage
from lakehouse.platform.transform.inputs import UpstreamSnapshots
from lakehouse.platform.transform.outcomes import DUPLICATE
from lakehouse.platform.transform.stage import stage_days
from lakehouse_tests.platform.cafe import DOMAIN, Cafe

FIRST, SECOND = dt.date(2024, 3, 1), dt.date(2024, 3, 2)
DAYS = [FIRST, SECOND]
Patch = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a café with kept, rejected, repeated and replaced rows."""
    cafe = Cafe(tmp_path_factory.mktemp("sound"))
    cafe.send("2024-03-01", "visits_1.csv", "1,2024-03-01,10", "2,2024-03-01,20", "x,2024-03-01,5")
    cafe.send("2024-03-02", "visits_2.csv", "3,2024-03-02,30", "4,2024-03-02,40", "5,2024-03-02,1")
    cafe.send("2024-03-02", "visits_3.csv", "2,2024-03-01,20", "3,2024-03-02,33", hour=13)
    cafe.send("2024-03-02", "tips_1.csv", "1,2024-03-02,3")
    cafe.process()
    return cafe.folder


@pytest.fixture
def cafe(sound: Path, tmp_path: Path) -> Cafe:
    shutil.copytree(sound, tmp_path / "cafe")
    return Cafe(tmp_path / "cafe")


def findings(cafe: Cafe, skipped: Counter[str] | None = None) -> list[str]:
    audited = AuditedLake(
        lake=Lake(cafe.settings.root), domain=DOMAIN, settings=cafe.settings, only=None
    )
    counted = Counter[str]() if skipped is None else skipped
    found = [
        str(each)
        for silver in DOMAIN.validating_tables.values()
        for each in audit_row_accounts(audited, silver, DAYS, counted)
    ]
    return found + [str(each) for each in audit_control_totals(audited, DAYS, counted)]


def compute(cafe: Cafe, domain: Domain = DOMAIN) -> None:
    """Compute silver and gold of both days again and store them, whatever their balance."""
    lake = Lake(cafe.settings.root)
    for table in domain.tables:
        if table.transform is not None and table.options.reference_dates is None:
            days = [SECOND] if table.as_of else DAYS
            commit(stage_days(table, days, lake, cafe.settings), lake, note={})


def test_a_sound_lake_has_no_findings_and_what_is_not_checked_is_counted(cafe: Cafe) -> None:
    skipped: Counter[str] = Counter()
    assert findings(cafe, skipped) == []
    compute(cafe)
    assert findings(cafe, skipped) == []
    assert set(skipped) == {
        "rows of silver.cafe_tips: no control total is declared",
        "rows of gold.cafe_month_totals: no control total is declared",
    }


def with_table(name: str, transform: Callable[[Table], Callable[..., ir.Table]]) -> Domain:
    """Return the domain with another expression for one table."""
    tables = tuple(
        replace(table, transform=transform(table)) if table.id.name == name else table
        for table in DOMAIN.tables
    )
    return replace(DOMAIN, tables=tables)


def changed(name: str, **columns: Callable[[ir.Table], ir.Value]) -> Domain:
    """Return the domain with a fault in the expression of one table."""

    def faulty(table: Table) -> Callable[..., ir.Table]:
        sound = table.transform
        assert sound is not None
        return lambda *upstream: (rows := sound(*upstream)).mutate(
            **{column: value(rows).cast(rows[column].type()) for column, value in columns.items()}
        )

    return with_table(name, faulty)


def a_valid_row_is_rejected(patch: Patch) -> Domain:
    sound = vars(classify)["split_by_contract"]

    def faulty(table: Table, rows: ir.Table) -> tuple[ir.Table, ir.Table]:
        if table.id.table != "visits":
            return sound(table, rows)
        rows = rows.mutate(_reasons=(rows["_line"] == 3).ifelse("bad_spent,", rows["_reasons"]))
        return sound(table, rows)

    patch.setattr(classify, "split_by_contract", faulty)
    return DOMAIN


def an_only_row_is_called_a_duplicate(patch: Patch) -> Domain:
    sound = vars(classify)["resolve_conflicts"]

    def faulty(session: Any, table: Table, rows: ir.Table) -> tuple[ir.Table, ir.Table | None]:
        kept, losing = sound(session, table, rows)
        if table.id.table != "visits":
            return kept, losing
        lost = kept.filter(kept.number == 4).mutate(_outcome=ibis.literal(DUPLICATE))
        both = lost if losing is None else losing.union(lost.select(losing.columns))
        return kept.filter(kept.number != 4), session.keep("lost", both)

    patch.setattr(classify, "resolve_conflicts", faulty)
    return DOMAIN


def both_rows_of_a_key_are_kept(patch: Patch) -> Domain:
    patch.setattr(classify, "resolve_conflicts", lambda _session, _table, rows: (rows, None))
    return DOMAIN


def a_row_has_no_outcome(patch: Patch) -> Domain:
    sound = vars(stage)["outcome_rows"]

    def faulty(session: Any, rows: Any) -> ir.Table:
        found = sound(session, rows)
        return found.filter(~((found.line == 2) & (found.outcome == "silver")))

    patch.setattr(stage, "outcome_rows", faulty)
    return DOMAIN


def a_row_has_two_outcomes(patch: Patch) -> Domain:
    sound = vars(stage)["outcome_rows"]

    def faulty(session: Any, rows: Any) -> ir.Table:
        found = sound(session, rows)
        return found.union(found.filter(found.line == 2), distinct=False)

    patch.setattr(stage, "outcome_rows", faulty)
    return DOMAIN


def a_rejected_row_is_forgotten(patch: Patch) -> Domain:
    sound = vars(stage)["in_order_of_lines"]

    def faulty(rejected: ir.Table) -> ir.Table:
        return sound(rejected.filter(rejected["_line"] > rejected["_line"].min()))

    patch.setattr(stage, "in_order_of_lines", faulty)
    return DOMAIN


def a_kept_row_is_not_stored(patch: Patch) -> Domain:
    sound = snapshots.kept_rows

    def faulty(table: Table, kept: ir.Table) -> ir.Table:
        return sound(table, kept.filter(kept["_line"] > kept["_line"].min()))

    patch.setattr(stage, "kept_rows", faulty)
    return DOMAIN


def another_day_is_read(patch: Patch) -> Domain:
    sound = UpstreamSnapshots.urls

    def faulty(self: UpstreamSnapshots, read: Any, days: Sequence[dt.date]) -> list[str]:
        if self.table.id.table == "visit_days":
            return sound(self, read, [FIRST])
        return sound(self, read, days)

    patch.setattr(UpstreamSnapshots, "urls", faulty)
    return DOMAIN


def a_day_is_left_out_of_the_history(patch: Patch) -> Domain:
    sound = UpstreamSnapshots.urls

    def faulty(self: UpstreamSnapshots, read: Any, days: Sequence[dt.date]) -> list[str]:
        return sound(self, read, days)[1:] if self.table.as_of else sound(self, read, days)

    patch.setattr(UpstreamSnapshots, "urls", faulty)
    return DOMAIN


CODE: list[Callable[[Patch], Domain]] = [
    a_valid_row_is_rejected,
    an_only_row_is_called_a_duplicate,
    both_rows_of_a_key_are_kept,
    a_row_has_no_outcome,
    a_row_has_two_outcomes,
    a_rejected_row_is_forgotten,
    a_kept_row_is_not_stored,
    another_day_is_read,
    a_day_is_left_out_of_the_history,
]
EXPRESSIONS: dict[str, Callable[[], Domain]] = {
    "money is read wrongly": lambda: changed(
        "silver.cafe_visits", spent=lambda rows: rows.spent * 10
    ),
    "two columns are swapped": lambda: changed(
        "silver.cafe_visits", spent=lambda rows: rows.number, number=lambda rows: rows.spent
    ),
    "a count is wrong": lambda: changed(
        "gold.cafe_visit_days", visits=lambda rows: rows.visits + 1
    ),
    "an as-of sum is wrong": lambda: changed("gold.cafe_spent", spent=lambda rows: rows.spent + 1),
    "an as-of row is wrong": lambda: changed(
        "gold.cafe_spenders", spent=lambda rows: rows.spent + 1
    ),
}


@pytest.mark.parametrize("fault", CODE, ids=lambda fault: fault.__name__)
def test_a_fault_of_shared_code_is_found(
    cafe: Cafe, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Patch], Domain]
) -> None:
    domain = fault(monkeypatch)
    compute(cafe, domain)
    monkeypatch.undo()
    assert findings(cafe)


@pytest.mark.parametrize("fault", EXPRESSIONS)
def test_a_fault_of_an_expression_is_found(cafe: Cafe, fault: str) -> None:
    compute(cafe, EXPRESSIONS[fault]())
    assert findings(cafe)


def dropped(rows: pa.Table) -> pa.Table:
    return rows.slice(1)


def doubled(rows: pa.Table) -> pa.Table:
    return pa.concat_tables([rows, rows.slice(0, 1)])


def altered(column: str) -> Callable[[pa.Table], pa.Table]:
    def alter(rows: pa.Table) -> pa.Table:
        place = rows.column_names.index(column)
        values = rows[column]
        other: Iterable[Any] = (
            pc.add(values, 1)
            if pa.types.is_integer(values.type)
            else pa.array(["duplicate"] * len(values), values.type)
        )
        return rows.set_column(place, rows.schema.field(place), other)

    return alter


STORED: list[tuple[str, Callable[[pa.Table], pa.Table]]] = [
    (name, change)
    for name, column in (
        ("silver.cafe_visits", "spent"),
        ("silver.cafe_visits__outcomes", "outcome"),
        ("silver.cafe_visits__quarantine", "line"),
        ("gold.cafe_visit_days", "visits"),
        ("gold.cafe_spenders", "spent"),
        ("gold.cafe_spent", "spent"),
    )
    for change in (dropped, doubled, altered(column))
]


@pytest.mark.parametrize(
    ("name", "change"), STORED, ids=lambda each: each if isinstance(each, str) else each.__name__
)
def test_a_change_of_stored_rows_is_found(
    cafe: Cafe, name: str, change: Callable[[pa.Table], pa.Table]
) -> None:
    stored = Lake(cafe.settings.root).table(TableId.from_name(name))
    day = FIRST if name.endswith("quarantine") else SECOND
    rows = stored.read([day]).drop_columns(["day"])
    assert rows.num_rows
    stored.write({day: change(rows)}, schema=rows.schema, note={"by": "test"})
    assert findings(cafe)

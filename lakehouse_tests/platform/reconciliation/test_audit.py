"""An audit finds every change of a lake: 200 hostile changes, each of which must be reported."""

import datetime as dt
import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.demo.mrhealth import Plan, write
from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.reconciliation import audit_recompute
from lakehouse.platform.reconciliation.audit import audit_domain
from lakehouse.platform.reconciliation.audit_recompute import audit_recomputed
from lakehouse.platform.reconciliation.audited_lake import AuditedLake
from lakehouse.platform.reconciliation.findings import AuditCheck, AuditFinding
from lakehouse.platform.reconciliation.report import LINES, ROWS, read_report
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import Status
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.stage import StagedDays, stage_days
from lakehouse.settings import Settings
from lakehouse_tests.platform.small_lake import NOTE, SmallLake

FIRST = dt.date(2026, 10, 1)
DAYS = [FIRST, FIRST + dt.timedelta(days=1)]
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
MUTATIONS = 200


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """Return two days of four units with errors in their files, from raw to gold."""
    folder = tmp_path_factory.mktemp("audited")
    plan = Plan(units=4, first=FIRST, days=2, seed=3, orders_per_unit=3, errors=10)
    write(plan, folder / "landing")
    small = SmallLake(folder=folder, now=NOW)
    small.arrive(DAYS)
    return small


def findings(small: SmallLake, *days: dt.date, tables: list[TableId] | None = None) -> Any:
    return audit_domain(small.lake, small.domain, small.settings, days or None, tables=tables)


def test_an_untouched_lake_has_no_findings_and_is_left_as_it_was(lake: SmallLake) -> None:
    root = Path(lake.lake.root)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    progress: list[tuple[int, int]] = []
    found = audit_domain(
        lake.lake,
        lake.domain,
        lake.settings,
        progress=lambda _, done, total: progress.append((done, total)),
    )
    assert list(found) == []
    assert progress[-1][0] == progress[-1][1] >= 2
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*") if p.is_file()} == before


def test_a_day_on_which_somebody_only_decided_about_an_alert_is_not_computed_again(
    tmp_path: Path,
) -> None:
    lake, row = Lake(str(tmp_path)), pa.table({"unit_id": pa.array([1])})
    first, second = DAYS
    for name, day in (("gold.mrhealth_dim_date", first), ("ops.mrhealth_alert_decisions", second)):
        lake.table(TableId.from_name(name)).write({day: row}, schema=row.schema)
    domain = load_domain("mrhealth")
    audited = AuditedLake(lake=lake, domain=domain, settings=Settings(), only=None)
    assert (audited.days(), audited.computed_days()) == (DAYS, {first})
    assert list(audit_recomputed(audited, [second], Counter())) == []


def test_an_audit_never_writes_into_the_lake_even_while_it_runs(
    lake: SmallLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(lake.lake.root)

    def listing() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in root.rglob("*")}

    before = listing()
    recomputed: list[TableId] = []

    def watched(table: Table, *arguments: Any, **options: Any) -> StagedDays:
        done = stage_days(table, *arguments, **options)
        assert done.staged
        assert listing() == before
        recomputed.append(table.id)
        return done

    monkeypatch.setattr(audit_recompute, "stage_days", watched)
    for _ in findings(lake):
        pass
    assert listing() == before
    assert {"silver", "gold"} <= {table.layer for table in recomputed}


def test_the_sums_of_the_report_have_no_difference(lake: SmallLake) -> None:
    report = read_report(lake.lake, "mrhealth")
    totals = report.totals
    assert report.balanced
    assert totals["difference"] == 0
    assert totals["bronze_rows"] > 0
    assert totals["quarantined_rows"] > 0
    assert totals["physical_lines"] == totals["bronze_rows"] + sum(
        totals[name] for name in LINES if name != "physical_lines"
    )
    assert totals["bronze_rows"] == sum(totals[name] for name in ROWS if name != "bronze_rows")
    first_day = read_report(lake.lake, days=[FIRST])
    assert {row["day"] for row in first_day.files} == {FIRST}
    assert 0 < len(first_day.files) < len(report.files)


@dataclass(frozen=True)
class Mutation:
    """A hostile change of one day of one table."""

    table: TableId
    day: dt.date
    change: str
    committed: bool
    """Committed through Delta with a correct digest in the name; else the file is overwritten."""
    seed: int


TABLES = [
    *(
        f"{layer}.mrhealth_{name}"
        for name in ("orders", "order_items")
        for layer in ("raw", "bronze")
    ),
    *("silver.mrhealth_orders", "silver.mrhealth_order_items", "silver.mrhealth_products"),
    *("silver.mrhealth_orders__outcomes", "silver.mrhealth_order_items__outcomes"),
    *("silver.mrhealth_orders__quarantine", "silver.mrhealth_order_items__quarantine"),
    *("gold.mrhealth_fact_orders", "gold.mrhealth_fact_order_items", "gold.mrhealth_unit_day"),
    *("raw.mrhealth_orders bytes", "raw.mrhealth_order_items bytes"),
]
CHANGES = ("removed", "injected", "altered")


def mutations() -> Iterator[Mutation]:
    """Return changes of every kind; half are committed; every run makes the same."""
    chance = random.Random(20261121)
    for number in range(MUTATIONS):
        yield Mutation(
            table=TableId.from_name(TABLES[number // 2 % len(TABLES)].partition(" ")[0]),
            day=chance.choice(DAYS),
            change=CHANGES[number // (2 * len(TABLES)) % len(CHANGES)],
            committed=number % 2 == 0,
            seed=number,
        )


def of_bytes(number: int) -> bool:
    return TABLES[number // 2 % len(TABLES)].endswith("bytes")


def test_each_of_200_hostile_changes_is_found(lake: SmallLake, tmp_path: Path) -> None:
    done = 0
    missed = []
    for number, mutation in enumerate(mutations()):
        with_bytes = of_bytes(number)
        kept = Kept(lake, mutation.table, tmp_path / str(number))
        try:
            if not (mutate_bytes if with_bytes else mutate_rows)(lake, mutation):
                continue
            done += 1
            base = TableId(mutation.table.layer, mutation.table.domain, mutation.table.table)
            found = next(findings(lake, mutation.day, tables=[base]), None)
            seen_in_names = found is not None and found.check is AuditCheck.TABLE_FILE
            if found is None or (mutation.committed and seen_in_names):
                missed.append((mutation, found))
        finally:
            kept.restore()
    assert missed == []
    assert done >= MUTATIONS
    assert list(findings(lake, tables=[TableId("silver", "mrhealth", "orders")])) == []


class Kept:
    """A copy of a table and of the kept files, to restore them after a change."""

    def __init__(self, small: SmallLake, table: TableId, aside: Path) -> None:
        root = Path(small.lake.root)
        self.places = [root / table.path, root / "raw/mrhealth/objects"]
        self.aside = aside
        for number, place in enumerate(self.places):
            shutil.copytree(place, aside / str(number))

    def restore(self) -> None:
        for number, place in enumerate(self.places):
            shutil.rmtree(place)
            shutil.move(self.aside / str(number), place)


def mutate_rows(small: SmallLake, mutation: Mutation) -> bool:
    table = small.lake.table(mutation.table)
    shown = table.snapshot()
    if not shown.by_day[mutation.day].rows and mutation.change != "injected":
        mutation_day = next((f.day for f in shown.files if f.rows and f.day in DAYS), None)
        assert mutation_day is not None, f"{mutation.table} has no rows on any day"
        object.__setattr__(mutation, "day", mutation_day)
    rows = table.read([mutation.day], snapshot=shown).drop_columns(["day"])
    chance = random.Random(mutation.seed)
    changed = CHANGE[mutation.change](rows, chance)
    assert not changed.equals(rows)
    if mutation.committed:
        result = table.write({mutation.day: changed}, schema=changed.schema, note=NOTE)
        assert result.changed == (mutation.day,)
    else:
        place = (
            Path(small.lake.root) / mutation.table.path / shown.by_day[mutation.day].parts[0].path
        )
        pq.write_table(changed, place)
    return True


def removed(rows: pa.Table, chance: random.Random) -> pa.Table:
    place = chance.randrange(rows.num_rows)
    return pa.concat_tables([rows.slice(0, place), rows.slice(place + 1)])


def injected(rows: pa.Table, chance: random.Random) -> pa.Table:
    """Return rows with one more: a copy with another value, or nulls."""
    if not rows.num_rows:
        return pa.Table.from_pylist([dict.fromkeys(rows.column_names)], schema=rows.schema)
    one = rows.slice(chance.randrange(rows.num_rows), 1)
    return pa.concat_tables([rows, altered(one, chance)])


def altered(rows: pa.Table, chance: random.Random) -> pa.Table:
    """Return rows with another value in one column of one row."""
    made = rows.to_pylist()
    row = chance.choice(made)
    column = chance.choice(sorted(row))
    row[column] = other_than(row[column], rows.schema.field(column).type)
    return pa.Table.from_pylist(made, schema=rows.schema)


def other_than(value: Any, kind: pa.DataType) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case Decimal():
            return value + Decimal("0.01")
        case dt.date():
            return value + dt.timedelta(days=1)
        case str():
            return f"{value}x"
        case list():
            return [*value, "x"]
    return pa.array(["1"]).cast(kind)[0].as_py() if kind != pa.date32() else FIRST


CHANGE: dict[str, Callable[[pa.Table, random.Random], pa.Table]] = {
    "removed": removed,
    "injected": injected,
    "altered": altered,
}


def mutate_bytes(small: SmallLake, mutation: Mutation) -> bool:
    """Change the bytes of a kept file; a committed change also puts its digest into deliveries."""
    chance = random.Random(mutation.seed)
    table = small.lake.table(mutation.table)
    rows = table.read([mutation.day])
    loaded = [row for row in rows.to_pylist() if row["status"] == Status.LOADED]
    loaded = [row for row in loaded if row["record_rows"] and not row["file"].endswith(".gz")]
    row = chance.choice(loaded)
    objects = Path(small.lake.root)
    place = objects / object_path("mrhealth", row["digest"])
    lines = place.read_bytes().splitlines(keepends=True)
    at = chance.randrange(1, len(lines))
    match mutation.change:
        case "removed":
            del lines[at]
        case "injected":
            lines.insert(at, lines[at].replace(b"1", b"7"))
        case "altered":
            lines[at] = lines[at].replace(b"0", b"8").replace(b"1", b"2") + b""
    data = b"".join(lines)
    assert data != place.read_bytes()
    if not mutation.committed:
        place.write_bytes(data)
        return True
    digest = hashlib.sha256(data).hexdigest()
    forged = objects / object_path("mrhealth", digest)
    forged.parent.mkdir(exist_ok=True)
    forged.write_bytes(data)
    values = rows.drop_columns(["day"]).to_pylist()
    for value in values:
        if value["digest"] == row["digest"]:
            value["digest"] = digest
    made = pa.Table.from_pylist(values, schema=rows.drop_columns(["day"]).schema)
    table.write({mutation.day: made}, schema=made.schema, note=NOTE)
    return True


def test_a_finding_names_table_day_and_hint(lake: SmallLake, tmp_path: Path) -> None:
    table = TableId("gold", "mrhealth", "fact_orders")
    kept = Kept(lake, table, tmp_path / "kept")
    try:
        stored = lake.lake.table(table)
        rows = stored.read([FIRST]).drop_columns(["day"])
        stored.write({FIRST: rows.slice(1)}, schema=rows.schema, note=NOTE)
        found: list[AuditFinding] = [f for f in findings(lake, FIRST) if f.table == table.name]
    finally:
        kept.restore()
    assert [(f.day, f.check) for f in found] == [
        (FIRST, AuditCheck.RECOMPUTED_DAY),
        (FIRST, AuditCheck.CONTROL_TOTAL),
    ]
    assert f"found {rows.num_rows - 1} rows" in str(found[0])
    assert "lakehouse materialize" in found[0].hint


def test_the_same_bytes_of_two_days_are_a_delivery_of_each_when_a_day_runs_again(
    tmp_path: Path,
) -> None:
    small = SmallLake(folder=tmp_path, now=NOW)
    text = (
        "Id_Unidade,Id_Pedido,Tipo_Pedido,Data_Pedido,Vlr_Pedido,Endereco_Entrega,Taxa_Entrega,Status\n"
        f"1,77,Loja Online,{FIRST},5.00,--,0.00,Finalizado\n"
    )
    for number, day in enumerate(DAYS):
        at = NOW - dt.timedelta(days=9 - number)
        small.land(f"{day}/unidade_001/PEDIDO.csv", text, at)
        small.ingest([day])
    for _ in range(2):
        status = {row["day"]: row["status"] for row in small.rows("raw.mrhealth_orders")}
        assert status == {DAYS[0]: "loaded", DAYS[1]: "loaded"}
        small.ingest([DAYS[1]])


def test_missing_kept_bytes_and_missing_table_files_are_found(
    lake: SmallLake, tmp_path: Path
) -> None:
    raw = TableId("raw", "mrhealth", "orders")
    kept = Kept(lake, raw, tmp_path / "kept")
    try:
        row = lake.lake.table(raw).read([FIRST]).to_pylist()[0]
        (Path(lake.lake.root) / object_path("mrhealth", row["digest"])).unlink()
        found = next(findings(lake, FIRST, tables=[raw]))
        assert (found.check, found.found) == (AuditCheck.KEPT_BYTES, "no file")
        assert row["file"] in found.expected
        file = lake.lake.table(raw).snapshot().by_day[FIRST]
        (Path(lake.lake.root) / raw.path / file.parts[0].path).unlink()
        found = next(findings(lake, FIRST, tables=[raw]))
        assert (found.check, found.found) == (AuditCheck.TABLE_FILE, "no file")
    finally:
        kept.restore()


def test_rows_that_wait_for_another_day_are_not_a_finding_of_row_outcomes(
    lake: SmallLake, tmp_path: Path
) -> None:
    shutil.copytree(lake.folder, tmp_path, dirs_exist_ok=True)
    small = SmallLake(folder=tmp_path, now=NOW)
    text = (
        "Id_Unidade,Id_Pedido,Tipo_Pedido,Data_Pedido,Vlr_Pedido,Endereco_Entrega,Taxa_Entrega,Status\n"
        f"1,77,Loja Online,{DAYS[0]},5.00,--,0.00,Finalizado\n"
    )
    later = DAYS[1] + dt.timedelta(days=1)
    small.land(f"{later}/unidade_001/PEDIDO.csv", text, NOW - dt.timedelta(days=1))
    small.ingest([later])
    small.refresh([later], ("bronze", "silver"))
    report = read_report(small.lake, days=[later])
    assert report.balances["waiting"] == 1
    assert report.totals["difference"] == 0
    orders = [TableId("silver", "mrhealth", "orders")]
    assert [f.check for f in findings(small, later, tables=orders)] == []
    outdated = [f.check for f in findings(small, DAYS[0], tables=orders)]
    assert set(outdated) == {AuditCheck.RECOMPUTED_DAY}


@pytest.mark.parametrize("damage", ["log", "folder", "file"])
def test_a_table_without_a_readable_log_does_not_stop_the_audit_of_other_tables(
    lake: SmallLake, tmp_path: Path, damage: str
) -> None:
    broken = TableId("silver", "mrhealth", "products")
    other = TableId("gold", "mrhealth", "fact_orders")
    copies = [Kept(lake, table, tmp_path / table.table) for table in (broken, other)]
    folder = Path(lake.lake.root) / broken.path
    try:
        if damage == "log":
            next((folder / "_delta_log").glob("*.json")).write_text("{")
        else:
            shutil.rmtree(folder if damage == "file" else folder / "_delta_log")
            (folder if damage == "file" else folder / "_delta_log").write_text("")
        stored = lake.lake.table(other)
        rows = stored.read([FIRST]).drop_columns(["day"])
        stored.write({FIRST: rows.slice(1)}, schema=rows.schema, note=NOTE)
        found = list(findings(lake))
    finally:
        if folder.is_file():
            folder.unlink()
            folder.mkdir()
        for each in copies:
            each.restore()
    whole = [each for each in found if each.day is None]
    assert [(each.table, each.check) for each in whole] == [(broken.name, AuditCheck.TABLE_FILE)]
    assert "all days" in str(whole[0])
    changed = {(each.day, each.check) for each in found if each.table == other.name}
    assert (FIRST, AuditCheck.RECOMPUTED_DAY) in changed

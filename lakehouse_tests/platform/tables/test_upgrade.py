"""A lake written before version 0.2.0 gets the current names of tables, columns and statuses."""

import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lakehouse.platform.quarantine.listing import count_rejections
from lakehouse.platform.reconciliation.open_work import delivered_days, open_work
from lakehouse.platform.reconciliation.report import read_report
from lakehouse.platform.serving import sql_catalog
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables import upgrade
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.upgrade import COPIED, upgrade_lake
from lakehouse_tests.platform.small_lake import SmallLake

MON, TUE = dt.date(2026, 10, 5), dt.date(2026, 10, 6)
NOON = dt.datetime(2026, 10, 6, 12, tzinfo=dt.UTC)
ORDERS = (
    "Id_Unidade;Id_Pedido;Tipo_Pedido;Data_Pedido;Vlr_Pedido;Endereco_Entrega;Taxa_Entrega;Status\n"
    "1;{number};Loja Física;{day};30.00;--;0.00;{status}\n"
)
RECONCILIATION = TableId("ops", "mrhealth", "reconciliation")
CONSERVATION = TableId("ops", "mrhealth", "conservation")
UNRECOGNIZED = TableId("raw", "mrhealth", "unrecognized_files")
STRAYS = TableId("raw", "mrhealth", "strays")
LATER_COLUMNS = ["delivered_at"]
"""Columns that deliveries have since a later version."""
OLD_ORDER = ("inputs", "waiting", "table", "unit", "file", "digest", "status", "physical_lines")


@pytest.fixture(scope="module")
def current(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """A lake of two days with a rejected file, an unrecognized file and a rejected row."""
    lake = SmallLake(tmp_path_factory.mktemp("current"), NOON)
    lake.land_reference(dt.datetime(2026, 10, 5, 6, tzinfo=dt.UTC))
    for day, status in ((MON, "Finalizado"), (TUE, "Quebrado")):
        text = ORDERS.format(number=day.day, day=day, status=status)
        lake.land(f"{day}/unidade_001/PEDIDO.csv", text, NOON)
    lake.land(f"{TUE}/unidade_002/PEDIDO.csv", "a;b\n1;2\n", NOON)
    lake.land(f"{TUE}/unidade_002/notes.txt", "call me", NOON)
    lake.arrive([MON, TUE])
    return lake


@pytest.fixture(scope="module")
def written_before(tmp_path_factory: pytest.TempPathFactory, current: SmallLake) -> Path:
    """The same lake with the names of before version 0.2.0."""
    root = tmp_path_factory.mktemp("before") / "lake"
    shutil.copytree(current.settings.root, root)
    write_old_names(Lake(str(root)))
    return root


@pytest.fixture
def old(tmp_path: Path, written_before: Path) -> Lake:
    shutil.copytree(written_before, tmp_path / "lake")
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def old_anywhere(lake_root: str, written_before: Path) -> Lake:
    """Return the lake with the old names, once on disk and once on S3."""
    lake = Lake(lake_root)
    for file in written_before.rglob("*"):
        if file.is_file():
            lake.store.copy_in(file, str(file.relative_to(written_before)))
    return lake


def write_old_names(lake: Lake) -> None:
    """Give the tables the names and values of before version 0.2.0."""
    domain = load_domain("mrhealth")
    before = delivered_days(domain, lake)
    for table in (
        TableId("raw", "mrhealth", "orders"),
        TableId("bronze", "mrhealth", "deliveries"),
        UNRECOGNIZED,
    ):
        rewrite(lake, table, table if table != UNRECOGNIZED else STRAYS)
    inputs = {
        before[day].fingerprint: each.fingerprint
        for day, each in delivered_days(domain, lake).items()
    }
    rows = lake.table(RECONCILIATION).read()
    stored = [inputs.get(each, each) for each in rows["inputs"].to_pylist()]
    rows = rows.set_column(rows.column_names.index("inputs"), "inputs", pa.array(stored))
    names = ["withheld_lines" if n == "excluded_lines" else n for n in rows.column_names]
    rows = rows.rename_columns(names)
    rows = rows.select([*OLD_ORDER, *(name for name in names if name not in OLD_ORDER)])
    write(lake, CONSERVATION, with_old_status(rows), lake.table(RECONCILIATION).snapshot().days)
    for table in (RECONCILIATION, UNRECOGNIZED):
        lake.store.delete_folder(table.path)


def rewrite(lake: Lake, table: TableId, to: TableId) -> None:
    stored = lake.table(table)
    rows = stored.read()
    if table != to:
        rows = rows.drop_columns(LATER_COLUMNS)
    write(lake, to, with_old_status(rows), stored.snapshot().days)


def with_old_status(rows: pa.Table) -> pa.Table:
    status = pc.replace_substring(rows["status"], "rejected", "refused")
    return rows.set_column(rows.column_names.index("status"), "status", status)


def write(lake: Lake, table: TableId, rows: pa.Table, days: Iterable[dt.date]) -> None:
    by_day = {
        day: rows.filter(pc.equal(rows["day"], pa.scalar(day))).drop_columns(["day"])
        for day in days
    }
    lake.table(table).write(by_day, schema=rows.drop_columns(["day"]).schema)


def versions(lake: Lake) -> dict[tuple[str, dt.date], str]:
    return {
        (table.name, file.day): file.data_version
        for table in lake.tables()
        for file in lake.table(table).snapshot().files
    }


def test_an_upgraded_lake_is_the_lake_that_the_current_version_writes(
    old_anywhere: Lake, current: SmallLake
):
    old = old_anywhere
    assert versions(old) != versions(current.lake)
    assert set(upgrade_lake(current.domain, old)) == {CONSERVATION, STRAYS}
    assert versions(old) == versions(current.lake)
    assert upgrade_lake(current.domain, old) == []


def test_no_day_is_computed_because_of_the_upgrade(old: Lake, current: SmallLake):
    assert not open_work(current.domain, old).unfinished
    upgrade_lake(current.domain, old)
    assert not open_work(current.domain, old).unfinished


def test_a_day_that_was_not_finished_stays_unfinished(old: Lake, current: SmallLake):
    table = old.table(CONSERVATION)
    rows = table.read([TUE])
    other = pa.array(["other deliveries"] * rows.num_rows)
    rows = rows.set_column(rows.column_names.index("inputs"), "inputs", other)
    write(old, CONSERVATION, rows, [TUE])
    assert list(open_work(current.domain, old).unfinished) == [TUE]
    upgrade_lake(current.domain, old)
    assert list(open_work(current.domain, old).unfinished) == [TUE]


def test_readers_see_the_rows_under_current_names_before_the_upgrade(old: Lake, current: SmallLake):
    shown, wanted = read_report(old), read_report(current.lake)
    assert shown.balanced
    assert shown.totals == wanted.totals
    assert [row["status"] for row in shown.files] == [row["status"] for row in wanted.files]
    assert count_rejections(old) == count_rejections(current.lake)
    for sql in (
        "select * exclude (inputs) from ops.reconciliation order by all",
        "select * from ops.deliveries order by all",
    ):
        assert asked(old, current, sql) == asked(current.lake, current, sql)
    assert versions(old) != versions(current.lake)


def asked(lake: Lake, current: SmallLake, sql: str) -> list[tuple[object, ...]]:
    names = sql_catalog.names_in(sql)
    with sql_catalog.connect(lake, current.settings, names=names) as connection:
        return sql_catalog.query(connection, sql).fetchall()


def test_days_that_a_run_has_written_under_the_current_name_are_kept(old: Lake, current: SmallLake):
    rows = current.lake.table(RECONCILIATION).read([TUE])
    newer = rows.set_column(
        rows.column_names.index("inputs"), "inputs", pa.array(["newer"] * rows.num_rows)
    )
    write(old, RECONCILIATION, newer, [TUE])
    upgrade_lake(current.domain, old)
    assert set(old.table(RECONCILIATION).read([TUE])["inputs"].to_pylist()) == {"newer"}
    assert old.table(RECONCILIATION).snapshot().days == (MON, TUE)


class Stopped(BaseException):
    """The process ends here."""


def test_an_upgrade_that_is_stopped_anywhere_is_finished_by_the_next_call(
    tmp_path: Path, written_before: Path, current: SmallLake, monkeypatch: pytest.MonkeyPatch
):
    stop_at = 0
    while True:
        root = tmp_path / str(stop_at)
        shutil.copytree(written_before, root)
        lake = Lake(str(root))
        with monkeypatch.context() as patch:
            stop_before_change(patch, stop_at)
            try:
                upgrade_lake(current.domain, lake)
            except Stopped:
                pass
            else:
                break
        assert list(open_work(current.domain, lake).waiting) == []
        upgrade_lake(current.domain, lake)
        assert versions(lake) == versions(current.lake), f"stopped before change {stop_at}"
        assert not open_work(current.domain, lake).unfinished
        shutil.rmtree(root)
        stop_at += 1
    assert stop_at >= 15


def stop_before_change(patch: pytest.MonkeyPatch, number: int) -> None:
    """Let the process end before the change of the store with this number."""
    done = 0

    def count() -> None:
        nonlocal done
        if done == number:
            raise Stopped
        done += 1

    for name in ("move_in", "write", "delete_folder"):
        original = getattr(DiskStore, name)

        def counted(self: DiskStore, *given: object, original: object = original) -> object:
            count()
            return original(self, *given)  # type: ignore[operator]

        patch.setattr(DiskStore, name, counted)
    delete = DiskStore.delete

    def delete_each(self: DiskStore, paths: Iterable[str]) -> None:
        for path in paths:
            count()
            delete(self, [path])

    patch.setattr(DiskStore, "delete", delete_each)


def test_an_old_table_of_which_only_empty_folders_are_left_is_removed(
    old: Lake, current: SmallLake
):
    upgrade_lake(current.domain, old)
    Path(old.store.url(f"{CONSERVATION.path}/_delta_log")).mkdir(parents=True)
    assert upgrade_lake(current.domain, old) == []
    assert old.store.folders("ops/mrhealth") == ["reconciliation"]


def test_a_table_that_is_being_deleted_is_not_read_again(old: Lake, current: SmallLake):
    old.store.write(f"{CONSERVATION.path}/{COPIED}", b"")
    old.store.delete([f"{CONSERVATION.path}/_delta_log/{0:020}.json"])
    old.store.write(f"{CONSERVATION.path}/_delta_log/{7:020}.json", b"torn")
    assert CONSERVATION in upgrade_lake(current.domain, old)


def test_a_lake_of_the_current_version_is_left_alone(current: SmallLake):
    before = current.paths()
    assert upgrade_lake(current.domain, current.lake) == []
    assert current.paths() == before
    assert upgrade.readable_table(current.lake, RECONCILIATION).id == RECONCILIATION

"""A lake whose days have several files does everything that a lake with one file a day does."""

import csv
import datetime as dt
import io
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.domains.sales.files import file, sale
from lakehouse_tests.stories.test_repair import configure, flip, lakehouse

MONDAY = dt.date(2023, 1, 2)
DAYS = [MONDAY + dt.timedelta(days=n) for n in range(2)]
TABLES = (
    "bronze.sales_sales",
    "silver.sales_sales",
    "silver.sales_sales__outcomes",
    "silver.sales_sales__quarantine",
    "gold.sales_fact_sales",
)
SILVER, GOLD = TABLES[1], TABLES[-1]
TINY = "0.0001"


def land(folder: Path, day: dt.date, first: int, rows: int = 6) -> None:
    place = folder / "landing" / "sales" / day.isoformat() / "sales.csv"
    place.parent.mkdir(parents=True, exist_ok=True)
    lines = [sale(first + n, sale_date=day) for n in range(rows)]
    wrong = [sale(f"wrong {n}", sale_date=day) for n in range(7)]
    place.write_text(file(*lines, *wrong))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a landing zone and lakes: ``before``, and ``whole`` of large files."""
    folder = tmp_path_factory.mktemp("many")
    for number, day in enumerate(DAYS, start=1):
        land(folder, day, 10 * number)
    for name, size in (("before", TINY), ("whole", "128")):
        with pytest.MonkeyPatch.context() as patch:
            configure(patch, folder / name, folder)
            patch.setenv("LAKEHOUSE_FILE_MB", size)
            done = lakehouse("ingest", "--domain", "sales")
            assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def lake(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the lake, to change."""
    copied = tmp_path / "lake"
    shutil.copytree(built / "before", copied)
    shutil.copytree(built / "landing", tmp_path / "landing")
    configure(monkeypatch, copied, tmp_path)
    monkeypatch.setenv("LAKEHOUSE_FILE_MB", TINY)
    return copied


def parts(lake: Path, table: str, day: dt.date) -> list[Path]:
    shown = Lake(str(lake)).table(TableId.from_name(table)).snapshot().by_day[day]
    return [Path(part.url) for part in shown.parts]


def rows(table: str) -> list[list[str]]:
    found = lakehouse("sql", f"from {table} order by all", "--format", "csv")
    assert found.exit_code == 0, found.output
    return list(csv.reader(io.StringIO(found.stdout)))


def test_queries_and_exports_show_the_same_rows(
    lake: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(len(parts(lake, table, day)) > 1 for table in TABLES for day in DAYS)
    queries = [SILVER, GOLD, "ops.outcomes", "ops.quarantine"]
    found = [rows(each) for each in queries]
    assert lakehouse("export", "sales", str(tmp_path / "many")).exit_code == 0
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(built / "whole"))
    assert all(len(parts(built / "whole", table, day)) == 1 for table in TABLES for day in DAYS)
    assert [rows(each) for each in queries] == found
    assert lakehouse("export", "sales", str(tmp_path / "one")).exit_code == 0
    exported = [
        {
            path.relative_to(tmp_path / name): (
                pq.read_table(path) if path.suffix == ".parquet" else path.read_bytes()
            )
            for path in sorted((tmp_path / name).rglob("*.*"))
            if path.suffix in (".parquet", ".csv")
        }
        for name in ("many", "one")
    ]
    assert exported[0]
    assert exported[0] == exported[1]


@pytest.mark.parametrize("size", [TINY, "128"])
def test_the_audit_finds_nothing_whatever_the_size_of_files(
    lake: Path, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_FILE_MB", size)
    found = lakehouse("reconcile", "--domain", "sales", "--verify")
    assert found.exit_code == 0, found.output


@pytest.mark.parametrize("table", [SILVER, GOLD])
def test_damage_of_one_of_the_files_is_named_and_repaired(lake: Path, table: str) -> None:
    intact = rows(GOLD)
    flip(parts(lake, table, DAYS[1])[1])
    status = lakehouse("status", "--domain", "sales").stdout
    assert f"{table} " in status
    assert "damaged" in status
    repaired = lakehouse("repair", "--domain", "sales")
    assert repaired.exit_code == 0, repaired.output
    assert rows(GOLD) == intact
    assert lakehouse("reconcile", "--domain", "sales", "--verify").exit_code == 0


def test_a_lost_log_is_written_again_from_all_files(lake: Path) -> None:
    intact = rows(GOLD)
    shutil.rmtree(lake / TableId.from_name(GOLD).path / "_delta_log")
    repaired = lakehouse("repair", "--domain", "sales")
    assert repaired.exit_code == 0, repaired.output
    assert rows(GOLD) == intact


def test_rows_that_changed_become_a_version_that_is_rolled_back_and_vacuumed(lake: Path) -> None:
    folder = lake.parent
    before, monday = rows(SILVER), parts(lake, SILVER, DAYS[0])
    land(folder, DAYS[1], 20, rows=7)
    assert lakehouse("ingest", "--domain", "sales").exit_code == 0
    assert parts(lake, SILVER, DAYS[0]) == monday, "an unchanged day is not written again"
    after = rows(SILVER)
    assert len(after) == len(before) + 1
    versions = json.loads(lakehouse("history", SILVER, "--format", "json").stdout)
    assert len(versions) == 2
    old = set((lake / TableId.from_name(SILVER).path).glob("day=*/*")) - {
        path for day in DAYS for path in parts(lake, SILVER, day)
    }
    assert len(old) > 2
    assert lakehouse("rollback", SILVER, "--to", "0", "--yes").exit_code == 0
    assert set(parts(lake, SILVER, DAYS[1])) == old
    assert lakehouse("rollback", SILVER, "--to", "1", "--yes").exit_code == 0
    assert lakehouse("vacuum", "--older-than", "0", "--delete").exit_code == 0
    assert not any(path.exists() for path in old)
    assert rows(SILVER) == after


def test_maintain_joins_the_files_and_changes_nothing_else(
    lake: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [rows(table) for table in (SILVER, GOLD, "ops.outcomes", "ops.quarantine")]
    monkeypatch.setenv("LAKEHOUSE_FILE_MB", "128")
    done = lakehouse("maintain", "--format", "json")
    assert done.exit_code == 0, done.output
    shown = {row["table"]: row["files_after"] for row in json.loads(done.stdout)}
    assert shown.keys() >= {"bronze.sales_sales", SILVER, GOLD}
    for table in TABLES:
        for day in DAYS:
            names = [path.name.partition("-")[0] for path in parts(lake, table, day)]
            whole = parts(built / "whole", table, day)
            assert names == [path.name.partition("-")[0] for path in whole]
    assert [rows(t) for t in (SILVER, GOLD, "ops.outcomes", "ops.quarantine")] == before
    assert lakehouse("reconcile", "--domain", "sales", "--verify").exit_code == 0
    versions = [history(table) for table in TABLES[:3]]
    again = lakehouse("ingest", "--domain", "sales")
    assert again.exit_code == 0, again.output
    assert [history(table) for table in TABLES[:3]] == versions
    assert json.loads(lakehouse("maintain", "--format", "json").stdout) == []


def history(table: str) -> list[object]:
    found: list[object] = json.loads(lakehouse("history", table, "--format", "json").stdout)
    return found

"""Whatever is damaged is named by `status` and `reconcile`, and brought back by `repair`."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lakehouse.cli import main
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.domains.sales.files import file, sale
from lakehouse_tests.servers import S3Server

MONDAY = dt.date(2023, 1, 2)
DAYS = [MONDAY + dt.timedelta(days=n) for n in range(2)]
DAY = DAYS[1].isoformat()
SILVER, GOLD = "silver.sales_sales", "gold.sales_fact_sales"
AS_OF, AS_OF_DAYS = "gold.sales_dim_customer", "ops.sales_as_of_days"
Damage = Callable[[Path], object]


def lakehouse(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with landing zone, Dagster home and a lake of two days."""
    folder = tmp_path_factory.mktemp("damaged")
    for number, day in enumerate(DAYS, start=1):
        place = folder / "landing" / "sales" / day.isoformat() / "sales.csv"
        place.parent.mkdir(parents=True)
        rows = [sale(10 * number + n, sale_date=day) for n in range(3)]
        rows.append(sale("wrong", sale_date=day))
        place.write_text(file(*rows))
    with pytest.MonkeyPatch.context() as patch:
        configure(patch, folder / "before", folder)
        done = lakehouse("ingest", "--domain", "sales")
        assert done.exit_code == 0, done.output
        yield folder


def configure(patch: pytest.MonkeyPatch, lake: Path | str, folder: Path) -> None:
    patch.setenv("LAKEHOUSE_ROOT", str(lake))
    patch.setenv("LAKEHOUSE_LANDING", str(folder / "landing"))
    patch.setenv("DAGSTER_HOME", str(folder / "dagster"))
    patch.setenv("LAKEHOUSE_QUIET_SECONDS", "0")
    patch.delenv("LAKEHOUSE_SALES_DSN", raising=False)


@pytest.fixture
def lake(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the lake, to damage."""
    copied = tmp_path / "lake"
    shutil.copytree(built / "before", copied)
    configure(monkeypatch, copied, built)
    return copied


def day_file(lake: Path, table: str) -> Path:
    """Return the file of the second day, or of the newest one of an as-of table."""
    files = Lake(str(lake)).table(TableId.from_name(table)).snapshot().by_day
    return Path(files[DAYS[1] if DAYS[1] in files else max(files)].parts[0].url)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def newest_entry(lake: Path, table: str) -> Path:
    folder = lake / TableId.from_name(table).path / "_delta_log"
    return max(folder.glob("*.json"))


def other_day(lake: Path, table: str) -> None:
    """Put the file of another day in the place of a day's file."""
    files = Lake(str(lake)).table(TableId.from_name(table)).snapshot().by_day
    shutil.copy(files[DAYS[0]].parts[0].url, files[DAYS[1]].parts[0].url)


def corrupt_checkpoint(lake: Path, table: str) -> None:
    stored = Lake(str(lake)).table(TableId.from_name(table))
    stored.checkpoint()
    (checkpoint,) = (lake / stored.id.path / "_delta_log").glob("*.checkpoint.parquet")
    flip(checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:99])


def kept(lake: Path) -> Path:
    return min(path for path in (lake / "raw/sales/objects").glob("*/*") if path.is_file())


def delete_table(lake: Path, table: str) -> None:
    shutil.rmtree(lake / TableId.from_name(table).path)


def delete_files(folder: Path) -> None:
    for path in folder.rglob("*.*"):
        path.unlink()


DAMAGES: dict[str, tuple[str, Damage]] = {
    "a flipped byte in silver": (SILVER, lambda lake: flip(day_file(lake, SILVER))),
    "a flipped byte in bronze": (
        "bronze.sales_sales",
        lambda lake: flip(day_file(lake, "bronze.sales_sales")),
    ),
    "a flipped byte in the deliveries": (
        "raw.sales_sales",
        lambda lake: flip(day_file(lake, "raw.sales_sales")),
    ),
    "a file of zero bytes": (GOLD, lambda lake: day_file(lake, GOLD).write_bytes(b"")),
    "a missing file": (GOLD, lambda lake: day_file(lake, GOLD).unlink()),
    "the file of another day": (SILVER, lambda lake: other_day(lake, SILVER)),
    "a missing folder of a day": (GOLD, lambda lake: shutil.rmtree(day_file(lake, GOLD).parent)),
    "a file of the quarantine": (
        f"{SILVER}__quarantine",
        lambda lake: day_file(lake, f"{SILVER}__quarantine").unlink(),
    ),
    "a file of the reconciliation": (
        "ops.sales_reconciliation",
        lambda lake: day_file(lake, "ops.sales_reconciliation").write_bytes(b""),
    ),
    "a flipped byte in an as-of table": (AS_OF, lambda lake: flip(day_file(lake, AS_OF))),
    "a deleted as-of table": (AS_OF, lambda lake: delete_table(lake, AS_OF)),
    "a file of the as-of days": (AS_OF_DAYS, lambda lake: flip(day_file(lake, AS_OF_DAYS))),
    "a truncated log": (GOLD, lambda lake: cut(lake, GOLD)),
    "an empty log entry": (GOLD, lambda lake: newest_entry(lake, GOLD).write_bytes(b"")),
    "a missing log entry": (SILVER, lambda lake: newest_entry(lake, SILVER).unlink()),
    "a truncated log of the deliveries": (
        "raw.sales_sales",
        lambda lake: cut(lake, "raw.sales_sales"),
    ),
    "a damaged checkpoint": (SILVER, lambda lake: corrupt_checkpoint(lake, SILVER)),
    "a deleted gold table": (GOLD, lambda lake: delete_table(lake, GOLD)),
    "a deleted silver table": (SILVER, lambda lake: delete_table(lake, SILVER)),
    "a deleted bronze table": (
        "bronze.sales_sales",
        lambda lake: delete_table(lake, "bronze.sales_sales"),
    ),
    "a deleted table of deliveries": (
        "raw.sales_sales",
        lambda lake: delete_files(lake / "raw/sales/sales"),
    ),
    "a deleted kept file": ("raw.sales_sales", lambda lake: kept(lake).unlink()),
    "a changed kept file": ("raw.sales_sales", lambda lake: flip(kept(lake))),
    "an empty kept file": ("raw.sales_sales", lambda lake: kept(lake).write_bytes(b"")),
}


def cut(lake: Path, table: str) -> None:
    entry = newest_entry(lake, table)
    entry.write_bytes(entry.read_bytes()[:150])


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_and_repaired(lake: Path, damage: str) -> None:
    table, inflict = DAMAGES[damage]
    query = ("sql", f"from {AS_OF if table == AS_OF else GOLD} order by all", "--format", "csv")
    intact = lakehouse(*query).stdout
    inflict(lake)
    status = lakehouse("status", "--domain", "sales")
    assert status.exit_code == 0, status.output
    assert f"{table} " in status.stdout
    assert "damaged" in status.stdout
    assert "lakehouse repair" in status.stdout
    reconciled = lakehouse("reconcile", "--domain", "sales")
    assert reconciled.exit_code == 1
    assert f"{table} " in reconciled.output
    for shown in (status, reconciled):
        assert "Error" not in shown.output, shown.output
        assert "Traceback" not in shown.output
    queried = lakehouse(*query)
    assert (queried.exit_code == 1 and "hint:" in queried.output) or queried.stdout == intact
    assert "Error" not in queried.output.replace("DuckDB", "")
    repaired = lakehouse("repair", "--domain", "sales")
    assert repaired.exit_code == 0, repaired.output
    assert lakehouse(*query).stdout == intact
    assert lakehouse("reconcile", "--domain", "sales", "--verify").exit_code == 0
    assert lakehouse("repair", "--domain", "sales").output.startswith("nothing is damaged")


def test_one_broken_table_does_not_hide_the_others(lake: Path) -> None:
    cut(lake, GOLD)
    day_file(lake, SILVER).unlink()
    kept(lake).unlink()
    found = lakehouse("status", "--domain", "sales").stdout
    assert all(name in found for name in (GOLD, SILVER, "raw.sales_sales", "files loaded"))
    dry = lakehouse("repair", "--dry-run")
    assert dry.exit_code == 1
    assert all(name in dry.stdout for name in (GOLD, SILVER, "raw.sales_sales"))


def test_a_kept_file_that_exists_nowhere_else_is_reported_as_lost(
    lake: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(tmp_path / "landing"))
    (tmp_path / "landing" / "sales").mkdir(parents=True)
    kept(lake).unlink()
    repaired = lakehouse("repair", "--domain", "sales")
    assert repaired.exit_code == 1
    assert "no file of the landing zone has these bytes" in repaired.output
    moved = tmp_path / "landing" / "sales" / "found" / "anything.csv"
    moved.parent.mkdir()
    for each in (built / "landing").rglob("*.csv"):
        shutil.copy(each, moved.parent / f"{each.parent.name}.csv")
    done = lakehouse("repair", "--domain", "sales")
    assert "restored from the landing zone: sales/found/" in done.output


def test_a_table_is_repaired_alone(lake: Path) -> None:
    day_file(lake, GOLD).unlink()
    day_file(lake, SILVER).unlink()
    repaired = lakehouse("repair", "--table", GOLD)
    assert repaired.exit_code == 1
    assert f"{SILVER} " in repaired.output
    assert f"{GOLD} " in lakehouse("repair", "--table", SILVER).output
    assert lakehouse("repair").exit_code == 0


def test_materialize_replaces_a_damaged_day_and_keeps_the_good_copy(lake: Path) -> None:
    flip(day_file(lake, SILVER))
    days = ("--from", DAY, "--to", DAY)
    assert lakehouse("materialize", "--table", SILVER, *days).exit_code == 0
    assert lakehouse("repair", "--domain", "sales").output.startswith("nothing is damaged")


def _flip_object(store: ObjectStore, path: str) -> None:
    data = bytearray(store.read(path))
    data[len(data) // 2] ^= 0xFF
    store.write(path, bytes(data))


def _cut_object(store: ObjectStore, path: str) -> None:
    store.write(path, store.read(path)[:150])


@pytest.mark.s3
def test_damage_on_s3_is_named_and_repaired(
    s3: S3Server, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = f"s3://{s3.bucket}/{tmp_path.name}"
    configure(monkeypatch, root, built)
    store = ObjectStore.at(root)
    for path in (built / "before").rglob("*"):
        if path.is_file():
            store.copy_in(path, path.relative_to(built / "before").as_posix())
    queries = [("sql", f"from {name} order by all", "--format", "csv") for name in (GOLD, AS_OF)]
    intact = [lakehouse(*query).stdout for query in queries]

    def newest(folder: str) -> str:
        return max(entry.path for entry in store.entries(folder))

    _flip_object(store, newest(f"silver/sales/sales/day={DAY}"))
    _flip_object(store, newest("raw/sales/objects"))
    _cut_object(store, newest("gold/sales/fact_sales/_delta_log"))
    store.delete([newest(f"gold/sales/dim_customer/day={DAY}")])
    store.delete_folder("bronze/sales/sales")
    status = lakehouse("status", "--domain", "sales")
    for table in ("raw.sales_sales", "bronze.sales_sales", SILVER, GOLD, AS_OF):
        assert f"{table} " in status.stdout, status.output
    assert lakehouse("reconcile", "--domain", "sales").exit_code == 1
    repaired = lakehouse("repair", "--domain", "sales")
    assert repaired.exit_code == 0, repaired.output
    assert [lakehouse(*query).stdout for query in queries] == intact
    assert lakehouse("reconcile", "--domain", "sales", "--verify").exit_code == 0

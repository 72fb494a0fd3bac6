"""Exports write complete files, equal for equal rows, and remove only what they wrote."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.demo.mrhealth import Plan, deliveries, reference
from lakehouse.platform.serving import export_writing
from lakehouse.platform.serving.export_writing import Exported, write_exports
from lakehouse.platform.serving.exports import Csv, Export, ExportError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings
from lakehouse_tests import lakes

MONDAY = dt.date(2026, 1, 5)
SALES = TableId("bronze", "mrhealth", "sales")
SCHEMA = pa.schema([("id", pa.int64()), ("region", pa.string()), ("amount", pa.decimal128(14, 2))])
BY_DAY = Export(
    name="by_day",
    path="sales/year={year}/day={day}/part-0.parquet",
    sql="SELECT id, region, amount, year(day) AS year, day(day) AS day FROM bronze.mrhealth_sales",
)
BY_REGION = Export(
    name="by_region",
    path="regions/{region}.csv",
    sql="SELECT id, region, amount FROM bronze.mrhealth_sales ORDER BY id DESC",
    csv=Csv(delimiter=";", bom=True, line_end="\r\n", null="NULL"),
)


def write_sales(
    lake: Lake, days: Mapping[int, Sequence[tuple[int, str | None, str | None]]]
) -> None:
    """Replace the table by sales of days after Monday."""
    tables = {
        MONDAY + dt.timedelta(days=n): pa.table(
            {
                "id": [id_ for id_, _, _ in rows],
                "region": [region for _, region, _ in rows],
                "amount": [None if amount is None else Decimal(amount) for *_, amount in rows],
            },
            schema=SCHEMA,
        )
        for n, rows in days.items()
    }
    table = lake.table(SALES)
    gone = [day for day in table.snapshot().days if day not in tables]
    table.write(tables, schema=SCHEMA, removed=gone)


def export(lake: Lake, out: str, *which: Export) -> list[Exported]:
    settings = Settings(root=lake.root, landing=f"{lake.root}-landing", threads=2)
    return list(write_exports("mrhealth", which, out, lake, settings))


def files(out: str) -> dict[str, bytes]:
    """Return path → content of every file below a root except the manifests."""
    store = ObjectStore.at(out)
    found = {entry.path: store.read(entry.path) for entry in store.entries()}
    return {path: data for path, data in sorted(found.items()) if "_lakehouse/" not in path}


def test_columns_of_the_path_are_left_out_of_the_files(lake_root: str) -> None:
    lake = Lake(f"{lake_root}/lake")
    write_sales(lake, {0: [(2, "b", "1.50"), (1, None, None)], 3: [(3, "c", "2.00")]})
    (done,) = export(lake, f"{lake_root}/out", BY_DAY)
    assert (done.files, done.rows, done.removed) == (2, 3, ())
    found = files(f"{lake_root}/out")
    assert list(found) == [
        "sales/year=2026/day=5/part-0.parquet",
        "sales/year=2026/day=8/part-0.parquet",
    ]
    monday = pq.read_table(pa.BufferReader(next(iter(found.values()))), partitioning=None)
    assert monday.to_pylist() == [
        {"id": 1, "region": None, "amount": None},
        {"id": 2, "region": "b", "amount": Decimal("1.50")},
    ]


def test_csv_has_its_dialect_and_order_and_distinguishes_null_from_equal_text(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    write_sales(lake, {0: [(1, "NULL", "1.50"), (2, "NULL", None)], 1: [(3, "São João", "0.05")]})
    one_file = Export(
        name="one_file", path="sales.csv", sql="FROM bronze.mrhealth_sales ORDER BY id", csv=Csv()
    )
    texts = Export(
        name="report",
        path="r/report.txt",
        sql="SELECT line FROM (VALUES (1, 'Olá'), (2, NULL), (3, 'fim')) AS t(n, line) ORDER BY n",
    )
    null = Export(
        name="null",
        path="null.csv",
        sql="SELECT 'a;\"b\"' AS \"x y\", NULL AS b, 'NULL' AS c, true AS d",
        csv=Csv(delimiter=";", null="NULL"),
    )
    export(lake, str(tmp_path / "out"), BY_REGION, one_file, texts, null)
    found = files(str(tmp_path / "out"))
    assert found["regions/NULL.csv"] == b"\xef\xbb\xbfid;amount\r\n2;NULL\r\n1;1.50\r\n"
    assert found["regions/São João.csv"] == b"\xef\xbb\xbfid;amount\r\n3;0.05\r\n"
    assert found["sales.csv"].decode().splitlines() == [
        "day,id,region,amount",
        "2026-01-05,1,NULL,1.50",
        "2026-01-05,2,NULL,",
        "2026-01-06,3,São João,0.05",
    ]
    assert found["r/report.txt"].decode() == "Olá\n\nfim\n"
    assert found["null.csv"] == b'x y;b;c;d\n"a;""b""";NULL;"NULL";true\n'


def test_equal_rows_give_equal_bytes_in_any_stored_order(tmp_path: Path) -> None:
    many = [(n, f"r{n % 3}", f"{n}.00") for n in range(20_000)]
    for name, days in {"one": {0: many}, "two": {0: many[::-1]}}.items():
        lake = Lake(str(tmp_path / name))
        write_sales(lake, days)
        export(lake, str(tmp_path / "out" / name), BY_DAY, BY_REGION)
    assert files(str(tmp_path / "out" / "one")) == files(str(tmp_path / "out" / "two"))
    counted = {p: d.count(b"\n") for p, d in files(str(tmp_path / "out" / "one")).items()}
    assert counted["regions/r0.csv"] == 6_668


def test_files_without_rows_are_removed_and_files_of_others_are_kept(lake_root: str) -> None:
    lake, out = Lake(f"{lake_root}/lake"), f"{lake_root}/out"
    write_sales(lake, {n: [(n, f"r{n}", "1.00")] for n in range(3)})
    export(lake, out, BY_DAY, BY_REGION)
    store = ObjectStore.at(out)
    store.write("sales/year=2026/day=5/notes.txt", b"theirs")
    store.write("regions/r2.csv", b"corrected by hand")
    write_sales(lake, {0: [(0, "r0", "2.00")]})
    by_day, by_region = export(lake, out, BY_DAY, BY_REGION)
    assert by_day.removed == (
        "sales/year=2026/day=6/part-0.parquet",
        "sales/year=2026/day=7/part-0.parquet",
    )
    assert (by_region.removed, by_region.kept) == (("regions/r1.csv",), ("regions/r2.csv",))
    assert list(files(out)) == [
        "regions/r0.csv",
        "regions/r2.csv",
        "sales/year=2026/day=5/notes.txt",
        "sales/year=2026/day=5/part-0.parquet",
    ]


def test_files_of_an_interrupted_export_are_removed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, out = Lake(str(tmp_path / "lake")), str(tmp_path / "out")
    write_sales(lake, {n: [(n, "r", "1.00")] for n in range(3)})
    written: list[Path] = []
    write_parquet = export_writing.WRITERS[".parquet"]

    def fail_at_the_second_file(to: Path, *rest: object) -> int:
        if written:
            raise KeyboardInterrupt
        written.append(to)
        return write_parquet(to, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(export_writing, "WRITERS", {".parquet": fail_at_the_second_file})
        with pytest.raises(KeyboardInterrupt):
            export(lake, out, BY_DAY)
    assert list(files(out)) == ["sales/year=2026/day=5/part-0.parquet"]
    write_sales(lake, {1: [(1, "r", "1.00")]})
    export(lake, out, BY_DAY)
    assert list(files(out)) == ["sales/year=2026/day=6/part-0.parquet"]


@pytest.mark.parametrize(
    "region",
    ["../../etc", "..", "a/b", "a\\b", "", None, "a\nb", ".hidden", "x" * 300, "_lakehouse"],
)
def test_a_value_that_is_unsafe_in_a_path_is_rejected_before_anything_is_written(
    tmp_path: Path, region: str | None
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    write_sales(lake, {0: [(1, "fine", "1.00"), (2, region, "1.00")]})
    below = Export(name="below", path="regions/{region}/sales.csv", sql=BY_REGION.sql)
    with pytest.raises(ExportError, match="export below: "):
        export(lake, str(tmp_path / "out"), below)
    assert files(str(tmp_path / "out")) == {}


def test_values_that_give_the_same_path_are_rejected(tmp_path: Path) -> None:
    ambiguous = Export(
        name="ambiguous",
        path="{a}{b}.csv",
        sql="SELECT * FROM (VALUES ('1', '23', 0), ('12', '3', 0)) AS t(a, b, n)",
    )
    with pytest.raises(ExportError, match=r"give the same path '123\.csv'"):
        export(Lake(str(tmp_path / "lake")), str(tmp_path / "out"), ambiguous)


@pytest.mark.parametrize(
    ("path", "sql", "message"),
    [
        ("../out.csv", "SELECT 1", "is not a path below its root"),
        ("/out.csv", "SELECT 1", "is not a path below its root"),
        ("_lakehouse/out.csv", "SELECT 1", "is not a path below its root"),
        ("out.xlsx", "SELECT 1", "must end in one of"),
        ("out.csv", "DROP TABLE x", "syntax error"),
        ("out.csv", "SELECT * FROM '/etc/passwd'", "export bad: "),
        ("out.txt", "SELECT 1, 2", "a .txt file has one column"),
        ("{other}.csv", "SELECT 1 AS one", "other"),
    ],
)
def test_the_error_of_an_invalid_declaration_names_the_export(
    tmp_path: Path, path: str, sql: str, message: str
) -> None:
    with pytest.raises(ExportError, match="export bad: ") as error:
        export(
            Lake(str(tmp_path / "lake")),
            str(tmp_path / "out"),
            Export(name="bad", path=path, sql=sql),
        )
    assert message in str(error.value)
    assert files(str(tmp_path / "out")) == {}


@pytest.mark.parametrize("out", ["lake", "lake/gold", "", "lake-landing/x"])
def test_an_export_into_the_lake_or_the_landing_zone_is_rejected(tmp_path: Path, out: str) -> None:
    with pytest.raises(ExportError, match="contains the other"):
        export(Lake(str(tmp_path / "lake")), str(tmp_path / out), BY_DAY)


def test_the_command_exports_every_table_of_the_domain_to_its_own_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from lakehouse.cli import main

    plan = Plan(first=MONDAY, units=2, days=1, orders_per_unit=3)
    settings = Settings(root=str(tmp_path / "lake"), landing=str(tmp_path / "landing"))
    lakes.land([*reference(plan), *deliveries(plan)], settings)
    lakes.build([MONDAY - dt.timedelta(days=1), MONDAY], settings)
    monkeypatch.setenv("LAKEHOUSE_ROOT", settings.root)
    monkeypatch.setenv("LAKEHOUSE_LANDING", settings.landing)
    out = str(tmp_path / "out")
    done = CliRunner().invoke(main, ["export", "mrhealth", out, "--format", "json"])
    assert done.exit_code == 0, done.output
    rows = {row["export"]: row["rows"] for row in json.loads(done.stdout)}
    assert list(files(out)) == [
        "dados/gold/original_lines_by_country/part-0.parquet",
        "dados/gold/original_lines_by_product/part-0.parquet",
        "dados/gold/original_lines_by_year/part-0.parquet",
        "dados/silver/original_item_lines/part-0.parquet",
    ]
    lines = pq.read_table(f"{out}/dados/silver/original_item_lines/part-0.parquet")
    assert lines.num_rows == rows["original_item_lines"] > 0
    assert lines.column_names[:3] == ["uid", "Forma de venda", "Data"]
    wrong = CliRunner().invoke(main, ["export", "mrhealth", out, "--name", "original_lines"])
    assert wrong.exit_code == 2
    assert "did you mean original_item_lines?" in wrong.output

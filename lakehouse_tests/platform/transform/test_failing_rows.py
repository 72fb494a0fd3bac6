"""A row on which the engine fails is set aside; all other rows are stored."""

import shutil
from dataclasses import replace
from pathlib import Path

import ibis.expr.types as ir
import pytest

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.declare import declare_table
from lakehouse.platform.tables.expressions import parse_int, provenance_of
from lakehouse_tests.platform import cafe
from lakehouse_tests.platform.cafe import Cafe

HUGE = "9" * 18
"""A number that is parsed, but whose square does not fit into 64 bits."""


def _squared(rows: ir.Table) -> ir.Table:
    """Visits with the square of the money spent, which overflows for large amounts."""
    spent = parse_int(rows.spent)
    return rows.select(
        **provenance_of(rows, day=rows.day),
        day=rows["_business_day"].fill_null(rows.day),
        number=parse_int(rows.number),
        spent=spent * spent,
    )


squared = declare_table(
    _squared,
    table=TableId("silver", "cafe", "visits"),
    contract=cafe.Visits,
    reads=[cafe.VISITS.bronze],
)


class SquareCafe(Cafe):
    @property
    def driver(self):
        tables = (cafe.VISITS.raw, cafe.VISITS.bronze, squared)
        domain = replace(cafe.DOMAIN, sources=(cafe.VISITS,), tables=tables)
        return replace(super().driver, domain=domain)

    def quarantine(self):
        table = Lake(self.settings.root).table(TableId("silver", "cafe", "visits", "quarantine"))
        return table.read().sort_by("line").to_pylist()


@pytest.fixture(params=["duckdb", "spark"])
def square_cafe(request, tmp_path: Path) -> SquareCafe:
    if request.param == "spark":
        pytest.importorskip("pyspark")
        if not shutil.which("java"):
            pytest.skip("no Java on this machine, so no Spark")
    return SquareCafe(tmp_path, engine=request.param)


def test_only_the_rows_that_fail_are_rejected_each_with_its_place(square_cafe) -> None:
    lines = [f"{number},2024-01-05,{number}" for number in range(1, 10)]
    lines[2] = f"3,2024-01-05,{HUGE}"
    lines[6] = f"7,2024-01-04,{HUGE}"
    square_cafe.send("2024-01-05", "visits_1.csv", *lines)
    square_cafe.process()
    kept = square_cafe.rows("silver.cafe_visits", "number", "spent")
    assert kept == [(n, n * n) for n in (1, 2, 4, 5, 6, 8, 9)]
    rejected = square_cafe.quarantine()
    assert [(row["line"], row["reasons"]) for row in rejected] == [
        (4, ["computation_failed"]),
        (8, ["computation_failed"]),
    ]
    assert all("overflow" in row["detail"].lower() for row in rejected)
    assert HUGE in rejected[0]["values"]
    assert square_cafe.balance() == {"balanced"}


def test_a_file_of_failing_rows_does_not_stop_the_day(tmp_path: Path) -> None:
    cafe = SquareCafe(tmp_path)
    cafe.send("2024-01-05", "visits_1.csv", *[f"{n},2024-01-05,{HUGE}" for n in range(20)])
    cafe.send("2024-01-05", "visits_2.csv", "99,2024-01-05,2")
    cafe.process()
    assert cafe.rows("silver.cafe_visits", "number", "spent") == [(99, 4)]
    assert len(cafe.quarantine()) == 20
    assert cafe.balance() == {"balanced"}


def test_a_corrected_file_releases_the_rows(tmp_path: Path) -> None:
    cafe = SquareCafe(tmp_path)
    cafe.send("2024-01-05", "visits_1.csv", f"1,2024-01-05,{HUGE}", "2,2024-01-05,2")
    cafe.process()
    cafe.send("2024-01-05", "visits_1.csv", "1,2024-01-05,1", "2,2024-01-05,2", hour=13)
    cafe.process()
    assert cafe.rows("silver.cafe_visits", "number", "spent") == [(1, 1), (2, 4)]
    assert cafe.quarantine() == []

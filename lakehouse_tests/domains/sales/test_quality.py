"""Each quality check of Sales gives the result that its description states."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from lakehouse.domains.sales.quality import CHECKS
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.quality.checks import Assessment, DayFacts
from lakehouse.platform.quality.evaluate import evaluate
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.sales.files import file, sale

DAY = dt.date(2023, 1, 2)
NOW = dt.datetime(2023, 1, 9, tzinfo=dt.UTC)
SOLD = {
    "id": 1,
    "region": "Sul",
    "quantity": 2,
    "unit_price": Decimal("10.00"),
    "total_value": Decimal("20.00"),
    "deleted": False,
}
SUM = {"total_sales": Decimal("20.00"), "total_quantity": 2}

Rows = Sequence[Mapping[str, Any]]


def assessed(name: str, *tables: Rows) -> Assessment:
    """Assess DAY over tables of these rows; columns that are not given are null."""
    (check,) = [check for check in CHECKS if check.name == name]
    relations = []
    for read, rows in zip(check.inputs, tables, strict=True):
        full = [{n: row.get(n) for n in read.schema.names} | {"day": DAY} for row in rows]
        relations.append(ibis.memtable(pa.Table.from_pylist(full, arrow_schema(read.schema))))
    measured = {row["day"]: row for row in check.measure(*relations).to_pyarrow().to_pylist()}
    return check.assess(
        DayFacts(day=DAY, measured=measured.get(DAY, {}), now=NOW, deadline_hours=30)
    )


@pytest.mark.parametrize(
    ("name", "rows", "result", "actual"),
    [
        ("freshness", [SOLD], "pass", "1 sales"),
        ("freshness", [], "warn", "0 sales"),
        ("uniqueness", [SOLD, SOLD | {"id": 2}], "pass", "0 repeated sales"),
        ("uniqueness", [SOLD, SOLD], "fail", "1 repeated sales"),
        ("regions", [SOLD], "pass", "0 sales elsewhere"),
        ("regions", [SOLD, SOLD | {"region": "South"}], "fail", "1 sales elsewhere"),
        ("totals", [SOLD], "pass", "0 wrong totals"),
        ("totals", [SOLD, SOLD | {"quantity": 3}], "fail", "1 wrong totals"),
    ],
)
def test_each_check_gives_the_expected_result(
    name: str, rows: Rows, result: str, actual: str
) -> None:
    found = assessed(name, rows)
    assert (found.status, found.actual) == (result, actual)


def test_totals_must_be_equal_to_the_cent_and_the_unit_without_deleted_sales() -> None:
    gone = SOLD | {"id": 2, "deleted": True}
    assert assessed("accuracy", [SOLD, gone], [SOLD], [SUM]).status == "pass"
    assert assessed("accuracy", [], [], []).status == "pass"
    wrong = assessed("accuracy", [SOLD], [SOLD, SOLD], [SUM])
    assert (wrong.status, wrong.expected, wrong.actual, wrong.details) == (
        "fail",
        "R$ 20.00 of 2 units",
        "R$ 40.00 of 4 units",
        "fact R$ 40.00 of 4 units",
    )
    assert assessed("accuracy", [SOLD], [SOLD], [SUM | {"total_quantity": 3}]).status == "fail"


def test_a_missing_optional_column_passes_and_an_undeclared_column_warns() -> None:
    usual = {"file": "a.csv", "drift": "optional columns missing, filled with null: 'operation'"}
    odd = {"file": "b.csv", "drift": "undeclared columns, kept aside: 'loja'"}
    both = {"file": "c.csv", "drift": f"{odd['drift']}; {usual['drift']}"}
    assert assessed("schema_drift", [usual]).status == "pass"
    found = assessed("schema_drift", [usual, odd, both])
    assert (found.status, found.actual) == ("warn", "2 files")


def test_a_rejected_row_makes_one_check_warn_and_the_others_pass(tmp_path: Path) -> None:
    shop = Business("sales", tmp_path)
    shop.land(f"{DAY}/sales_raw.csv", file(sale(1), sale(2, region="?")))
    shop.ingest()
    found = evaluate(CHECKS, [DAY], shop.lake, shop.settings, now=NOW)
    assert {each.check.id: str(each.assessment.status) for each in found} == {
        "gold.sales_fact_sales.freshness": "pass",
        "gold.sales_fact_sales.volume": "pass",
        "gold.sales_fact_sales.accuracy": "pass",
        "gold.sales_fact_sales.uniqueness": "pass",
        "gold.sales_fact_sales.regions": "pass",
        "gold.sales_fact_sales.totals": "pass",
        "silver.sales_sales.rejections": "warn",
        "bronze.sales_sales.books": "pass",
        "raw.sales_sales.schema_drift": "pass",
    }

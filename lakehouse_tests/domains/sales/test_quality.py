"""Each question to the tables of sales is answered as its description says."""

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
from lakehouse.platform.quality.checks import Day, Verdict, evaluate
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


def judged(name: str, *tables: Rows) -> Verdict:
    """The verdict on DAY over tables of these rows; columns that are not given are null."""
    (check,) = [check for check in CHECKS if check.name == name]
    relations = []
    for read, rows in zip(check.reads, tables, strict=True):
        full = [{n: row.get(n) for n in read.schema.names} | {"day": DAY} for row in rows]
        relations.append(ibis.memtable(pa.Table.from_pylist(full, arrow_schema(read.schema))))
    measured = {row["day"]: row for row in check.measure(*relations).to_pyarrow().to_pylist()}
    return check.judge(Day(day=DAY, measured=measured.get(DAY, {}), now=NOW, deadline_hours=30))


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
def test_a_day_is_judged(name: str, rows: Rows, result: str, actual: str) -> None:
    verdict = judged(name, rows)
    assert (verdict.result, verdict.actual) == (result, actual)


def test_totals_may_not_differ_by_a_cent_or_a_unit_and_deleted_sales_do_not_count() -> None:
    gone = SOLD | {"id": 2, "deleted": True}
    assert judged("accuracy", [SOLD, gone], [SOLD], [SUM]).result == "pass"
    assert judged("accuracy", [], [], []).result == "pass"
    wrong = judged("accuracy", [SOLD], [SOLD, SOLD], [SUM])
    assert (wrong.result, wrong.expected, wrong.actual, wrong.details) == (
        "fail",
        "R$ 20.00 of 2 units",
        "R$ 40.00 of 4 units",
        "fact R$ 40.00 of 4 units",
    )
    assert judged("accuracy", [SOLD], [SOLD], [SUM | {"total_quantity": 3}]).result == "fail"


def test_a_missing_operation_is_no_drift_and_a_column_nobody_knows_is() -> None:
    usual = {"file": "a.csv", "drift": "optional columns missing, filled with null: 'operation'"}
    odd = {"file": "b.csv", "drift": "undeclared columns, kept aside: 'loja'"}
    both = {"file": "c.csv", "drift": f"{odd['drift']}; {usual['drift']}"}
    assert judged("schema_drift", [usual]).result == "pass"
    verdict = judged("schema_drift", [usual, odd, both])
    assert (verdict.result, verdict.actual) == ("warn", "2 files")


def test_the_checks_of_a_day_with_a_bad_row_say_so_and_the_others_pass(tmp_path: Path) -> None:
    shop = Business("sales", tmp_path)
    shop.land(f"{DAY}/sales_raw.csv", file(sale(1), sale(2, region="?")))
    shop.ingest()
    found = evaluate(CHECKS, [DAY], shop.lake, shop.settings, now=NOW)
    assert {each.check.id: str(each.verdict.result) for each in found} == {
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

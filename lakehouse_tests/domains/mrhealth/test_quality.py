"""Each quality check of Mr. Health gives the results of the specification."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from ibis.backends.sql.datatypes import DuckDBType

from lakehouse.demo.files import LandedFile
from lakehouse.demo.mrhealth import Plan, deliveries, reference
from lakehouse.domains.mrhealth.quality import CHECKS
from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
from lakehouse.platform.quality.checks import Assessment, DayFacts, QualityCheck
from lakehouse.platform.quality.log import log_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings

DAY = dt.date(2024, 5, 2)
NOW = dt.datetime(2024, 5, 9, tzinfo=dt.UTC)
BY_NAME = {check.id: check for check in CHECKS}

Rows = Sequence[Mapping[str, Any]]


def check_named(name: str) -> QualityCheck:
    (found,) = [check for check in CHECKS if check.id.endswith(name)]
    return found


def assessed(
    name: str,
    *tables: Rows,
    previous: Rows = (),
    now: dt.datetime = NOW,
) -> Assessment:
    """Assess DAY over tables of these rows; columns that are not given are null."""
    check = check_named(name)
    measured = check.measure(
        *(_table(read.schema, rows) for read, rows in zip(check.inputs, tables, strict=True))
    )
    by_day = {row["day"]: row for row in measured.to_pyarrow().to_pylist()}
    return check.assess(
        DayFacts(
            day=DAY,
            measured=by_day.get(DAY, {}),
            previous=previous,
            now=now,
            deadline_hours=30,
        )
    )


def _table(schema: ibis.Schema, rows: Rows) -> ir.Table:
    full = [{name: row.get(name) for name in schema.names} | {"day": DAY} for row in rows]
    arrow = pa.schema([(name, kind.to_pyarrow()) for name, kind in schema.items()])
    return ibis.memtable(pa.Table.from_pylist(full, schema=arrow))


def orders(*numbers: int, **values: Any) -> Rows:
    return [{"unit_id": 1, "order_id": str(n), **values} for n in numbers]


def test_a_day_with_orders_is_fresh_and_a_day_without_orders_is_not() -> None:
    assert assessed("freshness", orders(1)).status == "pass"
    assert assessed("freshness", []).status == "fail"


def units(count: int) -> Rows:
    return [{"unit_id": n, "unit_name": f"Unit {n}"} for n in range(1, count + 1)]


def delivered_by(count: int, **values: bool) -> Rows:
    both = {"orders_delivered": True, "items_delivered": True}
    return [{"unit_id": n, **(both | values)} for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("active", "delivered", "result"),
    [(20, 20, "pass"), (20, 19, "warn"), (20, 18, "warn"), (20, 17, "fail"), (0, 0, "fail")],
)
def test_completeness_warns_when_up_to_a_tenth_of_the_active_units_are_missing(
    active: int, delivered: int, result: str
) -> None:
    found = assessed("completeness", units(active), delivered_by(delivered))
    assert (found.status, found.actual) == (result, f"{delivered} units")


def test_completeness_lists_the_first_twenty_missing_units_and_counts_the_rest() -> None:
    found = assessed("completeness", units(25), delivered_by(2))
    assert found.details.startswith("did not deliver: 3 Unit 3, 4 Unit 4, ")
    assert found.details.endswith("22 Unit 22 and 3 more")


def test_a_unit_that_sent_orders_without_items_counts_as_missing() -> None:
    found = assessed("completeness", units(1), delivered_by(1, items_delivered=False))
    assert (found.status, found.details) == ("fail", "did not deliver: 1 Unit 1")


def test_a_missing_delivery_is_overdue_only_after_its_deadline() -> None:
    due = dt.datetime(2024, 5, 3, 6, tzinfo=dt.UTC)
    before = assessed(
        "deliveries_complete", units(2), delivered_by(1), now=due - dt.timedelta(minutes=1)
    )
    after = assessed("deliveries_complete", units(2), delivered_by(1), now=due)
    assert (before.status, before.details) == ("pass", "not due yet: 2 Unit 2")
    assert (after.status, after.details) == ("fail", "overdue: 2 Unit 2")
    assert assessed("deliveries_complete", units(2), delivered_by(2)).status == "pass"


@pytest.mark.parametrize(
    ("gold", "result"),
    [("10.00", "pass"), ("10.01", "warn"), ("9.01", "warn"), ("9.00", "fail"), ("11.00", "fail")],
)
def test_line_totals_may_differ_by_less_than_a_real_before_accuracy_fails(
    gold: str, result: str
) -> None:
    silver = [{"line_total": Decimal("4.00")}, {"line_total": Decimal("6.00")}]
    assert assessed("accuracy", silver, [{"line_total": Decimal(gold)}]).status == result


def test_accuracy_fails_for_gold_without_silver_and_passes_an_empty_day() -> None:
    assert assessed("accuracy", [], [{"line_total": Decimal("5.00")}]).status == "fail"
    assert assessed("accuracy", [], []).status == "pass"


def test_an_order_number_may_repeat_in_another_unit_but_not_in_the_same_unit() -> None:
    assert assessed("uniqueness", (*orders(1), {"unit_id": 2, "order_id": "1"})).status == "pass"
    found = assessed("uniqueness", (*orders(1, 2), *orders(2)))
    assert (found.status, found.details) == ("fail", "1/2")


def test_a_sold_product_that_is_missing_in_the_dimension_fails() -> None:
    sold = [{"product_id": 1}, {"product_id": 7}, {"product_id": 7}]
    found = assessed("referential", sold, [{"product_id": 1}])
    assert (found.status, found.actual, found.details) == ("fail", "1 orphan products", "7")
    assert assessed("referential", sold, [{"product_id": 1}, {"product_id": 7}]).status == "pass"


@pytest.mark.parametrize(
    ("now", "result"),
    [(14, "pass"), (6, "pass"), (15, "warn"), (5, "warn"), (0, "warn")],
)
def test_a_volume_passes_up_to_two_standard_deviations_and_warns_beyond(
    now: int, result: str
) -> None:
    # 7, 9, 11, 13 and ten: mean 10, variance 20/5 = 4, deviation exactly 2
    previous = [{"rows": n} for n in (7, 9, 11, 13, 10, 10)]
    assert assessed("volume", orders(*range(now)), previous=previous).status == result


@pytest.mark.parametrize(
    ("previous", "details"),
    [
        ([], "0 earlier days are too few to compare with"),
        ([{"rows": 9}], "1 earlier days are too few to compare with"),
        ([{"rows": 9}, {"rows": 9}], "the 2 earlier days do not vary: 9 orders each"),
        ([{}, {}], "the 2 earlier days do not vary: 0 orders each"),
    ],
)
def test_a_volume_that_cannot_be_compared_passes_with_the_reason(
    previous: Rows, details: str
) -> None:
    found = assessed("volume", orders(1, 2), previous=previous)
    assert (found.status, found.details) == ("pass", details)


def test_an_empty_earlier_day_counts_as_no_orders() -> None:
    found = assessed("volume", orders(1), previous=[{}, {"rows": 2}])
    assert found.details == "1 orders; mean 1.0 of 2 earlier days"


def test_differences_between_order_values_and_items_are_counted_and_summed() -> None:
    apart = [{"reconciliation_difference": Decimal(n)} for n in ("0.00", "-1.50", "4.00")]
    found = assessed("order_value", apart)
    assert (found.status, found.actual) == ("warn", "2 orders")
    assert found.details == "their differences add up to R$ 2.50"
    assert assessed("order_value", apart[:1]).status == "pass"


def test_orders_from_the_delivery_of_another_day_are_counted_by_delivery() -> None:
    late = DAY + dt.timedelta(days=1)
    rows: Rows = (*orders(1, delivery_day=DAY), *orders(2, 3, delivery_day=late))
    found = assessed("other_day_orders", rows)
    assert (found.status, found.actual, found.details) == (
        "warn",
        "2 orders",
        "2 with 2024-05-03",
    )
    assert assessed("other_day_orders", rows[:1]).status == "pass"


@pytest.mark.parametrize("table", ["mrhealth_orders.rejections", "mrhealth_order_items.rejections"])
def test_rejected_rows_warn_with_their_reasons(table: str) -> None:
    rows = [{"reasons": ["bad_status"]}, {"reasons": ["bad_amount", "bad_status"]}] * 2
    found = assessed(table, rows)
    assert (found.status, found.actual) == ("warn", "4 rows")
    assert found.details == "bad_amount + bad_status: 2, bad_status: 2"
    assert assessed(table, []).status == "pass"


def test_an_unbalanced_file_fails_and_a_waiting_file_passes() -> None:
    wrong = {"file": "a.csv", "balance": "unbalanced", "difference": -2, "waiting": 0}
    waiting = {"file": "b.csv", "balance": "waiting", "difference": 2, "waiting": 1}
    found = assessed("books", [wrong, waiting])
    assert (found.status, found.actual) == ("fail", "1 files")
    assert found.details.endswith("a.csv: -2")
    passed = assessed("books", [waiting])
    assert (passed.status, passed.details) == (
        "pass",
        "1 of 1 files wait for other business days",
    )
    assert assessed("books", []).status == "pass"


def test_changed_columns_warn_with_the_file_and_the_difference() -> None:
    files: list[dict[str, object]] = [
        {"file": "a.csv", "drift": None},
        {"file": "b.csv", "drift": "a column more"},
    ]
    for dataset in ("orders", "order_items", "products", "units", "states", "countries"):
        found = assessed(f"raw.mrhealth_{dataset}.schema_drift", files)
        assert (found.status, found.details) == ("warn", "b.csv: a column more")
        assert assessed(f"raw.mrhealth_{dataset}.schema_drift", files[:1]).status == "pass"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_the_logged_sql_runs_on_the_table_names_of_the_lake(check: QualityCheck) -> None:
    database = duckdb.connect()
    for read in check.inputs:
        columns = ", ".join(f'"{n}" {DuckDBType.to_string(k)}' for n, k in read.schema.items())
        database.execute(f"CREATE SCHEMA IF NOT EXISTS {read.id.layer}")
        database.execute(f"CREATE TABLE {read.id.name} ({columns})")
    assert database.execute(check.sql).fetchall() == []


FIRST = dt.date(2024, 5, 1)
DAYS = [FIRST + dt.timedelta(days=n) for n in range(5)]
MISSING = "mrhealth/2024-05-03/unidade_002/"


class Runs:
    """The code location over one landing zone and one lake."""

    def __init__(self, defs: dg.Definitions) -> None:
        self.defs = defs
        self.settings = Settings.from_env()
        self.lake = Lake(self.settings.root)
        self.instance = dg.DagsterInstance.ephemeral()

    def land(self, files: Sequence[LandedFile]) -> None:
        for file in files:
            path = Path(self.settings.landing) / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)

    def run(
        self, job: str, first: dt.date, last: dt.date, *, succeeds: bool = True
    ) -> dict[tuple[str, dt.date], dg.AssetCheckEvaluation]:
        """Results of the quality checks by id and day."""
        done = self.defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            tags={
                "dagster/asset_partition_range_start": first.isoformat(),
                "dagster/asset_partition_range_end": last.isoformat(),
            },
        )
        assert done.success is succeeds
        found = {}
        for event in done.get_asset_check_evaluations():
            layer, domain, table = event.asset_key.path
            key = f"{TableId(layer, domain, table).name}.{event.check_name}"
            if key in BY_NAME:
                day = dt.date.fromisoformat(str(event.partition))
                assert (key, day) not in found, "one result per check and day"
                found[key, day] = event
        return found

    def log(self) -> dict[tuple[dt.date, str], Mapping[str, Any]]:
        rows = self.lake.table(log_of("mrhealth")).read().to_pylist()
        return {(row["day"], row["check_id"]): row for row in rows}


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return dg.Definitions.merge(
        shared_definitions(), definitions_of(load_domain("mrhealth"), Settings())
    )


@pytest.fixture
def runs(defs: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("LAKEHOUSE_QUIET_SECONDS", "0")
    return Runs(defs)


def test_a_missing_unit_is_named_and_the_check_passes_once_its_files_arrive(runs: Runs) -> None:
    plan = Plan(units=3, first=FIRST, days=len(DAYS), orders_per_unit=4, errors=0)
    files = [*reference(plan), *deliveries(plan)]
    late_files = [file for file in files if file.path.startswith(MISSING)]
    assert late_files
    overdue, complete = (
        "silver.mrhealth_deliveries.deliveries_complete",
        "gold.mrhealth_unit_day.completeness",
    )

    runs.land([file for file in files if file not in late_files])
    found = runs.run("mrhealth_arrivals", DAYS[0], DAYS[-1])
    assert set(found) == {(name, day) for name in BY_NAME for day in DAYS}
    log = runs.log()
    assert len(log) == len(DAYS) * len(CHECKS)
    failing = {(str(day), name) for (day, name), row in log.items() if row["result"] == "fail"}
    assert failing == {("2024-05-03", overdue), ("2024-05-03", complete)}
    assert "2 Mr Health" in log[DAYS[2], overdue]["details"]
    failed = {(str(day), name) for (name, day), each in found.items() if not each.passed}
    assert failing <= failed
    assert found[overdue, DAYS[2]].severity is dg.AssetCheckSeverity.ERROR
    assert "2 Mr Health" in str(found[overdue, DAYS[2]].metadata["details"].value)
    assert found[overdue, DAYS[-1]].passed

    runs.land(late_files)
    found = runs.run("mrhealth_arrivals", DAYS[2], DAYS[2])
    assert found[overdue, DAYS[2]].passed
    assert found[complete, DAYS[2]].passed
    again = runs.log()
    assert again[DAYS[2], overdue]["result"] == "pass"
    assert again[DAYS[1], overdue] == log[DAYS[1], overdue]

    next_day = DAYS[-1] + dt.timedelta(days=1)
    version = runs.lake.table(TableId("gold", "mrhealth", "fact_orders")).snapshot().version
    found = runs.run("mrhealth_data_quality", DAYS[-1], next_day)
    late = found[overdue, next_day].metadata
    assert (late["result"].value, str(late["found"].value)[:9]) == ("fail", "3 overdue")
    shown = runs.lake.table(TableId("gold", "mrhealth", "fact_orders")).snapshot()
    assert shown.version == version, "evaluating checks changes no table"


def test_a_day_whose_gold_lost_rows_fails_its_run_and_keeps_the_log(runs: Runs) -> None:
    items = pa.table({"line_total": pa.array([Decimal("5.00")], pa.decimal128(18, 2))})
    for read in check_named("accuracy").inputs:
        full = {
            name: items[name] if name in items.column_names else pa.nulls(1, kind.to_pyarrow())
            for name, kind in read.schema.items()
            if name != "day"
        }
        rows = pa.table(full)
        kept = rows if read.id.layer == "silver" else rows.slice(0, 0)
        runs.lake.table(read.id).write({FIRST: kept}, schema=rows.schema)
    found = runs.run("mrhealth_data_quality", FIRST, FIRST, succeeds=False)
    assert not found["gold.mrhealth_fact_order_items.accuracy", FIRST].passed
    row = runs.log()[FIRST, "gold.mrhealth_fact_order_items.accuracy"]
    assert (row["result"], row["expected_value"], row["actual_value"]) == (
        "fail",
        "R$ 5.00",
        "R$ 0.00",
    )

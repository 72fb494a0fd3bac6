"""Features that are known before a day begins, compared with plain SQL."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.demo.sales import Plan, deliveries
from lakehouse.domains.sales.gold.fact_sales import fact_sales
from lakehouse.domains.sales.gold.forecast_features import calendar, forecast_features
from lakehouse.platform.engines.duckdb import DuckDBSession
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.settings import Settings
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.sales.files import HEADER, SAMPLE

Row = dict[str, Any]
Features = Callable[[list[Row]], dict[dt.date, Row]]

FACT = arrow_schema(fact_sales.contract.schema)
TARGETS = ("total_sales", "total_quantity")
FIRST = dt.date(2023, 1, 1)
PLAIN = """
WITH d AS (
    SELECT CAST(range AS DATE) AS day
    FROM range((SELECT min(day) FROM s), (SELECT max(day) FROM s) + INTERVAL 2 DAY, INTERVAL 1 DAY)
), m AS (
    SELECT CAST(date_trunc('month', day) AS DATE) AS month, sum(total_value) AS v,
        sum(quantity) AS q
    FROM s GROUP BY 1
)
SELECT d.day,
    CASE WHEN d.day <= (SELECT max(day) FROM s)
        THEN (SELECT coalesce(sum(total_value), 0) FROM s WHERE s.day = d.day) END,
    CASE WHEN d.day <= (SELECT max(day) FROM s)
        THEN (SELECT coalesce(sum(quantity), 0) FROM s WHERE s.day = d.day) END,
    {averages},
    {trends},
    month(d.day), day(d.day), isodow(d.day), isodow(d.day) IN (6, 7)
FROM d ORDER BY d.day
"""
"""A second implementation: each figure of a day is a query over the rows of earlier days."""


def plain(s: pa.Table) -> list[tuple[Any, ...]]:
    """Return the features by correlated subqueries, one for each figure."""
    connection = duckdb.connect()
    connection.register("s", s)
    what = {
        "sales": "sum(total_value)",
        "quantity": "sum(quantity)",
        "customers": "count(DISTINCT (s.day, customer_id))",
        "products": "count(DISTINCT (s.day, product_id))",
        "regions": "count(DISTINCT (s.day, region))",
    }
    lengths = [("sales", 7), ("sales", 30), ("quantity", 7), ("quantity", 30)]
    lengths += [(name, 30) for name in ("customers", "products", "regions")]
    averages = ", ".join(
        f"CASE WHEN d.day - (SELECT min(day) FROM s) >= {length} THEN (SELECT"
        f" coalesce({what[name]}, 0) FROM s WHERE s.day < d.day AND s.day >= d.day - {length})"
        f" / {length}.0 END"
        for name, length in lengths
    )
    trends = ", ".join(
        f"(SELECT 100 * coalesce((SELECT {x} FROM m WHERE month = date_trunc('month', d.day)"
        f" - INTERVAL 1 MONTH), 0) / CAST(p.{x} AS DOUBLE) - 100 FROM m AS p"
        f" WHERE p.month = date_trunc('month', d.day) - INTERVAL 13 MONTH"
        f" AND p.month >= (SELECT min(day) FROM s))"
        for x in ("v", "q")
    )
    return connection.execute(PLAIN.format(averages=averages, trends=trends)).fetchall()


def agree(made: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> bool:
    """Compare rows; numbers with four decimals, the precision of the table."""
    return [[rounded(v) for v in row] for row in made] == [
        [rounded(v, exact) for v, exact in zip(row, mine, strict=True)]
        for row, mine in zip(expected, made, strict=True)
    ]


def rounded(value: Any, beside: Any = None) -> Any:
    """Round to four decimals; a number on the edge equals the number it is compared with."""
    if isinstance(value, float | Decimal):
        if beside is not None and abs(float(value) - float(beside)) <= 0.00005000001:
            return rounded(beside)
        return round(float(value), 4)
    return value


@pytest.fixture(scope="module")
def features() -> Iterator[Features]:
    """Return the features of some sales by day."""
    session = DuckDBSession(Settings(), s3=False)

    def made(sales: list[Row]) -> dict[dt.date, Row]:
        session.arrow("gold__sales__fact_sales", pa.Table.from_pylist(sales, schema=FACT))
        session.arrow("partitions", pa.table({"day": pa.array([FIRST], pa.date32())}))
        rows = session.table(forecast_features.expression.drop("day")).to_pylist()
        return {row["date"]: row for row in rows}

    yield made
    session.close()


def sale(day: dt.date, cents: int = 2000, quantity: int = 2, **values: Any) -> Row:
    """One sale; by default 2 pieces for BRL 20.00."""
    filled = dict.fromkeys(FACT.names, 1)
    return filled | {
        "day": day,
        "sale_date": day,
        "region": "Sul",
        "unit_price": Decimal(1),
        "total_value": Decimal(cents).scaleb(-2),
        "quantity": quantity,
        **values,
    }


def on(*offsets: int, **values: Any) -> list[Row]:
    """Return sales on days counted from the first one."""
    return [sale(FIRST + dt.timedelta(days=n), **values) for n in offsets]


@st.composite
def many_sales(draw: st.DrawFn) -> list[Row]:
    """Generate sales of up to three years with months without sales."""
    start = draw(st.integers(0, 40))
    days = draw(st.lists(st.integers(0, 1000), min_size=1, max_size=60))
    return [
        sale(
            FIRST + dt.timedelta(days=start + n),
            cents=draw(st.integers(1, 10**7)),
            quantity=draw(st.integers(1, 10)),
            customer_id=draw(st.integers(1, 4)),
            product_id=draw(st.integers(1, 3)),
            region=draw(st.sampled_from(["Sul", "Norte"])),
        )
        for n in days
    ]


@settings(deadline=None, max_examples=40)
@given(sales=many_sales())
def test_features_equal_plain_sql_for_any_sales(features: Features, sales: list[Row]):
    made = [tuple(row.values()) for row in features(sales).values()]
    assert agree(made, plain(pa.Table.from_pylist(sales, schema=FACT)))


@settings(deadline=None, max_examples=30)
@given(sales=many_sales(), others=many_sales(), data=st.data())
def test_sales_of_a_day_or_later_change_no_feature_of_the_day(
    features: Features, sales: list[Row], others: list[Row], data: st.DataObject
):
    day = data.draw(st.sampled_from([row["day"] for row in sales]))
    before = [row for row in sales if row["day"] < day]
    greater = [{**row, "total_value": Decimal(10**6), "quantity": 999} for row in sales]
    known = known_on(features(sales), day)
    for later in (greater, [*greater, *others], others, []):
        changed = known_on(features([*before, *(r for r in later if r["day"] >= day)]), day)
        assert changed == {each: known[each] for each in changed if each in known}
        assert later is not greater or changed == known, "the same days are there"


def known_on(rows: dict[dt.date, Row], day: dt.date) -> dict[dt.date, Row]:
    """Return the features of each day up to this one, without its sales."""
    return {
        each: {name: value for name, value in row.items() if name not in TARGETS}
        for each, row in rows.items()
        if each <= day
    }


def test_averages_exclude_the_day_itself(features: Features):
    rows = features([*on(*range(7), cents=700), *on(7, cents=10**6)])
    eighth = rows[FIRST + dt.timedelta(days=7)]
    assert eighth["sales_ma_7"] == 7
    assert eighth["total_sales"] == 10_000
    assert rows[FIRST + dt.timedelta(days=6)]["sales_ma_7"] is None
    assert rows[FIRST + dt.timedelta(days=8)]["sales_ma_7"] == Decimal("1434.5714")


def test_days_without_sales_are_rows_and_count_as_zero(features: Features):
    rows = features(on(0, 14, cents=1400, quantity=7))
    assert list(rows) == [FIRST + dt.timedelta(days=n) for n in range(16)]
    assert rows[FIRST + dt.timedelta(days=9)]["total_sales"] == 0
    assert rows[FIRST + dt.timedelta(days=7)]["quantity_ma_7"] == 1
    assert rows[FIRST + dt.timedelta(days=8)]["quantity_ma_7"] == 0


def test_the_last_row_is_the_day_after_the_last_sale_with_unknown_sales(
    features: Features,
):
    *_, last = features(on(0, 1)).values()
    assert last["date"] == FIRST + dt.timedelta(days=2)
    assert (last["total_sales"], last["total_quantity"]) == (None, None)


def test_without_sales_the_features_are_empty(features: Features):
    assert features([]) == {}


def test_a_trend_without_the_same_month_one_year_earlier_is_null(
    features: Features,
):
    january, year_later = sale(dt.date(2023, 1, 1), 10_000), sale(dt.date(2024, 1, 20), 15_000)
    rows = features([january, year_later, sale(dt.date(2024, 4, 1))])
    trends = {day: row["sales_trend_pct"] for day, row in rows.items()}
    assert {trends[day] for day in trends if day < dt.date(2024, 2, 1)} == {None}
    assert {trends[day] for day in trends if (day.year, day.month) == (2024, 2)} == {Decimal(50)}
    assert trends[dt.date(2024, 3, 1)] is None, "February 2023 had no sales"


def test_a_trend_over_a_month_with_next_to_no_sales_is_null(features: Features):
    most = {"cents": 10**10 - 1, "quantity": 2**31 - 1}
    sales = [sale(dt.date(2023, 1, 1), 1, quantity=1)]
    sales += [sale(dt.date(2024, 1, day), **most) for day in range(1, 30) for _ in range(4)]
    rows = features([*sales, sale(dt.date(2024, 2, 1))])
    last = rows[dt.date(2024, 2, 1)]
    assert last["sales_trend_pct"] is None
    assert last["quantity_trend_pct"] is None
    assert last["sales_ma_7"] > 0


def test_a_month_with_a_later_first_sale_is_not_compared(features: Features):
    rows = features(
        [sale(dt.date(2023, 1, 2)), sale(dt.date(2024, 1, 2)), sale(dt.date(2024, 2, 1))]
    )
    assert {row["sales_trend_pct"] for row in rows.values()} == {None}


def test_a_customer_counts_once_per_day(features: Features):
    sales = [*on(*range(30), customer_id=1), *on(*range(30), customer_id=1), *on(3, customer_id=2)]
    row = features(sales)[FIRST + dt.timedelta(days=30)]
    assert row["customers_ma_30"] == Decimal("1.0333")
    assert row["products_ma_30"] == 1


def test_the_calendar_has_future_days(features: Features):
    rows = features(on(0, 9)).values()
    session = DuckDBSession(Settings(), s3=False)
    session.arrow("days", pa.table({"date": [row["date"] for row in rows]}))
    days = ibis.table({"date": "date"}, name="days")
    computed = session.table(days.select("date", **calendar(days.date))).to_pylist()
    session.close()
    assert computed == [{name: row[name] for name in computed[0]} for row in rows]


@pytest.mark.parametrize("which", ["sample", "generated"])
def test_features_of_received_files_equal_plain_sql_over_the_fact(which: str, tmp_path: Path):
    shop = Business("sales", tmp_path)
    if which == "sample":
        if not SAMPLE.is_file():
            pytest.skip("no sample file at ../shared/data/sales")
        shop.land("2024-01-02/sales_raw.csv", SAMPLE.read_bytes())
    else:
        files = deliveries(Plan(days=500, scale=0.04, errors=0))
        lines = [line for file in files for line in file.data.decode().splitlines()[1:]]
        shop.land("2024-06-01/sales_all.csv", "\n".join([HEADER, *lines, ""]))
    shop.ingest()
    made = shop.rows("select * exclude (day) from gold.sales_forecast_features order by date")
    names = ["day", "customer_id", "product_id", "region", "quantity", "total_value"]
    rows = shop.rows(f"select {', '.join(names)} from gold.sales_fact_sales")
    facts = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])
    assert agree(made, plain(facts))
    trends = {row[10] for row in made}
    assert (trends == {None}) == (which == "sample"), "the sample has one year"

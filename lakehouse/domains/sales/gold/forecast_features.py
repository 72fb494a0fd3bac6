"""Features of each day that are known before the day begins, to forecast its sales."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.sales import SPEC
from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import rate

DAYS = 36_525
"""Length of the calendar in days, from the first day of the domain on: a hundred years."""
WEEK, MONTH = 7, 30
"""Lengths of the moving averages in calendar days."""
MOST_TIMES = 1e10
"""How many times the value of the earlier month a trend can show."""


class ForecastFeatures(TableModel, key=("date",)):
    """One calendar day: its sales, and what was known when it began."""

    date: dt.date = pa.Field(
        description="Date; every day from the first sale to the day after the last sale"
    )
    total_sales: Decimal(18, 2) = pa.Field(
        nullable=True,
        ge=0,
        description=(
            "Value sold in BRL, to be forecast; 0 without sales; null on the day"
            " after the last sale"
        ),
    )
    total_quantity: int = pa.Field(
        nullable=True,
        ge=0,
        description=(
            "Number of pieces sold, to be forecast; 0 without sales; null on the"
            " day after the last sale"
        ),
    )
    sales_ma_7: Decimal(18, 4) = pa.Field(
        nullable=True,
        description="Mean total_sales in BRL of the 7 days before; null for the first 7 days",
    )
    sales_ma_30: Decimal(18, 4) = pa.Field(
        nullable=True,
        description="Mean total_sales in BRL of the 30 days before; null for the first 30 days",
    )
    quantity_ma_7: Decimal(18, 4) = pa.Field(
        nullable=True,
        description="Mean number of pieces of the 7 days before; null for the first 7 days",
    )
    quantity_ma_30: Decimal(18, 4) = pa.Field(
        nullable=True,
        description="Mean number of pieces of the 30 days before; null for the first 30 days",
    )
    customers_ma_30: Decimal(18, 4) = pa.Field(
        nullable=True,
        description=(
            "Mean number of distinct customers per day over the 30 days before;"
            " null for the first 30 days"
        ),
    )
    products_ma_30: Decimal(18, 4) = pa.Field(
        nullable=True,
        description=(
            "Mean number of distinct products per day over the 30 days before; null"
            " for the first 30 days"
        ),
    )
    regions_ma_30: Decimal(18, 4) = pa.Field(
        nullable=True,
        description=(
            "Mean number of distinct regions per day over the 30 days before; null"
            " for the first 30 days"
        ),
    )
    sales_trend_pct: Decimal(18, 4) = pa.Field(
        nullable=True,
        description=(
            "Value sold in the last complete month before the day, in percent"
            " above the same month one year earlier; null when that month is not completely"
            " known, had no sales or less than a ten-billionth"
        ),
    )
    quantity_trend_pct: Decimal(18, 4) = pa.Field(
        nullable=True,
        description=(
            "Number of pieces sold in the last complete month before the day, in"
            " percent above the same month one year earlier; null when that month is not"
            " completely known, had no sales or less than a ten-billionth"
        ),
    )
    month: int = pa.Field(description="Month of the day, 1 to 12")
    day_of_month: int = pa.Field(description="Day of the month, 1 to 31")
    day_of_week: int = pa.Field(description="ISO weekday, 1 (Monday) to 7 (Sunday)")
    is_weekend: bool = pa.Field(description="True on Saturday and Sunday")


def calendar(day: ir.DateValue) -> dict[str, ir.Value]:
    """Return the features of a day that depend on its date alone and are known for future days.

    National holidays are not included: the source does not tell on which days the shop is closed.
    """
    weekday = day.day_of_week.index().cast("int64") + 1
    return {
        "month": day.month().cast("int64"),
        "day_of_month": day.day().cast("int64"),
        "day_of_week": weekday,
        "is_weekend": weekday >= 6,
    }


def _by_day(sales: ir.Table) -> ir.Table:
    """Return the sums of every calendar day from the first sale to the day after the last sale."""
    sums = sales.group_by("day").agg(
        total_sales=sales.total_value.sum().cast("decimal(18, 2)"),
        total_quantity=sales.quantity.sum().cast("int64"),
        customers=sales.customer_id.nunique(),
        products=sales.product_id.nunique(),
        regions=sales.region.nunique(),
    )
    numbers = ibis.range(0, DAYS).unnest().name("n").as_table()
    every = numbers.select(day=(ibis.literal(SPEC.since) + numbers.n.as_interval("D")).cast("date"))
    ends = sums.agg(first_sale=sums.day.min(), last_sale=sums.day.max())
    every = every.cross_join(ends)  # many days to one row
    after_last = (every.last_sale + ibis.interval(days=1)).cast("date")
    every = every.filter(every.day.between(every.first_sale, after_last))
    spine = every.left_join(sums, "day")  # one day to at most one sum
    return spine.select(
        "day",
        "first_sale",
        "last_sale",
        total_sales=spine.total_sales.fill_null(0).cast("decimal(18, 2)"),
        **{
            name: spine[name].fill_null(0)
            for name in ("total_quantity", "customers", "products", "regions")
        },
    )


def _mean_before(
    value: ir.NumericColumn, before: ir.IntegerColumn, day: ir.DateColumn, length: int
) -> ir.DecimalValue:
    """Return the mean over the days before a day; null while there are fewer days."""
    window = ibis.window(order_by=day, preceding=(length, 1))
    kind = "decimal(18, 2)" if value.type().is_decimal() else "int64"
    days = ibis.ifelse(before >= length, ibis.literal(length, "int64"), ibis.null("int64"))
    return rate(value.sum().over(window).cast(kind), days)


def _month(day: ir.DateValue) -> ir.IntegerValue:
    """Return the number of the month, counted over the years."""
    return (day.year() * 12 + day.month()).cast("int64")


def _trends(days: ir.Table) -> ir.Table:
    """Return for each month how far its value is above the same month one year earlier, in %.

    The earlier month must be known from its first day on: the first sale is rarely on the first day
    of a month, and a part of a month cannot be compared with a complete one.
    """
    in_month = days.mutate(trend_month=_month(days.day))
    months = in_month.group_by("trend_month").agg(
        sales=(in_month.total_sales.sum() * 100).cast("decimal(38, 0)").cast("int64"),
        quantity=in_month.total_quantity.sum().cast("int64"),
        first=in_month.day.min(),
    )
    year_before = months.filter(months.first.day() == 1).select(
        trend_month=months.trend_month + 12,
        sales_before=months.sales,
        quantity_before=months.quantity,
    )
    both = months.left_join(year_before, "trend_month")  # one month to at most one
    return both.select(
        "trend_month",
        sales_trend_pct=_above(both.sales, both.sales_before),
        quantity_trend_pct=_above(both.quantity, both.quantity_before),
    )


def _above(now: ir.IntegerValue, then: ir.IntegerValue) -> ir.DecimalValue:
    """Return how far one number is above another in %; null without another to compare with.

    The other is 0, null, or less than a ten-billionth, so that the percentage says nothing and does
    not fit its column.
    """
    is_comparable = now.cast("float64") <= then.cast("float64") * MOST_TIMES
    comparable = is_comparable.ifelse(then, ibis.null("int64"))
    return (rate(now * 100, comparable) - 100).cast("decimal(18, 4)")


@gold_as_of(contract=ForecastFeatures, reads=[sales_fact])
def forecast_features(sales: ir.Table) -> ir.Table:
    """Sales and features of every calendar day; days without sales count as 0.

    The features of a day depend on earlier days and on the date alone, so later sales never change
    them. A late sale changes the features of many days.
    """
    days = _by_day(sales)
    before = ibis.row_number().over(order_by=days.day)
    days = days.mutate(
        **{
            f"{name}_ma_{length}": _mean_before(days[column], before, days.day, length)
            for name, column, length in (
                ("sales", "total_sales", WEEK),
                ("sales", "total_sales", MONTH),
                ("quantity", "total_quantity", WEEK),
                ("quantity", "total_quantity", MONTH),
                ("customers", "customers", MONTH),
                ("products", "products", MONTH),
                ("regions", "regions", MONTH),
            )
        },
        last_whole_month=_month(days.day) - 1,
    )
    trends = _trends(days)
    rows = days.left_join(trends, days.last_whole_month == trends.trend_month)  # many to one month
    sold = rows.day <= rows.last_sale
    return rows.select(
        date=rows.day,
        total_sales=ibis.ifelse(sold, rows.total_sales, ibis.null("decimal(18, 2)")),
        total_quantity=ibis.ifelse(sold, rows.total_quantity, ibis.null("int64")),
        **{name: rows[name] for name in days.columns if "_ma_" in name},
        sales_trend_pct=rows.sales_trend_pct,
        quantity_trend_pct=rows.quantity_trend_pct,
        **calendar(rows.day),
    ).order_by("date")

"""Figures of Sales in plain SQL, which the audit compares with what is stored."""

from lakehouse.platform.forecasting.control_totals import complete_and_ordered
from lakehouse.platform.tables.control_total import ControlTotal

NAMES = {"dim_product": "product_id", "dim_seller": "seller_id", "dim_customer": "customer_id"}


def _number(text: str, kind: str = "bigint") -> str:
    """Return SQL that reads a number; nothing but digits, sign and decimal mark counts."""
    digits = f"regexp_replace(replace({text}, ',', '.'), '[^0-9.-]', '', 'g')"
    return f"try_cast({digits} as {kind})"


CONTROL_TOTALS = (
    complete_and_ordered("gold.demand_forecast", ["product_id", "region"]),
    ControlTotal(
        table="silver.sales",
        expected=f"""
            select day, {_number("id")} as id, {_number("product_id")} as product_id,
                {_number("customer_id")} as customer_id, {_number("seller_id")} as seller_id,
                {_number("quantity")} as quantity,
                {_number("unit_price", "decimal(18, 2)")} as unit_price,
                {_number("total_value", "decimal(18, 2)")} as total_value,
                coalesce(lower(trim(operation)) = 'delete', false) as deleted
            from kept.sales""",
        found="""
            select day, id, product_id, customer_id, seller_id, quantity, unit_price, total_value,
                deleted
            from silver.sales""",
    ),
    ControlTotal(
        table="silver.sales",
        expected="""
            select day, id from silver.sales
            where total_value != quantity * unit_price or sale_date != day""",
        found="select day, id from silver.sales where false",
    ),
    ControlTotal(
        table="gold.fact_sales",
        expected="""
            select day, id, product_id, customer_id, seller_id, region, quantity, unit_price,
                total_value, strftime(day, '%Y%m%d')::bigint as date_key
            from silver.sales where not deleted""",
        found="""
            select day, id, product_id, customer_id, seller_id, region, quantity, unit_price,
                total_value, date_key
            from gold.fact_sales""",
    ),
    ControlTotal(
        table="gold.daily_sales",
        expected="""
            select day, sum(quantity * unit_price) as total_sales, sum(quantity) as total_quantity
            from silver.sales where not deleted group by day""",
        found="select day, total_sales, total_quantity from gold.daily_sales",
    ),
    ControlTotal(
        table="gold.dim_date",
        expected="""
            select distinct day, year(day) as year, month(day) as month from silver.sales
            where not deleted""",
        found="select day, year, month from gold.dim_date",
    ),
    ControlTotal(
        table="gold.monthly_sales",
        expected="""
            select year(day) as year, month(day) as month,
                sum(quantity * unit_price) as total_sales, sum(quantity) as total_quantity
            from silver.sales where not deleted group by all""",
        found="select year, month, total_sales, total_quantity from gold.monthly_sales",
    ),
    ControlTotal(
        table="gold.monthly_sales_detail",
        expected="""
            select year(day) as year, month(day) as month,
                sum(quantity * unit_price) as total_sales, sum(quantity) as total_quantity
            from silver.sales where not deleted group by all""",
        found="""
            select year, month, sum(total_sales) as total_sales, sum(total_quantity) as quantity
            from gold.monthly_sales_detail group by all""",
    ),
    ControlTotal(
        table="gold.dim_customer_region",
        expected="""
            select customer_id, region, count(*) as sales from silver.sales where not deleted
            group by all""",
        found="select customer_id, region, sales from gold.dim_customer_region",
    ),
    *(
        ControlTotal(
            table=f"gold.{table}",
            expected=f"select distinct {column} from silver.sales where not deleted",
            found=f"select {column} from gold.{table}",
        )
        for table, column in NAMES.items()
    ),
    ControlTotal(
        table="gold.alerts",
        expected="""
            select a.alert_id, coalesce(sum(total_value), 0) as actual
            from gold.alerts a left join silver.sales s
                on not s.deleted and s.day = a.last_day
                and (a.region is null or s.region = a.region)
            where a.kind in ('no_sales', 'region_silent') group by a.alert_id""",
        found="""
            select alert_id, actual from gold.alerts
            where kind in ('no_sales', 'region_silent')""",
    ),
)

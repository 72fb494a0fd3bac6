"""Figures of the bike shop in plain SQL, which the audit compares with what is stored."""

from lakehouse.platform.tables.control_total import ControlTotal

_ORDERS = "sales_order_id, customer_id, sub_total, tax_amt, freight, total_due"
_LINES = "sales_order_id, sales_order_detail_id, product_id, order_qty, unit_price, line_total"
_OFFERED = """
    semi join (
        from silver.special_offer_products
        where day = (select max(day) from silver.special_offer_products)
    ) using (special_offer_id, product_id)
"""
_NEWEST_PRODUCTS = "(from silver.products where day = (select max(day) from silver.products))"
_PERSONS = """
    select customer_id, concat_ws(' ', first_name, middle_name, last_name) as customer_name
    from silver.customers c join silver.persons p on p.business_entity_id = c.person_id
    where c.day = (select max(day) from silver.customers)
    and p.day = (select max(day) from silver.persons)
"""


def _amount(text: str) -> str:
    """Return SQL that reads an amount; nothing but digits, sign and decimal mark counts."""
    digits = f"regexp_replace(replace({text}, ',', '.'), '[^0-9.-]', '', 'g')"
    return f"try_cast({digits} as decimal(38, 6))"


def _number(text: str) -> str:
    """Return SQL that reads a whole number."""
    return f"try_cast(regexp_replace({text}, '[^0-9-]', '', 'g') as bigint)"


_QUESTION_4 = f"""
    select product_id, p.name, h.order_date, sum(order_qty) as order_qty
    from silver.order_details d join silver.order_headers h using (sales_order_id)
    join {_NEWEST_PRODUCTS} p using (product_id) group by all
"""
_QUESTION_5 = """
    from silver.order_headers
    where order_date >= '2011-09-01' and order_date < '2011-10-01' and total_due > 1000
"""

CONTROL_TOTALS = (
    ControlTotal(
        table="silver.order_headers",
        expected=f"""
            select day, {_number("SalesOrderID")} as sales_order_id,
                {_number("CustomerID")} as customer_id, {_amount("SubTotal")} as sub_total,
                {_amount("TaxAmt")} as tax_amt, {_amount("Freight")} as freight,
                {_amount("TotalDue")} as total_due
            from kept.order_headers""",
        found=f"select day, {_ORDERS} from silver.order_headers",
    ),
    ControlTotal(
        table="silver.order_details",
        expected=f"""
            select day, {_number("SalesOrderID")} as sales_order_id,
                {_number("SalesOrderDetailID")} as sales_order_detail_id,
                {_number("ProductID")} as product_id, {_number("OrderQty")} as order_qty,
                {_amount("UnitPrice")} as unit_price, {_amount("LineTotal")} as line_total
            from kept.order_details""",
        found=f"select day, {_LINES} from silver.order_details",
    ),
    ControlTotal(
        table="silver.products",
        expected=f"""
            select day, {_number("ProductID")} as product_id, {_amount("ListPrice")} as list_price,
                {_amount("StandardCost")} as standard_cost
            from kept.products""",
        found="select day, product_id, list_price, standard_cost from silver.products",
    ),
    ControlTotal(
        table="silver.customers",
        expected=f"""
            select day, {_number("CustomerID")} as customer_id, {_number("PersonID")} as person_id
            from kept.customers""",
        found="select day, customer_id, person_id from silver.customers",
    ),
    ControlTotal(
        table="silver.persons",
        expected=f"select day, {_number('BusinessEntityID')} as person from kept.persons",
        found="select day, business_entity_id as person from silver.persons",
    ),
    ControlTotal(
        table="silver.special_offer_products",
        expected=f"""
            select day, {_number("SpecialOfferID")} as offer, {_number("ProductID")} as product
            from kept.special_offer_products""",
        found="""
            select day, special_offer_id as offer, product_id as product
            from silver.special_offer_products""",
    ),
    ControlTotal(
        table="gold.fact_orders",
        expected=f"select day, {_ORDERS} from silver.order_headers",
        found=f"select day, {_ORDERS} from gold.fact_orders",
    ),
    ControlTotal(
        table="gold.fact_order_lines",
        expected=f"""
            select d.day, {_LINES}, h.order_date, h.customer_id
            from silver.order_details d left join silver.order_headers h using (sales_order_id)""",
        found=f"select day, {_LINES}, order_date, customer_id from gold.fact_order_lines",
        all_days=True,
    ),
    ControlTotal(
        table="gold.order_day",
        expected="""
            select day, count(*) as orders, count(*) filter (online_order_flag) as online_orders,
                sum(total_due) as total_due
            from silver.order_headers group by day""",
        found="select day, orders, online_orders, total_due from gold.order_day",
    ),
    ControlTotal(
        table="gold.dim_product",
        expected=f"select product_id, name, list_price from {_NEWEST_PRODUCTS}",
        found="select product_id, name, list_price from gold.dim_product",
    ),
    ControlTotal(
        table="gold.dim_customer",
        expected="""
            select customer_id, person_id from silver.customers
            where day = (select max(day) from silver.customers)""",
        found="select customer_id, person_id from gold.dim_customer",
    ),
    ControlTotal(
        table="gold.dim_date",
        expected="""
            select sum(days) as days from (
                select date_diff('day', make_date(year, 1, 1), make_date(year + 1, 1, 1)) as days
                from (
                    select unnest(range(min(year(day)), max(year(day)) + 1)) as year
                    from silver.order_headers
                )
            ) having count(*) > 0""",
        found="select count(*) as days from gold.dim_date having count(*) > 0",
    ),
    ControlTotal(
        table="gold.q1_orders_with_three_lines_list",
        expected="""
            select sales_order_id, count(*) as n_lines from silver.order_details
            group by all having count(*) >= 3""",
        found="""
            select sales_order_id, "lines" as n_lines from gold.q1_orders_with_three_lines_list""",
    ),
    ControlTotal(
        table="gold.q1_orders_with_three_lines",
        expected="""
            select count(*) as orders from (
                select sales_order_id from silver.order_details group by all having count(*) >= 3
            )""",
        found="select orders from gold.q1_orders_with_three_lines",
    ),
    ControlTotal(
        table="gold.q2_top_products",
        expected=f"""
            select product_id, sum(order_qty) as order_qty from silver.order_details {_OFFERED}
            semi join {_NEWEST_PRODUCTS} using (product_id)
            group by product_id order by order_qty desc, product_id limit 3""",
        found="select product_id, order_qty from gold.q2_top_products",
    ),
    ControlTotal(
        table="gold.q2_top_products_by_days_to_manufacture",
        expected=f"""
            with sold as (
                select product_id, sum(order_qty) as order_qty from silver.order_details {_OFFERED}
                group by product_id
            )
            select days_to_manufacture, product_id, order_qty
            from sold join {_NEWEST_PRODUCTS} using (product_id)
            qualify row_number() over (
                partition by days_to_manufacture order by order_qty desc, product_id
            ) <= 3""",
        found="""
            select days_to_manufacture, product_id, order_qty
            from gold.q2_top_products_by_days_to_manufacture""",
    ),
    ControlTotal(
        table="gold.q3_customer_orders",
        expected=f"""
            select customer_id, customer_name, count(*) as orders
            from silver.order_headers join ({_PERSONS}) using (customer_id) group by all""",
        found="select customer_id, customer_name, orders from gold.q3_customer_orders",
    ),
    ControlTotal(
        table="gold.q3_customer_orders_by_name",
        expected=f"""
            select customer_name, count(*) as orders
            from silver.order_headers join ({_PERSONS}) using (customer_id) group by all""",
        found="select customer_name, orders from gold.q3_customer_orders_by_name",
    ),
    ControlTotal(
        table="gold.q4_product_day_quantity",
        expected=_QUESTION_4,
        found="select product_id, name, order_date, order_qty from gold.q4_product_day_quantity",
    ),
    ControlTotal(
        table="gold.q4_product_name_day_quantity",
        expected=f"""
            select name, order_date::date as order_day, sum(order_qty) as order_qty
            from ({_QUESTION_4}) group by all""",
        found="select name, order_day, order_qty from gold.q4_product_name_day_quantity",
    ),
    ControlTotal(
        table="gold.q5_september_2011_orders",
        expected=f"select sales_order_id, total_due {_QUESTION_5}",
        found="select sales_order_id, total_due from gold.q5_september_2011_orders",
    ),
    ControlTotal(
        table="gold.q5_september_2011_orders_by_total_due",
        expected=f"select total_due, count(*) as orders {_QUESTION_5} group by total_due",
        found="select total_due, orders from gold.q5_september_2011_orders_by_total_due",
    ),
)

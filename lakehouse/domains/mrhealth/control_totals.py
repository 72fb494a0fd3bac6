"""Figures of Mr. Health in plain SQL, which the audit compares with what is stored."""

from lakehouse.domains.mrhealth.stock_control_totals import STOCK_CONTROL_TOTALS
from lakehouse.platform.forecasting.control_totals import complete_and_ordered
from lakehouse.platform.tables.control_total import ControlTotal


def amount(text: str) -> str:
    """Return SQL that reads an amount; nothing but digits, sign and decimal mark counts."""
    digits = f"regexp_replace(replace({text}, ',', '.'), '[^0-9.-]', '', 'g')"
    return f"try_cast({digits} as decimal(18, 2))"


def number(text: str) -> str:
    """Return SQL that reads a whole number."""
    return f"try_cast(regexp_replace({text}, '[^0-9-]', '', 'g') as bigint)"


def letters(text: str) -> str:
    """Return SQL for the letters and digits of an identifier, in lower case."""
    return f"lower(regexp_replace({text}, '[^0-9A-Za-z]', '', 'g'))"


ORDER_MEASURES = """
    count(*) as orders,
    count(*) filter (status = 'Finalizado') as completed_orders,
    count(*) filter (status = 'Pendente') as pending_orders,
    count(*) filter (status = 'Cancelado') as cancelled_orders,
    coalesce(sum(order_value) filter (status = 'Finalizado'), 0) as revenue,
    coalesce(sum(order_value) filter (status = 'Pendente'), 0) as pending_value,
    coalesce(sum(order_value) filter (status = 'Cancelado'), 0) as cancelled_value,
    coalesce(sum(delivery_fee) filter (status = 'Finalizado'), 0) as delivery_fees
"""
MEASURES = """orders, completed_orders, pending_orders, cancelled_orders, revenue, pending_value,
    cancelled_value, delivery_fees"""
CHANNELS = """
    count(*) filter (order_type = 'ONLINE') as online_orders,
    count(*) filter (order_type = 'PHYSICAL') as physical_orders,
    count(*) filter (order_type = 'UNKNOWN') as unknown_orders
"""
PIECES_SOLD = """
    select {by} coalesce(sum(i.quantity) filter (o.status = 'Finalizado'), 0) as items_sold
    from silver.orders o left join silver.order_items i using (day, unit_id, order_id) {group}
"""
PLAIN_ORDER = """
    regexp_full_match(Id_Pedido, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
    and regexp_full_match(Vlr_Pedido, '[0-9]{1,6}[.][0-9]{2}')
    and regexp_full_match(coalesce(Taxa_Entrega, '0'), '[0-9]{1,6}([.][0-9]{2})?')
    and regexp_full_match(Data_Pedido, '20[0-9]{2}-[0-9]{2}-[0-9]{2}')
    and try_cast(Data_Pedido as date) = _delivery_day
    and Status in ('Finalizado', 'Pendente', 'Cancelado')
    and try_cast(Id_Unidade as bigint) = _unit
"""
"""An order in which no rule for its values finds a fault."""


def _orders() -> list[ControlTotal]:
    return [
        ControlTotal(
            table="silver.orders",
            expected=f"""
                select day, {number("Id_Unidade")} as unit, {letters("Id_Pedido")} as number,
                    lower(trim(Status))[1] as status, {amount("Vlr_Pedido")} as order_value,
                    coalesce({amount("Taxa_Entrega")}, 0) as delivery_fee
                from kept.orders""",
            found=f"""
                select day, unit_id as unit, {letters("order_id")} as number,
                    lower(status)[1] as status, order_value, delivery_fee
                from silver.orders""",
        ),
        ControlTotal(
            table="silver.orders",
            expected=f"""
                select r.day, r._file as file, r._line as line
                from rejected.orders r
                join silver.units u on u.day = r.day and u.unit_id = {number("r.Id_Unidade")}
                where {PLAIN_ORDER} and not exists (
                    select 1 from rejected.orders o
                    where o._file = r._file and o.Id_Pedido = r.Id_Pedido and o._line != r._line
                ) and not exists (
                    select 1 from kept.orders o
                    where o.day = r.day and lower(trim(o.Id_Pedido)) = r.Id_Pedido
                )""",
            found="select day, '' as file, 0 as line from silver.orders where false",
        ),
        ControlTotal(
            table="silver.order_items",
            expected=f"""
                select day, {letters("Id_Pedido")} as number, {letters("Id_Item_Pedido")} as item,
                    {number("Id_Produto")} as product_id, {number("Qtd")} as quantity,
                    {amount("Vlr_Item")} as unit_price,
                    {number("Qtd")} * {amount("Vlr_Item")} as line_total
                from kept.order_items""",
            found=f"""
                select day, {letters("order_id")} as number, {letters("item_id")} as item,
                    product_id, quantity, unit_price, line_total
                from silver.order_items""",
        ),
        ControlTotal(
            table="silver.order_items",
            expected="""
                select i.day, i.order_id, i.item_id from silver.order_items i
                anti join silver.orders o using (day, unit_id, order_id)""",
            found="select day, order_id, item_id from silver.order_items where false",
        ),
    ]


def _references() -> list[ControlTotal]:
    columns = {
        "units": (f"{number('Id_Unidade')} as unit_id", "unit_id"),
        "products": (f"{number('Id_Produto')} as product_id", "product_id"),
        "states": (f"{number('Id_Estado')} as state_id", "state_id"),
        "countries": ("upper(trim(Id_Pais)) as country_id", "country_id"),
    }
    valid = "qualify snapshot_day = min(snapshot_day) over (partition by day)"
    return [
        *(
            ControlTotal(
                table=f"silver.{table}",
                expected=f"""
                    with dated as (
                        select day, min(snapshot_day) as snapshot_day from silver.{table}
                        group by day
                    ), kept_rows as (select _delivery_day, {read} from kept.{table})
                    select dated.day, snapshot_day, {stored}
                    from dated join kept_rows on _delivery_day = snapshot_day""",
                found=f"select day, snapshot_day, {stored} from silver.{table} {valid}",
                all_days=True,
            )
            for table, (read, stored) in columns.items()
        ),
        *(
            ControlTotal(
                table=f"silver.{table}",
                expected=f"""
                    with known as (
                        select {stored}, min(snapshot_day) as first_known from silver.{table}
                        where snapshot_day <= day group by {stored}
                    )
                    select distinct day, {stored} from silver.{table} s join known using ({stored})
                    where snapshot_day > day and first_known <= day
                    and day >= (select min(snapshot_day) from silver.{table})""",
                found=f"select day, {stored} from silver.{table} where false",
                all_days=True,
            )
            for table, (_, stored) in columns.items()
        ),
    ]


def _facts() -> list[ControlTotal]:
    facts = """
        with lines as (
            select day, unit_id, order_id, count(*) as items, sum(quantity) as quantity,
                sum(quantity * unit_price) as line_total
            from silver.order_items group by all
        )
        select o.day, unit_id, order_id, status, order_type, order_value, delivery_fee,
            coalesce(items, 0) as items, coalesce(quantity, 0) as quantity,
            coalesce(line_total, 0) as line_total,
            if(status = 'Finalizado', order_value, 0) as revenue
        from silver.orders o left join lines using (day, unit_id, order_id)"""
    columns = """day, unit_id, order_id, status, order_type, order_value, delivery_fee, items,
        quantity, line_total, revenue"""
    return [
        *(
            ControlTotal(
                table=f"gold.{name}", expected=facts, found=f"select {columns} from gold.{name}"
            )
            for name in ("fact_orders", "fact_sales")
        ),
        ControlTotal(
            table="gold.fact_order_items",
            expected="""
                select i.day, i.unit_id, order_id, item_id, product_id, o.status, o.order_type,
                    quantity, unit_price, quantity * unit_price as line_total
                from silver.order_items i left join silver.orders o using (day, unit_id, order_id)
                """,
            found="""
                select day, unit_id, order_id, item_id, product_id, status, order_type, quantity,
                    unit_price, line_total
                from gold.fact_order_items""",
        ),
        ControlTotal(
            table="gold.dim_unit",
            expected="""
                select day, unit_id, unit_name, s.state_name, c.country_name
                from silver.units left join silver.states s using (day, state_id)
                left join silver.countries c using (day, country_id)""",
            found="select day, unit_id, unit_name, state_name, country_name from gold.dim_unit",
        ),
        ControlTotal(
            table="gold.dim_product",
            expected="select day, product_id, product_name, snapshot_day from silver.products",
            found="select day, product_id, product_name, valid_from from gold.dim_product",
        ),
        ControlTotal(
            table="gold.dim_geography",
            expected="""
                select day, state_id, state_name, country_id, c.country_name
                from silver.states left join silver.countries c using (day, country_id)""",
            found="select day, state_id, state_name, country_id, country_name"
            " from gold.dim_geography",
        ),
    ]


def _by_day() -> list[ControlTotal]:
    return [
        ControlTotal(
            table="gold.unit_day",
            expected=f"""
                with pieces as ({PIECES_SOLD.format(by="day, unit_id,", group="group by all")})
                select day, unit_id, {ORDER_MEASURES}, any_value(items_sold) as items_sold
                from silver.orders join pieces using (day, unit_id) group by day, unit_id""",
            found=f"""
                select day, unit_id, {MEASURES}, items_sold from gold.unit_day where orders > 0""",
        ),
        ControlTotal(
            table="gold.unit_day",
            expected="""
                select day, unit_id, unit_name from silver.units
                semi join silver.orders using (day, unit_id)""",
            found="select day, unit_id, unit_name from gold.unit_day where orders > 0",
        ),
        ControlTotal(
            table="gold.agg_daily_sales",
            expected=f"""
                with pieces as ({PIECES_SOLD.format(by="day,", group="group by all")})
                select day, {ORDER_MEASURES}, {CHANNELS}, any_value(items_sold) as items_sold,
                    count(distinct unit_id) as active_units
                from silver.orders join pieces using (day) group by day""",
            found=f"""
                select day, {MEASURES}, online_orders, physical_orders, unknown_orders, items_sold,
                    active_units
                from gold.agg_daily_sales where orders > 0""",
        ),
        ControlTotal(
            table="gold.unit_channel_day",
            expected=f"""
                with pieces as (
                    {PIECES_SOLD.format(by="day, unit_id, order_type,", group="group by all")}
                )
                select day, unit_id, order_type, {ORDER_MEASURES},
                    any_value(items_sold) as items_sold
                from silver.orders join pieces using (day, unit_id, order_type)
                group by day, unit_id, order_type""",
            found=f"""
                select day, unit_id, order_type, {MEASURES}, items_sold
                from gold.unit_channel_day""",
        ),
        ControlTotal(
            table="gold.unit_product_day",
            expected="""
                select i.day, i.unit_id, product_id, count(distinct order_id) as orders,
                    count(*) as lines, sum(quantity) as quantity,
                    sum(quantity * unit_price) as line_revenue,
                    coalesce(sum(line_total) filter (status = 'Finalizado'), 0)
                        as completed_line_revenue
                from silver.order_items i join silver.orders o using (day, unit_id, order_id)
                group by i.day, i.unit_id, product_id""",
            found="""
                select day, unit_id, product_id, orders, lines, quantity, line_revenue,
                    completed_line_revenue
                from gold.unit_product_day""",
        ),
        ControlTotal(
            table="gold.dim_date",
            expected="""
                select day, strftime(day, '%Y%m%d')::bigint as date_key, year(day) as year,
                    quarter(day) as quarter, month(day) as month, weekofyear(day) as week,
                    isodow(day) as day_of_week, isodow(day) in (6, 7) as is_weekend
                from gold.dim_date""",
            found="""
                select day, date_key, year, quarter, month, week, day_of_week, is_weekend
                from gold.dim_date""",
        ),
        ControlTotal(
            table="gold.product_day",
            expected="""
                select day, product_id, count(distinct (unit_id, order_id)) as orders,
                    sum(quantity) as quantity, sum(quantity * unit_price) as line_revenue,
                    count(distinct unit_id) as units_selling
                from silver.order_items group by all""",
            found="""
                select day, product_id, orders, quantity, line_revenue, units_selling
                from gold.product_day""",
        ),
    ]


_OF_UNIT = "a.scope = 'unit' and a.kind not in ('prices', 'order_values', 'product_missing')"
"""Alerts whose figure adds up all orders of one unit, or those of a channel or status."""


def _as_of() -> list[ControlTotal]:
    return [
        ControlTotal(
            table="gold.agg_unit_performance",
            expected=f"""
                with pieces as ({PIECES_SOLD.format(by="unit_id,", group="group by all")})
                select unit_id, {ORDER_MEASURES}, {CHANNELS}, any_value(items_sold) as items_sold,
                    min(day) as first_order_date, max(day) as last_order_date,
                    count(distinct day) as days_active
                from silver.orders join pieces using (unit_id) group by unit_id""",
            found=f"""
                select unit_id, {MEASURES}, online_orders, physical_orders, unknown_orders,
                    items_sold, first_order_date, last_order_date, days_active
                from gold.agg_unit_performance where orders > 0""",
        ),
        ControlTotal(
            table="gold.agg_product_performance",
            expected="""
                select product_id, count(distinct (day, unit_id, order_id)) as orders,
                    count(*) as lines, sum(quantity) as quantity,
                    sum(quantity * unit_price) as line_revenue,
                    coalesce(sum(line_total) filter (status = 'Finalizado'), 0)
                        as completed_line_revenue,
                    count(distinct unit_id) as units_selling
                from silver.order_items join silver.orders o using (day, unit_id, order_id)
                group by product_id""",
            found="""
                select product_id, orders, lines, quantity, line_revenue, completed_line_revenue,
                    units_selling
                from gold.agg_product_performance where orders > 0""",
        ),
        ControlTotal(
            table="gold.sales_by_country",
            expected="""
                select c.country_name, count(*) as orders,
                    count(*) filter (status = 'Finalizado') as completed_orders,
                    coalesce(sum(order_value) filter (status = 'Finalizado'), 0) as revenue
                from silver.orders left join silver.units using (day, unit_id)
                left join silver.states s using (day, state_id)
                left join silver.countries c using (day, country_id) group by c.country_name""",
            found="""
                select country_name, orders, completed_orders, revenue from gold.sales_by_country
                """,
        ),
        ControlTotal(
            table="gold.sales_by_year",
            expected="""
                select year(day) as year, unit_id, count(*) as orders,
                    count(*) filter (status = 'Finalizado') as completed_orders,
                    coalesce(sum(order_value) filter (status = 'Finalizado'), 0) as revenue
                from silver.orders group by all""",
            found="""
                select year, unit_id, sum(orders) as orders,
                    sum(completed_orders) as completed_orders, sum(revenue) as revenue
                from gold.sales_by_year group by all""",
        ),
        ControlTotal(
            table="gold.dim_product_history",
            expected="select distinct product_id from silver.products",
            found="select distinct product_id from gold.dim_product_history",
        ),
        ControlTotal(
            table="gold.alerts",
            expected=f"""
                select a.alert_id, case a.measure
                    when 'brl' then coalesce(sum(o.order_value) filter (o.status = 'Finalizado'), 0)
                    when 'cancelled orders' then count(*) filter (o.status = 'Cancelado')
                    when 'pending orders' then count(*) filter (o.status = 'Pendente')
                    else count(o.order_id) filter (a.kind not in ('online_drop', 'physical_drop')
                        or a.kind = lower(o.order_type) || '_drop')
                    end::decimal(18, 2) as actual
                from gold.alerts a
                left join silver.orders o on o.unit_id = a.unit_id
                    and o.day between a.last_day - (a.figure_days - 1)::int and a.last_day
                where {_OF_UNIT} group by a.alert_id, a.measure""",
            found=f"select a.alert_id, a.actual from gold.alerts a where {_OF_UNIT}",
        ),
    ]


CONTROL_TOTALS = (
    *_orders(),
    *_references(),
    *_facts(),
    *_by_day(),
    *_as_of(),
    *STOCK_CONTROL_TOTALS,
    complete_and_ordered("gold.demand_forecast", ["unit_id", "product_id"]),
    complete_and_ordered("gold.unit_forecast", ["unit_id", "measure"]),
    complete_and_ordered("gold.area_forecast", ["level", "country_name", "state_name", "measure"]),
)

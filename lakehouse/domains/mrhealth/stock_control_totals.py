"""Figures of the stock of Mr. Health in plain SQL, which the audit compares with what is stored."""

from lakehouse.platform.tables.control_total import ControlTotal

BOOK = """
    with days as (
        select day, unit_id, product_id,
            sum(quantity) filter (kind = 'INITIAL') as initial,
            sum(quantity) filter (kind = 'COUNTED') as counted,
            coalesce(sum(quantity) filter (kind = 'RECEIVED'), 0)
                - coalesce(sum(quantity) filter (kind = 'WASTED'), 0) as moved
        from silver.stock_movements group by all
    ), sold as (
        select day, unit_id, product_id, sum(quantity) as pieces
        from silver.order_items group by all
    ), last_level as (
        select unit_id, product_id, max(day) as level_day from days
        where initial is not null or counted is not null group by all
    )
    select l.unit_id, l.product_id, level_day,
        any_value(coalesce(d.counted, d.initial + d.moved - coalesce(s.pieces, 0)))
            + coalesce((
                select sum(moved) from days a where a.unit_id = l.unit_id
                and a.product_id = l.product_id and a.day > level_day
            ), 0) - coalesce((
                select sum(pieces) from sold b where b.unit_id = l.unit_id
                and b.product_id = l.product_id and b.day > level_day
            ), 0) as book_balance
    from last_level l
    join days d on d.day = level_day and d.unit_id = l.unit_id and d.product_id = l.product_id
    left join sold s on s.day = level_day and s.unit_id = l.unit_id
        and s.product_id = l.product_id
    group by l.unit_id, l.product_id, level_day
"""

STOCK_CONTROL_TOTALS = (
    ControlTotal(
        table="silver.stock_movements",
        expected="""
            select day, try_cast(trim(Id_Unidade) as bigint) as unit_id,
                try_cast(trim(Id_Produto) as bigint) as product_id,
                case substr(lower(trim(Tipo_Movimento)), 1, 3)
                    when 'sal' then 'INITIAL' when 'com' then 'ORDERED' when 'ent' then 'RECEIVED'
                    when 'per' then 'WASTED' when 'con' then 'COUNTED' end as kind,
                try_cast(trim(Qtd) as bigint) as quantity,
                try_cast(replace(trim(Custo_Unitario), ',', '.') as decimal(14, 2)) as unit_cost
            from kept.stock_movements""",
        found="""
            select day, unit_id, product_id, kind, quantity, unit_cost
            from silver.stock_movements""",
    ),
    ControlTotal(
        table="gold.stock_movements",
        expected="""
            select day, unit_id, product_id,
                sum(quantity) filter (kind = 'INITIAL') as initial,
                coalesce(sum(quantity) filter (kind = 'ORDERED'), 0) as ordered,
                coalesce(sum(quantity) filter (kind = 'RECEIVED'), 0) as received,
                coalesce(sum(quantity) filter (kind = 'WASTED'), 0) as wasted,
                sum(quantity) filter (kind = 'COUNTED') as counted,
                coalesce(sum(quantity * unit_cost) filter (kind = 'RECEIVED'), 0)
                    as received_value
            from silver.stock_movements group by all""",
        found="""
            select day, unit_id, product_id, initial, ordered, received, wasted, counted,
                received_value
            from gold.stock_movements""",
    ),
    ControlTotal(
        table="gold.stock_on_hand",
        expected=BOOK,
        found="""
            select unit_id, product_id, level_day, book_balance from gold.stock_on_hand
            where level_day is not null""",
    ),
    ControlTotal(
        table="gold.unit_forecast",
        expected="""
            select target_day, unit_id, sum(expected)::decimal(18, 2) as pieces
            from gold.demand_forecast group by all""",
        found="""
            select target_day, unit_id, expected as pieces from gold.unit_forecast
            where measure = 'pieces'
            and unit_id in (select unit_id from gold.demand_forecast)""",
    ),
    ControlTotal(
        table="gold.area_forecast",
        expected="""
            select target_day, level, if(level = 'state', state_name, null) as state_name,
                if(level = 'state', country_name, null) as country_name, measure,
                sum(expected)::decimal(18, 2) as expected, count(*) as units
            from gold.unit_forecast
            left join (
                select * from gold.dim_unit qualify rank() over (order by day desc) = 1
            ) u using (unit_id)
            cross join (values ('state'), ('chain')) levels(level)
            group by all""",
        found="""
            select target_day, level, state_name, country_name, measure, expected, units
            from gold.area_forecast""",
    ),
    ControlTotal(
        table="gold.purchase_recommendation",
        expected="""
            select unit_id, product_id, round(sum(expected) / 7, 2)::decimal(18, 2) as daily_demand,
                coalesce(any_value(s.on_hand), 0) as on_hand,
                coalesce(any_value(s.on_order), 0) as on_order
            from (
                select * from gold.demand_forecast
                qualify dense_rank() over (order by target_day) <= 7
            ) f left join gold.stock_on_hand s using (unit_id, product_id)
            group by unit_id, product_id""",
        found="""
            select unit_id, product_id, daily_demand, on_hand, on_order
            from gold.purchase_recommendation""",
    ),
    ControlTotal(
        table="gold.purchase_recommendation",
        expected="""
            with terms as (
                select *, round(safety_factor * demand_deviation, 2)::decimal(18, 2) as safety,
                    (least(target, shelf_limit) * 100)::bigint
                        - (on_hand + on_order) * 100 as lacking
                from gold.purchase_recommendation
            ), ordered as (
                select *, if(shelf_limit < target, greatest(lacking, 0) // (lot * 100),
                    (2 * greatest(lacking, 0) + lot * 100) // (lot * 200)) as lots
                from terms
            )
            select unit_id, product_id, safety as safety_stock, demand + safety as reorder_point,
                greatest(demand + safety + lot_allowance, 0)::decimal(18, 2) as target,
                lots as order_lots, lots * lot as order_pieces,
                round(lots * lot * unit_cost, 2)::decimal(18, 2) as order_value
            from ordered""",
        found="""
            select unit_id, product_id, safety_stock, reorder_point, target, order_lots,
                order_pieces, order_value
            from gold.purchase_recommendation""",
    ),
)

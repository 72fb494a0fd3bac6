"""Figures of People in plain SQL, which the audit compares with what is stored."""

from lakehouse.platform.tables.control_total import ControlTotal

CONTROL_TOTALS = (
    ControlTotal(
        table="silver.people_all",
        expected="select day, _file as file, _line as line from kept.people",
        found='select day, file, "row" as line from silver.people_all',
    ),
    ControlTotal(
        table="gold.duplicates",
        expected="""
            select count(distinct file) as files, count(*) as n_rows,
                count(distinct user_id) as people, count(*) - count(distinct user_id) as removed
            from silver.people_all""",
        found='select files, "rows" as n_rows, people, removed from gold.duplicates',
    ),
    ControlTotal(
        table="gold.people_without_duplicates",
        expected="""
            select day, user_id, file, "row" as line from silver.people_all
            qualify row_number() over (
                partition by user_id
                order by delivered_at desc, regexp_extract(file, '[^/]*$') desc, file desc,
                    day desc, "row"
            ) = 1""",
        found="""
            select day, user_id, file, "row" as line from gold.people_without_duplicates""",
        all_days=True,
    ),
    ControlTotal(
        table="gold.people_masked",
        expected="""
            select day, left(sha256(user_id), 16) as person, year(date_of_birth) as birth_year,
                left(first_name, 1) || '***' as first_name
            from gold.people_without_duplicates""",
        found="select day, person, birth_year, first_name from gold.people_masked",
    ),
    ControlTotal(
        table="gold.removed_duplicates",
        expected="""
            with kept_rows as (
                select day, file, count(*) as kept from gold.people_without_duplicates group by all
            )
            select day, file, count(*) as n_rows, coalesce(any_value(kept), 0) as kept
            from silver.people_all left join kept_rows using (day, file) group by day, file""",
        found='select day, file, "rows" as n_rows, kept from gold.removed_duplicates',
    ),
    ControlTotal(
        table="gold.alerts",
        expected="""
            with first_days as (
                select user_id, min(day) as first_day from silver.people_all group by user_id
            )
            select a.alert_id, case a.kind when 'nobody_new'
                then count(distinct user_id) filter (first_day = p.day)
                else count(*) - count(distinct user_id) end as actual
            from gold.alerts a join silver.people_all p on p.day = a.last_day
            join first_days using (user_id)
            where a.kind in ('nobody_new', 'repeated_rows') group by a.alert_id, a.kind""",
        found="""
            select alert_id, actual from gold.alerts
            where kind in ('nobody_new', 'repeated_rows')""",
    ),
)

"""Mr. Health: about fifty restaurants; each sends its orders and their items every night."""

import datetime as dt

from lakehouse.platform.tables.domain_spec import DomainSpec, Headline
from lakehouse.settings import Setting

DSN = Setting[str | None](
    name="dsn",
    default=None,
    secret=True,
    meaning="PostgreSQL with the reference tables; without it they land as CSV files",
)

SPEC = DomainSpec(
    name="mrhealth",
    title="Mr. Health",
    since=dt.date(2023, 1, 1),
    owners=("team:mrhealth",),
    unit_folders=("unidade", "unit"),
    settings=(DSN,),
    headline=Headline(
        question="Qual é a receita por canal?",
        sql="""
            SELECT order_type AS canal, count(*) AS pedidos, sum(order_value) AS receita
            FROM gold.mrhealth_fact_orders
            WHERE status = 'Finalizado'
            GROUP BY ALL
            ORDER BY canal
        """,
    ),
)

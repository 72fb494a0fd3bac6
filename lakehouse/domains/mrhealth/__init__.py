"""Mr. Health: about fifty restaurants; each sends its orders and their items every night."""

import datetime as dt

from lakehouse.domains.hints import HINTS
from lakehouse.platform.tables.domain_spec import DomainSpec, Headline
from lakehouse.platform.tables.folder_patterns import YEAR_FIRST
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
    unit_folders=("unidade", "unit", "loja"),
    numbered_units=True,
    day_folders=(
        *YEAR_FIRST,
        "DD-MM-YYYY",
        "DD_MM_YYYY",
        "DD.MM.YYYY",
        "DDMMYYYY",
        "DD/MM/YYYY",
    ),
    ignored_folders=("raw", "csv_sales", "reference", "reenvio"),
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
    hints=HINTS,
)

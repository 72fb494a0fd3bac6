"""Sales: one table of the shop's legacy PostgreSQL, received as exports and change files."""

import datetime as dt

from lakehouse.domains.hints import HINTS
from lakehouse.platform.tables.domain_spec import DomainSpec, Headline, Schedule
from lakehouse.settings import Setting

DSN = Setting[str | None](
    name="dsn",
    default=None,
    secret=True,
    meaning="PostgreSQL with the legacy table of sales; without it sales land as CSV files",
)
EXTRACTION_MODE = Setting(
    name="extraction",
    default="incremental",
    choices=("incremental", "cdc"),
    meaning="How `lakehouse extract sales` extracts: `incremental` or `cdc`",
)

SPEC = DomainSpec(
    name="sales",
    title="Vendas",
    since=dt.date(2023, 1, 1),
    owners=("team:sales",),
    settings=(DSN, EXTRACTION_MODE),
    headline=Headline(
        question="Quanto foi vendido em cada mês?",
        sql=(
            "select year as ano, month as mes, total_sales as total_vendas,"
            " total_quantity as quantidade from gold.sales_monthly_sales order by year, month"
        ),
    ),
    schedules=(
        Schedule(
            name="pipeline",
            cron="0 6 * * *",
            description=(
                "Ingests what the legacy database sent since yesterday and computes"
                " all layers up to gold."
            ),
        ),
    ),
    hints=HINTS,
)

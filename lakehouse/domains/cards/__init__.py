"""PoD Cartões: card invoices and their payments, and variables about each client."""

import datetime as dt

from lakehouse.domains.hints import HINTS
from lakehouse.platform.tables.domain_spec import DomainSpec, Headline, Schedule

SPEC = DomainSpec(
    name="cards",
    title="PoD Cartões",
    since=dt.date(2022, 1, 1),
    owners=("team:cards",),
    control_files=r"tb_(faturas?|pagamentos?)_[0-9]{8}_[0-9]{14}(\.csv(\.gz)?)?\.ctl",
    headline=Headline(
        question="Quanto está em aberto, quanto está vencido e quantos clientes estão em risco?",
        sql=(
            "select dt_referencia, qtd_clientes, vlr_aberto, vlr_vencido, qtd_clientes_em_risco"
            " from gold.cards_kpis"
        ),
    ),
    schedules=(
        Schedule(
            name="data_lake_ingestion",
            cron="0 8 1 * *",
            first=-31,
            running=False,
            needs_files=True,
            description="Ingests the invoices and payments of the last month, once a month. Off by"
            " default: `ingestion` does the same every day.",
        ),
        Schedule(
            name="data_lake_aws_process",
            cron="0 8 5 * *",
            work="refresh",
            first=-35,
            running=False,
            description="Computes the silver tables of the last month again, once a month. Off by"
            " default: `processing` does the same every day.",
        ),
        Schedule(
            name="ingestion",
            cron="0 5 * * *",
            description="Ingests the invoices and payments that landed since yesterday.",
        ),
        Schedule(
            name="processing",
            cron="0 8 * * *",
            work="refresh",
            description="Computes the silver tables of yesterday and today again.",
        ),
        Schedule(
            name="book",
            cron="0 22 1 * *",
            work="reference_dates",
            first=0,
            description=(
                "Computes the books of the first of the month, when both datasets have landed."
            ),
        ),
    ),
    hints=HINTS,
)

"""Rox: a bike shop whose orders, customers and products are received as a dump of its database."""

import datetime as dt

from lakehouse.platform.tables.domain_spec import DomainSpec, Headline, Schedule
from lakehouse.settings import Setting

WAREHOUSE_DSN = Setting[str | None](
    name="warehouse_dsn",
    default=None,
    secret=True,
    meaning="PostgreSQL that `lakehouse warehouse load bikes` fills",
)

SPEC = DomainSpec(
    name="bikes",
    title="Rox Bikes",
    since=dt.date(2011, 1, 1),
    owners=("team:bikes",),
    settings=(WAREHOUSE_DSN,),
    headline=Headline(
        question="Quantos pedidos de setembro de 2011 passam de US$ 1.000?",
        sql="select count(*) as orders from gold.bikes_q5_september_2011_orders",
    ),
    schedules=(
        Schedule(
            name="rox_bike_etl",
            cron="0 * * * *",
            description="Ingests today's files and runs the quality checks.",
            first=0,
            retries=3,
        ),
        Schedule(
            name="rox_bike_data_quality",
            cron="30 5 * * *",
            description="Checks yesterday: every table has rows, as many as its files.",
            work="data_quality",
            last=-1,
        ),
    ),
)

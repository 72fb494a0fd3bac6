"""The legacy table from which sales are extracted, and a sample of its rows."""

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal

from lakehouse.domains.sales import SPEC
from lakehouse.domains.sales.sources import COLUMNS, REGIONS
from lakehouse.platform.connectors.postgres.declaration import Extraction, Legacy, Row

FIRST_DAY, DAYS = dt.date(2023, 1, 1), 365


def rows(count: int, seed: int) -> Iterator[Row]:
    """Generate sales of 2023; more rows of the same seed begin with the same rows."""
    rng = random.Random(seed)  # noqa: S311  generated data
    for number in range(1, count + 1):
        quantity = rng.randint(1, 10)
        price = Decimal(rng.randint(1000, 10000)).scaleb(-2)
        yield (
            str(number),
            (FIRST_DAY + dt.timedelta(days=rng.randrange(DAYS))).isoformat(),
            str(rng.randint(101, 110)),
            str(rng.randint(1001, 2000)),
            str(quantity),
            str(price),
            str(quantity * price),
            str(rng.randint(1, 20)),
            rng.choice(REGIONS),
        )


LEGACY = Legacy(
    database="legacy_sales_db",
    ddl=(
        """
        create table if not exists public.sales (
            id serial primary key,
            sale_date date not null,
            product_id int not null,
            customer_id int not null,
            quantity int not null,
            unit_price decimal(10, 2) not null,
            total_value decimal(10, 2) not null,
            seller_id int not null,
            region varchar(50) not null
        )
        """,
        "alter table public.sales replica identity full",
    ),
    rows=rows,
)

EXTRACTION = Extraction(
    spec=SPEC,
    dataset="sales",
    table="sales",
    columns=COLUMNS,
    key="id",
    legacy=LEGACY,
)

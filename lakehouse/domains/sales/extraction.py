"""Declaration of the legacy table from which sales are extracted."""

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal

from lakehouse.domains.sales import SPEC
from lakehouse.domains.sales.sources import COLUMNS, REGIONS
from lakehouse.platform.connectors.postgres.declaration import Extraction, Legacy, Row

FIRST_DAY, DAYS = dt.date(2023, 1, 1), 365


def rows(count: int, seed: int) -> Iterator[Row]:
    """Yield invented sales of 2023; a larger count of the same seed yields the same sales first."""
    chance = random.Random(seed)  # noqa: S311  invented data
    for number in range(1, count + 1):
        quantity = chance.randint(1, 10)
        price = Decimal(chance.randint(1000, 10000)).scaleb(-2)
        yield (
            str(number),
            (FIRST_DAY + dt.timedelta(days=chance.randrange(DAYS))).isoformat(),
            str(chance.randint(101, 110)),
            str(chance.randint(1001, 2000)),
            str(quantity),
            str(price),
            str(quantity * price),
            str(chance.randint(1, 20)),
            chance.choice(REGIONS),
        )


EXTRACTION = Extraction(
    spec=SPEC,
    dataset="sales",
    table="sales",
    columns=COLUMNS,
    key="id",
    legacy=Legacy(
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
    ),
)

"""A legacy database of sales, a landing zone and a lake; extraction and intake without Dagster."""

import csv
import datetime as dt
import io
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from lakehouse.domains.sales.extraction import EXTRACTION
from lakehouse.platform.connectors.postgres import extract as extracting
from lakehouse.platform.connectors.postgres.declaration import Extraction
from lakehouse.platform.connectors.postgres.extract import Extracted
from lakehouse.platform.connectors.postgres.legacy import seed
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.lakes import take_in

Change = tuple[str, str, str]
"""Key, operation, region."""

INSERT = (
    "insert into sales (id, sale_date, product_id, customer_id, quantity, unit_price, total_value,"
    " seller_id, region) values ({}, '2023-05-06', 101, 1001, 2, 10.50, 21.00, 3, '{}')"
)


def added(number: int, region: str = "Sul") -> str:
    return INSERT.format(number, region)


def moved(number: int, region: str) -> str:
    return f"update sales set region = '{region}' where id = {number}"


def removed(number: int) -> str:
    return f"delete from sales where id = {number}"


@dataclass
class Shop:
    dsn: str
    root: str
    extraction: Extraction = EXTRACTION
    said: list[str] = field(default_factory=list)
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = Settings(
            root=f"{self.root}/lake",
            landing=f"{self.root}/landing",
            quiet_seconds=0,
            threads=1,
            domain_variables={"LAKEHOUSE_SALES_DSN": self.dsn},
        )

    @property
    def landing(self) -> ObjectStore:
        return ObjectStore.at(self.settings.landing)

    def session(self) -> Any:
        """A session whose transactions end when it is told so."""
        return psycopg2.connect(self.dsn)

    def say(self, *statements: str) -> None:
        """Each statement in a transaction of its own."""
        with closing(self.session()) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.session()) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def extract(self, mode: str = "incremental", **more: Any) -> Extracted:
        return extracting.extract(
            self.extraction, self.settings, mode=mode, said=self.said.append, **more
        )

    def paths(self) -> list[str]:
        return sorted(entry.path for entry in self.landing.entries("sales"))

    def landed(self) -> list[Change]:
        """Changes in all landed files, in order."""
        return [(row["id"], row["operation"], row["region"]) for row in self.landed_rows()]

    def landed_rows(self) -> list[dict[str, str]]:
        return [
            row
            for path in self.paths()
            for row in csv.DictReader(io.StringIO(self.landing.read(path).decode(), newline=""))
        ]

    def ingest(self) -> None:
        """Raw and bronze of everything that landed."""
        take_in(
            load_domain("sales"),
            [dt.date.fromisoformat(p.split("/")[1]) for p in self.paths()],
            self.settings,
        )

    def statuses(self) -> list[str]:
        table = Lake(self.settings.root).table(TableId("raw", "sales", "sales"))
        return sorted(table.read().column("status").to_pylist())

    def confirmed(self) -> str | None:
        return extracting.standing(self.extraction, self.settings).confirmed

    def table(self) -> dict[str, str]:
        """Key and region of what the legacy table holds."""
        return {str(key): region for key, region in self.ask("select id, region from sales")}

    def replayed(self) -> dict[str, str]:
        """What all landed changes, one after the other, make of an empty table."""
        rows: dict[str, str] = {}
        for key, operation, region in self.landed():
            if operation == "delete":
                del rows[key]
            else:
                rows[key] = region
        return rows

    def with_dsn(self, dsn: str) -> "Shop":
        changed = replace(self)
        changed.settings = replace(self.settings, domain_variables={"LAKEHOUSE_SALES_DSN": dsn})
        return changed


@contextmanager
def shop(postgres: str, root: str, rows: int) -> Iterator[Shop]:
    """A seeded database of its own; its slots and itself are gone at the end."""
    name = f"legacy_{secrets.token_hex(4)}"
    dsn = urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    seed(EXTRACTION, dsn, EXTRACTION.legacy.rows(rows, 7))
    try:
        yield Shop(dsn=dsn, root=root)
    finally:
        with closing(psycopg2.connect(postgres)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(
                    "select pg_drop_replication_slot(slot_name) from pg_replication_slots"
                    " where database = %s",
                    (name,),
                )
                cursor.execute(f"drop database {name} with (force)")

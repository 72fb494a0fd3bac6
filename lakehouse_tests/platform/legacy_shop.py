"""A legacy database of sales with landing zone and lake; extracts and ingests without Dagster."""

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

from lakehouse.domains.sales.extraction import EXTRACTION, LEGACY
from lakehouse.platform.connectors.postgres import extract as extracting
from lakehouse.platform.connectors.postgres.declaration import Extraction
from lakehouse.platform.connectors.postgres.extract import ExtractionResult
from lakehouse.platform.connectors.postgres.legacy import seed
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.lakes import ingest_days

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
    remarks: list[str] = field(default_factory=list)
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
        """Open a session; the caller ends its transactions."""
        return psycopg2.connect(self.dsn)

    def execute(self, *statements: str) -> None:
        """Run each statement in its own transaction."""
        with closing(self.session()) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.session()) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def extract(self, mode: str = "incremental", **more: Any) -> ExtractionResult:
        return extracting.extract(
            self.extraction, self.settings, mode=mode, inform=self.remarks.append, **more
        )

    def paths(self) -> list[str]:
        return sorted(entry.path for entry in self.landing.entries("sales"))

    def landed(self) -> list[Change]:
        """Return the changes of all landed files, in order."""
        return [(row["id"], row["operation"], row["region"]) for row in self.landed_rows()]

    def landed_rows(self) -> list[dict[str, str]]:
        return [
            row
            for path in self.paths()
            for row in csv.DictReader(io.StringIO(self.landing.read(path).decode(), newline=""))
        ]

    def ingest(self) -> None:
        """Ingest every landed file into raw and bronze."""
        ingest_days(
            load_domain("sales"),
            [dt.date.fromisoformat(p.split("/")[1]) for p in self.paths()],
            self.settings,
        )

    def statuses(self) -> list[str]:
        table = Lake(self.settings.root).table(TableId("raw", "sales", "sales"))
        return sorted(table.read().column("status").to_pylist())

    def confirmed(self) -> str | None:
        return extracting.extraction_status(self.extraction, self.settings).confirmed

    def table(self) -> dict[str, str]:
        """Return the region of each row of the legacy table by its key."""
        return {str(key): region for key, region in self.ask("select id, region from sales")}

    def replayed(self) -> dict[str, str]:
        """Return the result of applying all landed changes to an empty table."""
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
    """Create and seed a database; drop it and its slots at the end."""
    name = f"legacy_{secrets.token_hex(4)}"
    dsn = urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    seed(EXTRACTION, dsn, LEGACY.rows(rows, 7))
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

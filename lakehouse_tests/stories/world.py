"""A small chain of restaurants with its own landing zone, lake and Dagster instance."""

import datetime as dt
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg

from lakehouse.platform.orchestration import local_runs
from lakehouse.platform.orchestration.local_runs import RunResult
from lakehouse.platform.orchestration.run_tags import Work, job_name
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings

MON, TUE, WED, THU, FRI = (dt.date(2024, 3, day) for day in range(4, 9))
BEFORE = dt.date(2024, 3, 1)
"""Day of the first delivery of the reference tables."""

ORDER_COLUMNS = (
    "Id_Unidade,Id_Pedido,Tipo_Pedido,Data_Pedido,Vlr_Pedido,Endereco_Entrega,Taxa_Entrega,Status"
)
ITEM_COLUMNS = "Id_Pedido,Id_Item_Pedido,Id_Produto,Qtd,Vlr_Item,Observacao"
UNITS = {1: "Centro", 2: "Praia"}
PRODUCTS = {10: "Suco", 11: "Salada"}

Order = tuple[int, int, dt.date, str]
"""Unit, order number, day and value; a status may follow."""
Item = tuple[int, int, int, int, str]
"""Order, item, product, quantity and price."""


def orders(*rows: tuple[Any, ...]) -> str:
    """Return a PEDIDO file: unit, order number, day, value and optionally status of each row."""
    lines = [ORDER_COLUMNS]
    for unit, number, day, value, *rest in rows:
        status = rest[0] if rest else "Finalizado"
        lines.append(f"{unit},{number},Loja Online,{day},{value},Rua A,1.00,{status}")
    return "\n".join(lines) + "\n"


def items(*rows: Item) -> str:
    """Return an ITEM_PEDIDO file: order, item, product, quantity and price of each row."""
    return "\n".join([ITEM_COLUMNS, *(",".join(map(str, row)) + "," for row in rows)]) + "\n"


def reference(
    units: Mapping[int, str] = UNITS, products: Mapping[int, str] = PRODUCTS
) -> dict[str, str]:
    """Return the four reference tables of the headquarters, by file name."""
    tables = {
        "TABELA_UNIDADE.csv": ["Id_Unidade,Nome_Unidade,Id_Estado"]
        + [f"{unit},{name},7" for unit, name in units.items()],
        "TABELA_PRODUTO.csv": ["Id_Produto,Nome_Produto"]
        + [f"{product},{name}" for product, name in products.items()],
        "TABELA_ESTADO.csv": ["Id_Estado,Id_Pais,Nome_Estado", "7,BR,Bahia"],
        "TABELA_PAIS.csv": ["Id_Pais,Nome_Pais", "BR,Brasil"],
    }
    return {name: "\n".join(lines) + "\n" for name, lines in tables.items()}


def night(day: dt.date, unit: int, *values: str, first: int = 1) -> dict[str, str]:
    """Return both files of a unit for a day: one order with one item for each value."""
    numbers = range(first, first + len(values))
    folder = f"mrhealth/{day}/unidade_{unit:03d}"
    sold = [(unit, number, day, value) for number, value in zip(numbers, values, strict=True)]
    lines = [
        (number, 1, 10, 1, str(Decimal(value) - 1))
        for number, value in zip(numbers, values, strict=True)
    ]
    return {f"{folder}/PEDIDO.csv": orders(*sold), f"{folder}/ITEM_PEDIDO.csv": items(*lines)}


@dataclass(kw_only=True)
class World:
    """What stories can do and see; everything goes through the public functions of the platform."""

    domain: Domain
    settings: Settings
    instance: dg.DagsterInstance
    next_delivery: dt.datetime = dt.datetime(2024, 3, 9, 6, tzinfo=dt.UTC)
    """Modification time of the next file on disk; S3 sets the time itself."""
    delivered_at: dict[str, float] = field(default_factory=dict)
    """Folder → second of its last delivery, on S3."""

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.root)

    @property
    def landing(self) -> ObjectStore:
        return ObjectStore.at(self.settings.landing)

    def land(self, path: str, content: str | bytes, *, at: dt.datetime | None = None) -> None:
        """Write a file into the landing zone, dated one minute after the file before it."""
        data = content.encode() if isinstance(content, str) else content
        store = self.landing
        if isinstance(store, DiskStore):
            store.write(path, data)
            self.next_delivery += dt.timedelta(minutes=1)
            moment = (at or self.next_delivery).timestamp()
            os.utime(Path(store.uri) / path, (moment, moment))
            return
        while int(time.time()) <= self.delivered_at.get(path.rpartition("/")[0], 0):
            time.sleep(0.05)  # S3 records times to the second
        store.write(path, data)
        self.delivered_at[path.rpartition("/")[0]] = int(time.time())

    def land_all(self, files: Mapping[str, str | bytes]) -> None:
        for path, content in files.items():
            self.land(path, content)

    def land_reference(self, day: dt.date = BEFORE, **tables: Mapping[int, str]) -> None:
        """Deliver the reference tables of a day."""
        for name, content in reference(**tables).items():
            self.land(f"mrhealth/{day}/reference/{name}", content)

    def ingest(self, *, fails: bool = False) -> list[RunResult]:
        """Run what is due and return the runs of days; a failed run is expected with ``fails``."""
        runs = list(local_runs.ingest(self.domain, self.settings, self.instance))
        problems = [run.problem for run in runs if not run.succeeded]
        assert bool(problems) == fails, problems
        return [run for run in runs if run.work != job_name(self.domain.name, Work.AS_OF)]

    def materialize(self, first: dt.date, last: dt.date) -> RunResult:
        """Run every table for a range of days, changed or not."""
        return local_runs.materialize(self.domain, self.instance, first=first, last=last)

    def rows(self, name: str, *columns: str, days: Sequence[dt.date] | None = None) -> list[Any]:
        """Return the sorted rows of a table by its SQL name; of a single column, its values."""
        table = self.lake.table(TableId.from_name(name))
        if not table.exists():
            return []
        found = table.read(days).select(list(columns)).to_pylist()
        if len(columns) == 1:
            return sorted(row[columns[0]] for row in found)
        return sorted(tuple(row[column] for column in columns) for row in found)

    def statuses(self, dataset: str = "orders") -> Counter[str]:
        """Count the delivered files of a dataset by status."""
        return Counter(self.rows(f"raw.mrhealth_{dataset}", "status"))

    def balance(self) -> Counter[str]:
        """Count the delivered files by result of their reconciliation."""
        return Counter(self.rows(f"ops.{self.domain.name}_reconciliation", "balance"))

    def rejections(self, dataset: str = "orders") -> list[str]:
        """Return the reasons of all rows in quarantine."""
        found = self.rows(f"silver.mrhealth_{dataset}__quarantine", "reasons")
        return [reason for reasons in found for reason in reasons]

    def revenue(self) -> dict[tuple[dt.date, int], str]:
        """Return the revenue by day and unit, where there is any."""
        found = self.rows("gold.mrhealth_unit_day", "day", "unit_id", "revenue")
        return {(day, unit): str(value) for day, unit, value in found if value}

    def tables(self) -> list[TableId]:
        """Return the tables whose days depend on deliveries of these days only.

        The log of checks depends on the time, an as-of table on all days before.
        """
        return [
            table
            for table in self.lake.tables()
            if table.table not in ("data_quality_log", "as_of_days")
            and not self.lake.table(table).snapshot().as_of
        ]

    def versions(self) -> dict[str, dict[dt.date, str]]:
        """Return the data version of each day of every table."""
        return {
            table.name: {f.day: f.data_version for f in self.lake.table(table).snapshot().files}
            for table in self.tables()
        }

    def files(self) -> dict[str, dict[dt.date, str]]:
        """Return the data file of each day of every table."""
        return {
            table.name: {f.day: f.parts[0].path for f in self.lake.table(table).snapshot().files}
            for table in self.tables()
        }


def changed_days(
    before: Mapping[str, Mapping[dt.date, str]],
    after: Mapping[str, Mapping[dt.date, str]],
    tables: Iterable[str] | None = None,
) -> set[dt.date]:
    """Return the days whose data file differs in any of the tables."""
    return {
        day
        for name in (after if tables is None else tables)
        for day in {*before.get(name, {}), *after.get(name, {})}
        if before.get(name, {}).get(day) != after.get(name, {}).get(day)
    }

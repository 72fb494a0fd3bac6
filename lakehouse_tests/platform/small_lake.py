"""A small lake that ingests deliveries like a run, but without Dagster."""

import datetime as dt
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lakehouse.platform.ingestion.ingest import ingest
from lakehouse.platform.ingestion.landing_zone import LandingZone, landing_zone_of
from lakehouse.platform.ingestion.unrecognized_files import stage_unrecognized_files
from lakehouse.platform.orchestration.io_manager import commit
from lakehouse.platform.orchestration.resources import intake_of
from lakehouse.platform.reconciliation.open_work import open_work
from lakehouse.platform.reconciliation.reconcile import reconcile, stage_reconciliation
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings

NOTE = {"run_id": "test"}
REFERENCE = {
    "tabela_produto.csv": "Id_Produto,Nome_Produto\n1,Suco\n2,Salada\n3,Sopa\n",
    "tabela_unidade.csv": "Id_Unidade,Nome_Unidade,Id_Estado\n1,Centro,1\n2,Norte,1\n",
    "tabela_estado.csv": "id_estado,id_pais,nome_estado\n1,BR,Bahia\n",
    "tabela_pais.csv": "Id_Pais,Nome_Pais\nBR,Brasil\n",
}


@dataclass
class SmallLake:
    """Mr. Health's lake and landing zone below one folder."""

    folder: Path
    now: dt.datetime
    root: str = ""
    landing_root: str = ""
    domain: Domain = field(default_factory=lambda: load_domain("mrhealth"))

    @cached_property
    def settings(self) -> Settings:
        return Settings(
            root=self.root or str(self.folder / "lake"),
            landing=self.landing_root or str(self.folder / "landing"),
            threads=1,
            quiet_seconds=0,
            silence_days=0,
        )

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.settings.root)

    @property
    def landing(self) -> LandingZone:
        return landing_zone_of(self.domain, self.settings)

    def land(self, path: str, data: bytes | str, at: dt.datetime) -> Path:
        """Write a file into the folder of the domain in the landing zone."""
        place = self.folder / "landing" / "mrhealth" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data if isinstance(data, bytes) else data.encode())
        os.utime(place, (at.timestamp(), at.timestamp()))
        return place

    def land_reference(self, at: dt.datetime) -> None:
        for name, text in REFERENCE.items():
            self.land(f"{at.date()}/reference/{name}", text, at)

    def arrive(
        self, days: Iterable[dt.date], layers: Collection[str] = ("bronze", "silver", "gold")
    ) -> None:
        """Ingest delivery days, compute the tables, and rebuild days that became incomplete."""
        wanted = sorted(set(days))
        self.ingest(wanted)
        for _ in range(3):
            self.refresh(wanted, layers)
            work = open_work(self.domain, self.lake)
            wanted = sorted({*work.unfinished, *work.waiting})
            if not wanted:
                return
        raise AssertionError(f"still not finished: {wanted}")

    def ingest(self, days: Sequence[dt.date]) -> None:
        """Commit raw and bronze for these delivery days."""
        intake = intake_of(self.domain, self.lake, self.settings, self.now)
        listing = intake.listing(days)
        for table in self.domain.tables:
            if table.source is not None and table.layer == "bronze":
                ingest(table, days, intake, listing, note=NOTE)
        stage_unrecognized_files(listing, days, intake).commit(note=NOTE)

    def refresh(self, days: Sequence[dt.date], layers: Collection[str]) -> None:
        """Commit the tables of these layers that an expression computes, and the reconciliation."""
        for table in self.domain.tables:
            if table.transform is not None and table.layer in layers and table.daily:
                computed = stage_days(table, days, self.lake, self.settings)
                assert not computed.failed_days, computed.failed_days
                commit(computed, self.lake, note=NOTE)
        balances = reconcile(self.domain, self.lake, days)
        stage_reconciliation(self.domain, self.lake, balances).commit(note=NOTE)

    def versions(self, *layers: str) -> dict[tuple[str, dt.date], str]:
        """Return the data version of each day of each table of these layers, without companions."""
        return {
            (table.name, file.day): file.data_version
            for layer in layers
            for table in self.lake.tables(layer)
            if table.companion is None
            for file in self.lake.table(table).snapshot().files
        }

    def paths(self) -> dict[tuple[str, dt.date], str]:
        """Return the file of each day of each table, including companions."""
        return {
            (table.name, file.day): file.parts[0].path
            for table in self.lake.tables()
            for file in self.lake.table(table).snapshot().files
        }

    def rows(self, name: str, *days: dt.date) -> list[dict[str, object]]:
        """Read the rows of a table by its SQL name."""
        return self.lake.table(TableId.from_name(name)).read(days or None).to_pylist()

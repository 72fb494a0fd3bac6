"""One system with a landing zone and a lake of its own, run in the order of its jobs."""

import datetime as dt
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakehouse.demo.files import LandedFile
from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.settings import Settings
from lakehouse_tests.stories.driver import Driver


@dataclass
class Business:
    """What lands, what is run, and what can be asked; without Dagster."""

    domain_name: str
    folder: Path
    clock: dt.datetime = field(
        default_factory=lambda: dt.datetime.now(dt.UTC).replace(microsecond=0)
    )
    """When the next file lands, a minute after the one before it and never in the future."""

    def __post_init__(self) -> None:
        self.clock -= dt.timedelta(hours=2)

    @property
    def settings(self) -> Settings:
        return Settings(
            root=str(self.folder / "lake"), landing=str(self.folder / "landing"), quiet_seconds=0
        )

    @property
    def domain(self) -> Domain:
        return load_domain(self.domain_name)

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.root)

    def land(self, path: str, data: bytes | str, at: dt.datetime | None = None) -> None:
        """Put one file below the landing zone's folder of the system."""
        place = self.folder / "landing" / self.domain_name / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data if isinstance(data, bytes) else data.encode())
        self.clock += dt.timedelta(minutes=1)
        moment = (at or self.clock).timestamp()
        os.utime(place, (moment, moment))

    def land_all(self, files: Iterable[LandedFile]) -> None:
        """Put files as a generator gives them, with the moments that it says."""
        for file in files:
            self.land(file.path.removeprefix(f"{self.domain_name}/"), file.data, file.modified_at)

    def ingest(self) -> None:
        """Run what has to run until nothing is left; a lake that comes to no rest is an error."""
        Driver(domain=self.domain, settings=self.settings).take_in()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask as `lakehouse sql` does."""
        names = catalog.names_in(sql)
        with catalog.connect(self.lake, self.settings, names=names) as connection:
            return catalog.query(connection, sql).fetchall()

    def rejections(self, dataset: str) -> list[tuple[str, str, int]]:
        """Reason, file and line of each row and line of a dataset in quarantine."""
        found = []
        for layer in ("bronze", "silver"):
            table = self.lake.table(TableId(layer, self.domain_name, dataset, "quarantine"))
            if table.snapshot().schema is not None:
                found += [
                    (reason, row["file"], row["line"])
                    for row in table.read().to_pylist()
                    for reason in row["reasons"]
                ]
        return sorted(found)

    def balance(self) -> list[str]:
        """What the balance of each delivery says."""
        rows = (
            self.lake.table(TableId("ops", self.domain_name, "reconciliation")).read().to_pylist()
        )
        return [row["balance"] for row in rows]

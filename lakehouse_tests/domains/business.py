"""One domain with its own landing zone and lake, run in the order of its jobs."""

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
    """A domain that lands files, runs its jobs and answers queries, without Dagster."""

    domain_name: str
    folder: Path
    clock: dt.datetime = field(
        default_factory=lambda: dt.datetime.now(dt.UTC).replace(microsecond=0)
    )
    """Time at which the next file lands: a minute after the previous one, never in the future."""
    file_mb: float = 128

    def __post_init__(self) -> None:
        self.clock -= dt.timedelta(hours=2)

    @property
    def settings(self) -> Settings:
        return Settings(
            root=str(self.folder / "lake"),
            landing=str(self.folder / "landing"),
            quiet_seconds=0,
            silence_days=0,
            file_mb=self.file_mb,
        )

    @property
    def domain(self) -> Domain:
        return load_domain(self.domain_name)

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.root, self.settings.file_mb)

    def land(self, path: str, data: bytes | str, at: dt.datetime | None = None) -> None:
        """Write one file below the domain's folder in the landing zone."""
        place = self.folder / "landing" / self.domain_name / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data if isinstance(data, bytes) else data.encode())
        self.clock += dt.timedelta(minutes=1)
        moment = (at or self.clock).timestamp()
        os.utime(place, (moment, moment))

    def land_all(self, files: Iterable[LandedFile]) -> None:
        """Write the files of a generator, with their times of modification."""
        for file in files:
            self.land(file.path.removeprefix(f"{self.domain_name}/"), file.data, file.modified_at)

    def ingest(self) -> None:
        """Run all that is due until nothing is left; fail when the lake never comes to rest."""
        Driver(domain=self.domain, settings=self.settings).run_pending()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query as `lakehouse sql` does."""
        names = catalog.names_in(sql)
        with catalog.connect(self.lake, self.settings, names=names) as connection:
            return catalog.query(connection, sql).fetchall()

    def rejections(self, dataset: str) -> list[tuple[str, str, int]]:
        """Reason, file and line of each rejected row and line of a dataset."""
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
        """Result of the reconciliation of each delivery."""
        rows = (
            self.lake.table(TableId("ops", self.domain_name, "reconciliation")).read().to_pylist()
        )
        return [row["balance"] for row in rows]

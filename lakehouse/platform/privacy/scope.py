"""What a search works with: one person in one domain."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.ingestion.landing_zone import LandingZone, landing_zone_of
from lakehouse.platform.privacy.file_content import FileFormat
from lakehouse.platform.privacy.person import Person
from lakehouse.platform.privacy.personal_columns import personal_columns
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.deliveries_model import Delivery
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings


@dataclass(frozen=True, kw_only=True)
class SearchScope:
    """One person in one domain, with the lake and the landing zone to search."""

    domain: Domain
    lake: Lake
    settings: Settings
    person: Person

    @property
    def name(self) -> str:
        """Name of the domain."""
        return self.domain.name

    @property
    def limit(self) -> int:
        """Largest file that is read, decompressed, in bytes."""
        return self.settings.max_file_mb * 1024 * 1024

    @property
    def landing(self) -> LandingZone:
        """Landing zone of the domain."""
        return landing_zone_of(self.domain, self.settings)

    @cached_property
    def formats(self) -> Mapping[str, FileFormat]:
        """How the files of each dataset are read."""
        return {
            table.id.table: FileFormat(csv=table.source.format, columns=personal_columns(table))
            for table in self.domain.tables
            if table.source is not None and table.layer == "bronze"
        }

    def read_deliveries(self) -> dict[str, list[Delivery]]:
        """Return the current deliveries of each dataset."""
        return {name: read_deliveries(self.lake, self.name, name) for name in self.formats}

    def safe_path(self, file: str | None) -> str | None:
        """Return a path without mentions of the person."""
        return None if file is None else self.person.without_mentions(file)

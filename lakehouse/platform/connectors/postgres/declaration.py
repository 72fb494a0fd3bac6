"""What a domain says of the legacy table that it is extracted from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.domains import declaration_of
from lakehouse.settings import Settings

INCREMENTAL, CDC = "incremental", "cdc"
"""Values of a domain's setting ``extraction``."""
OPERATION, EXTRACTED = "operation", "extraction"
"""Columns that an extracted file has beside the table's own."""

Row = Sequence[str | None]
"""Values of the declared columns as text."""


class ExtractionError(Exception):
    """A legacy table cannot be extracted; the message says why and what to do, and no secret."""


@dataclass(frozen=True, kw_only=True)
class Legacy:
    """The legacy table as it would be made for a try.

    Args:
        database: where it lies when the DSN names no database of its own.
        ddl: statements that make it, each of which may run again.
        rows: invents this many rows from a seed, in the order of the declared columns.
    """

    database: str
    ddl: tuple[str, ...]
    rows: Callable[[int, int], Iterator[Row]]


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """One table of a legacy PostgreSQL database, and the dataset that its rows land as.

    Args:
        spec: domain whose landing folder receives the files; its setting ``dsn`` is the address of
            the database, its setting ``extraction`` (optional) the way of extracting.
        dataset: the system's source that takes files ``<dataset>_*.csv``.
        table: its name in the database.
        columns: those that are extracted, named alike in the files.
        key: the one that tells its rows apart; without nulls.
        legacy: how to make the table for a try.
        namespace: its schema in PostgreSQL.

    Raises:
        ValueError: the key is none of the columns, or the domain declares no setting ``dsn``.
    """

    spec: DomainSpec
    dataset: str
    table: str
    columns: tuple[str, ...]
    key: str
    legacy: Legacy
    namespace: str = "public"

    def __post_init__(self) -> None:
        if self.key not in self.columns:
            raise ValueError(f"{self.table}: the key {self.key!r} is no column")
        if all(setting.name != "dsn" for setting in self.spec.settings):
            raise ValueError(
                f"{self.table}: domain {self.domain!r} declares no setting 'dsn' for the address of"
                " the database; hint: DomainSpec(settings=(Setting(name='dsn', …),))"
            )

    @property
    def domain(self) -> str:
        """Name of the domain."""
        return self.spec.name

    @property
    def variable(self) -> str:
        """Environment variable with the address of the database."""
        return next(s for s in self.spec.settings if s.name == "dsn").variable(self.domain)

    def dsn(self, settings: Settings) -> str | None:
        """Return the address of the legacy database; None when it is not set."""
        found: str | None = self.spec.value("dsn", settings)
        return found

    def mode(self, settings: Settings) -> str:
        """Return the configured way of extracting: ``incremental`` or ``cdc``."""
        return str(self.spec.value("extraction", settings) or INCREMENTAL)

    @property
    def name(self) -> str:
        """Schema and table, as the log of changes names it."""
        return f"{self.namespace}.{self.table}"

    @property
    def place(self) -> int:
        """Where the key stands among the columns."""
        return self.columns.index(self.key)

    @property
    def header(self) -> tuple[str, ...]:
        """Columns of an extracted file.

        The number of the extraction is among them because content is identity: a row that changes
        back to what it was makes a file of its own, and not a repetition of an earlier one.
        """
        return (*self.columns, OPERATION, EXTRACTED)

    @property
    def publication(self) -> str:
        """What its changes are published as."""
        return f"lakehouse_{self.domain}_{self.dataset}"


def extraction_of(domain: str) -> Extraction | None:
    """Return the extraction that a domain's module ``extraction`` declares, if there is one."""
    found: Extraction | None = declaration_of(domain, "extraction", "EXTRACTION")
    return found

"""What a domain declares about the legacy table that it is extracted from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.domains import declaration_of
from lakehouse.platform.tables.source import Column
from lakehouse.settings import Settings

INCREMENTAL, CDC = "incremental", "cdc"
"""Values of a domain's setting ``extraction``."""
OPERATION, EXTRACTED = "operation", "extraction"
"""Columns that an extracted file has after the table's own."""
CHANGE_COLUMNS = {
    OPERATION: Column(
        "Operation of the change: insert, update, delete or snapshot; null in an export",
        optional=True,
    ),
    EXTRACTED: Column(
        "Number of the extraction that wrote the file; null in an export", optional=True
    ),
}
"""The same columns for the declaration of the source that the files land as."""

Row = Sequence[str | None]
"""Values of the declared columns as text."""


class ExtractionError(Exception):
    """A legacy table cannot be extracted; the message gives cause and hint, and no secret."""


@dataclass(frozen=True, kw_only=True)
class Legacy:
    """How to create a sample of the legacy table.

    Args:
        database: used when the DSN names no database.
        ddl: statements that create the table; each may run again.
        rows: generates a number of rows from a seed, in the order of the declared columns.
    """

    database: str
    ddl: tuple[str, ...]
    rows: Callable[[int, int], Iterator[Row]]


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """One table of a legacy PostgreSQL database and the dataset that its rows land as.

    Args:
        spec: domain whose landing folder receives the files. Its setting ``dsn`` is the address of
            the database, its optional setting ``extraction`` the way of extracting.
        dataset: source of the domain that matches files ``<dataset>_*.csv``.
        table: name in the database.
        columns: columns to extract; they have the same names in the files.
        key: column that identifies a row; never null.
        legacy: how to create a sample of the table, for `lakehouse legacy seed`.
        namespace: schema of the table in PostgreSQL.

    Raises:
        ValueError: the key is none of the columns, or the domain declares no setting ``dsn``.
    """

    spec: DomainSpec
    dataset: str
    table: str
    columns: tuple[str, ...]
    key: str
    legacy: Legacy | None = None
    namespace: str = "public"

    def __post_init__(self) -> None:
        if self.key not in self.columns:
            raise ValueError(
                f"{self.table}: the key {self.key!r} is not among the columns"
                f" {', '.join(self.columns)}"
            )
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
        """Schema and table, as PostgreSQL's log names them."""
        return f"{self.namespace}.{self.table}"

    @property
    def key_index(self) -> int:
        """Position of the key among the columns."""
        return self.columns.index(self.key)

    @property
    def header(self) -> tuple[str, ...]:
        """Columns of an extracted file.

        The number of the extraction is one of them because files are identified by their content:
        a row that changes back to an earlier state must not make the bytes of an earlier file.
        """
        return (*self.columns, OPERATION, EXTRACTED)

    @property
    def publication(self) -> str:
        """Name of the publication of the table's changes."""
        return f"lakehouse_{self.domain}_{self.dataset}"


def extraction_of(domain: str) -> Extraction | None:
    """Return the extraction that a domain's module ``extraction`` declares, if there is one."""
    found: Extraction | None = declaration_of(domain, "extraction", "EXTRACTION")
    return found

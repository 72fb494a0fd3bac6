"""What a domain says of the legacy table that it is extracted from."""

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

DOMAINS = "lakehouse.domains"
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
        system: whose landing folder the files go to.
        dataset: the system's source that takes files ``<dataset>_*.csv``.
        table: its name in the database.
        columns: those that are extracted, named alike in the files.
        key: the one that tells its rows apart; without nulls.
        legacy: how to make the table for a try.
        namespace: its schema in PostgreSQL.

    Raises:
        ValueError: the key is none of the columns.
    """

    domain: str
    dataset: str
    table: str
    columns: tuple[str, ...]
    key: str
    legacy: Legacy
    namespace: str = "public"

    def __post_init__(self) -> None:
        if self.key not in self.columns:
            raise ValueError(f"{self.table}: the key {self.key!r} is no column")

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
    """``EXTRACTION`` of the system's module ``extraction``; a domain without one has none."""
    name = f"{DOMAINS}.{domain}.extraction"
    if importlib.util.find_spec(name) is None:
        return None
    found: Extraction = importlib.import_module(name).EXTRACTION
    return found

"""Read days of one table that were made with different definitions as if they had one.

A day that an older contract made may lack a column, or have it under another name or in another
type. A missing column that may be null is null; in rows from files it has the value that the file
had before the column was declared. Where a value is missing that the contract requires, or would
change in another type, a query that reads it fails with an error that names the table, the column
and the days; a query that does not read it succeeds.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakehouse.platform.storage.errors import OlderDays
from lakehouse.platform.storage.table_id import TableId

if TYPE_CHECKING:  # queries do not wait for Ibis and Pandera
    from lakehouse.platform.tables.contract import Contract

_MESSAGE = re.compile(r"older contract: .*?lakehouse migrate`?", re.DOTALL)
_PLACE = re.compile(
    r"(?:.*/)?(?P<layer>[^/]+)/(?P<domain>[^/]+)/(?P<table>[^/]+)/day=(?P<day>[0-9-]{10})/[^/]+"
)
_RESCUED = "_rescued"
"""Column with the values of undeclared columns, as a JSON object."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The columns that a reader expects.

    Args:
        types: name of each column → its SQL type.
        required: columns that are never null.
        earlier: name of a column → the names that it had before, the newest first.
        version: of the definition whose files have exactly these columns; empty if it is not known.
    """

    types: Mapping[str, str]
    version: str = ""
    required: frozenset[str] = frozenset()
    earlier: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, types: Mapping[str, str], contract: "Contract | None", version: str = ""
    ) -> "Expected":
        """Return the columns of these types; what is required and renamed is in the contract."""
        if contract is None:
            return cls(types=types, version=version)
        return cls(
            types=types,
            version=version,
            required=frozenset(c.name for c in contract.columns if not c.nullable),
            earlier={c.name: c.earlier_names for c in contract.columns if c.earlier_names},
        )


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How an engine writes names, errors and comparisons in SQL."""

    quote: str
    error: str
    from_json: str

    def name(self, column: str) -> str:
        """Return a quoted name."""
        return f"{self.quote}{column.replace(self.quote, self.quote * 2)}{self.quote}"


DUCKDB = Dialect(quote='"', error="error", from_json="json_extract_string")
SPARK = Dialect(quote="`", error="raise_error", from_json="get_json_object")


def columns_of_group(
    urls: Sequence[str], present: Mapping[str, str], expected: Expected, dialect: Dialect
) -> Iterator[str]:
    """Yield the SQL of each expected column for days that one definition made.

    Args:
        urls: files of the days.
        present: name of each column in the files → its SQL type.
        expected: the columns that the reader expects.
        dialect: of the engine.
    """
    for column, kind in expected.types.items():
        name = dialect.name(column)
        source = source_of(column, present, expected.earlier)
        required = column in expected.required
        if source is None:
            value = _undeclared(column, present, dialect) or f"CAST(NULL AS {kind})"
            if required:
                failure = _failure(urls, f"has no column {column}", dialect)
                value = f"CASE WHEN {dialect.name('day')} IS NOT NULL THEN {failure} END"
        else:
            value = dialect.name(source)
            if column != "day" and present[source].upper() != kind.upper():
                value = _converted(urls, source, present[source], kind, dialect)
            if column != "day" and required:
                failure = _failure(urls, f"has no value of {column} in some rows", dialect)
                empty = f"{dialect.name(source)} IS NULL"
                value = f"CASE WHEN {empty} THEN CAST({failure} AS {kind}) ELSE {value} END"
        yield f"CAST({value} AS {kind}) AS {name}"


def error_of(error: Exception) -> OlderDays | None:
    """Return the error that names the days of an older contract, if an engine raised it."""
    found = _MESSAGE.search(str(error))
    return OlderDays(found[0].removeprefix("older contract: ")) if found else None


def tables_of(urls: Iterable[str]) -> list[TableId]:
    """Return the tables to which files of days belong, sorted."""
    found = {(f["layer"], f["domain"], f["table"]) for f in map(_PLACE.fullmatch, urls) if f}
    return sorted(TableId(*each) for each in found)


def source_of(
    column: str, present: Collection[str], earlier: Mapping[str, tuple[str, ...]]
) -> str | None:
    """Return the column of older rows that has the values of a column; None if there is none.

    A name that another column has left may have been given to a new column: older rows do not have
    the new one.
    """
    left = {
        before
        for name, names in earlier.items()
        if name != column and name not in present
        for before in [each for each in names if each in present][:1]
    }
    names = (column, *earlier.get(column, ()))
    return next((name for name in names if name in present and name not in left), None)


def _undeclared(column: str, present: Collection[str], dialect: Dialect) -> str | None:
    """Return the SQL of the value that a file had before its column was declared."""
    if _RESCUED not in present or not re.fullmatch(r"\w+(?: \w+)*", column):
        return None
    path = f"$.{column}" if dialect is SPARK else f'$."{column}"'
    return f"{dialect.from_json}({dialect.name(_RESCUED)}, '{path}')"


def _converted(urls: Sequence[str], source: str, given: str, kind: str, dialect: Dialect) -> str:
    """Return the SQL of a value in another type; a value that changes in it is an error."""
    name = dialect.name(source)
    tried = f"TRY_CAST({name} AS {kind})"
    lost = f"TRY_CAST({tried} AS {given}) IS DISTINCT FROM {name}"
    failure = _failure(urls, f"has values of {source} ({given}) that are no {kind}", dialect)
    return f"CASE WHEN {lost} THEN CAST({failure} AS {kind}) ELSE {tried} END"


def _failure(urls: Sequence[str], problem: str, dialect: Dialect) -> str:
    places = [found for url in urls if (found := _PLACE.fullmatch(url))]
    days = sorted(found["day"] for found in places)
    table = "{layer}.{domain}_{table}".format(**places[0].groupdict()) if places else "a table"
    span = "" if not days else f" ({days[0]})" if len(days) == 1 else f" ({days[0]} to {days[-1]})"
    text = (
        f"older contract: {table}: {len(days)} day{'s'[: len(days) != 1]}{span} made with an older"
        f" contract, which {problem}. hint: lakehouse migrate"
    )
    return f"{dialect.error}('{text.replace(chr(39), chr(39) * 2)}')"

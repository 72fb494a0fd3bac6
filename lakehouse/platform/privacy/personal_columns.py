"""Columns that hold personal data, as contracts declare them."""

import functools
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table

PERSONAL = "personal"
"""Key of a column's tags; the value is the kind of personal data."""
MASKED = "masked"
"""Value of the tag for a column that is made of personal data and identifies nobody any more."""
RESCUED = "_rescued"
"""Column with the values of undeclared columns."""
IDENTIFIER, EMAIL = "identifier", "email"
"""Kinds that identify a person; every other kind only describes one."""


@dataclass(frozen=True, kw_only=True)
class PersonalColumns:
    """The personal columns of one table by kind."""

    identifiers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.identifiers, *self.emails, *self.others)

    @property
    def identifying(self) -> tuple[str, ...]:
        """Those by which a row is known to belong to a person."""
        return (*self.identifiers, *self.emails)


def personal_columns(table: Table) -> PersonalColumns:
    """Return the columns that a table's contract declares as personal."""
    tags = {column.name: column.tags.get(PERSONAL) for column in table.contract.columns}
    kinds = {name: kind for name, kind in tags.items() if kind and kind != MASKED}
    return PersonalColumns(
        identifiers=tuple(name for name, kind in kinds.items() if kind == IDENTIFIER),
        emails=tuple(name for name, kind in kinds.items() if kind == EMAIL),
        others=tuple(name for name, kind in kinds.items() if kind not in (IDENTIFIER, EMAIL)),
    )


def stored_personal_columns(table: TableId) -> PersonalColumns:
    """Return the personal columns of a stored table.

    A companion such as a quarantine has none, and neither has a table that no domain declares.
    """
    if table.companion:
        return PersonalColumns()
    try:
        return personal_columns(load_domain(table.domain).table(table.layer, table.table))
    except (KeyError, ModuleNotFoundError):
        return PersonalColumns()


def columns_to_show(table: TableId, stored: pa.Schema) -> frozenset[str]:
    """Return the columns of a stored table whose values may be shown where no person is erased.

    These are provenance (but not the values of undeclared columns), and numbers, dates and booleans
    that a contract declares and does not tag as personal. Text may hold anything, and so may the
    rejected rows of a companion.
    """
    provenance = {name for name in stored.names if name.startswith("_")} - {RESCUED}
    if table.companion:
        return frozenset(provenance)
    try:
        declared = load_domain(table.domain).table(table.layer, table.table)
    except (KeyError, ModuleNotFoundError):
        return frozenset(provenance)
    known = {"day", *(column.name for column in declared.contract.columns)}
    plain = {column.name for column in stored if _holds_no_text(column.type)}
    return frozenset(provenance | (known & plain - set(personal_columns(declared).names)))


def _holds_no_text(kind: pa.DataType) -> bool:
    checks = (
        *(pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
        *(pa.types.is_boolean, pa.types.is_temporal),
    )
    return any(check(kind) for check in checks)


@functools.cache
def has_numeric_ids(domain: str) -> bool:
    """Return whether ids of persons are numbers, so that leading zeros are ignored."""
    return any(
        column.type.is_integer()
        for table in load_domain(domain).tables
        for column in table.contract.columns
        if column.tags.get(PERSONAL) == IDENTIFIER
    )

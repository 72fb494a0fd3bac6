"""Columns that hold personal data, as contracts declare them."""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import kept_definitions
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain, load_domain
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
    return _of_kinds(_declared_kinds(table))


def stored_personal_columns(
    lake: Lake, table: TableId, present: Collection[str]
) -> PersonalColumns:
    """Return which of the columns in files of a stored table are personal.

    The files may be of an older contract, or of a table that no code declares any more. A column
    that the contract does not declare is personal if an earlier contract of the table says so, or
    if a table of the domain declares a personal column of that name, now or before it was renamed.
    A companion such as a quarantine has none, and neither have tables that the platform defines.
    """
    if table.companion or table.layer not in ("bronze", "silver", "gold"):
        return PersonalColumns()
    try:
        domain = load_domain(table.domain)
    except ModuleNotFoundError:
        return PersonalColumns()
    declared = next((each for each in domain.tables if each.id == table), None)
    known = {} if declared is None else _declared_kinds(declared)
    own = set() if declared is None else {column.name for column in declared.contract.columns}
    if others := {*present} - own:
        kinds = {**_kinds_of_domain(table.domain), **_kept_kinds(lake, table)}
        known |= {name: kinds[name] for name in others if name in kinds}
    return _of_kinds({name: kind for name, kind in known.items() if name in present})


def rejected_columns(domain: Domain, table: TableId) -> PersonalColumns:
    """Return the personal columns of the rows that a silver table rejects, with earlier names.

    Of a table that no code declares any more, all names count that the domain knows.
    """
    declared = next((each for each in domain.tables if each.id == table), None)
    if declared is None:
        return _of_kinds(_kinds_of_domain(domain.name))
    if not declared.reads:
        return PersonalColumns()
    rejected = declared.reads[0].table
    kinds = _declared_kinds(rejected)
    return _of_kinds(
        {
            name: kinds[column.name]
            for column in rejected.contract.columns
            if column.name in kinds
            for name in (column.name, *column.earlier_names)
        }
    )


def _of_kinds(kinds: Mapping[str, str]) -> PersonalColumns:
    return PersonalColumns(
        identifiers=tuple(name for name, kind in kinds.items() if kind == IDENTIFIER),
        emails=tuple(name for name, kind in kinds.items() if kind == EMAIL),
        others=tuple(name for name, kind in kinds.items() if kind not in (IDENTIFIER, EMAIL)),
    )


def _declared_kinds(table: Table) -> dict[str, str]:
    tags = {column.name: column.tags.get(PERSONAL) for column in table.contract.columns}
    return {name: kind for name, kind in tags.items() if kind and kind != MASKED}


@functools.cache
def _kinds_of_domain(name: str) -> Mapping[str, str]:
    """Return every name of a personal column of a domain; one that identifies counts first."""
    found: dict[str, str] = {}
    for table in load_domain(name).tables:
        kinds = _declared_kinds(table)
        for column in table.contract.columns:
            for each in (column.name, *column.earlier_names):
                if column.name in kinds and found.get(each) not in (IDENTIFIER, EMAIL):
                    found[each] = kinds[column.name]
    return found


def _kept_kinds(lake: Lake, table: TableId) -> dict[str, str]:
    """Return the personal columns that earlier contracts of a table declared."""
    return {
        column["name"]: column[PERSONAL]
        for content in kept_definitions(lake.store, table)
        for column in content["columns"]
        if column.get(PERSONAL, MASKED) != MASKED
    }


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

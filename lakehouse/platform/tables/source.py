"""A dataset that lands as CSV files: one declaration yields its raw and its bronze table.

Which files are read when, and what happens to a file, belongs to `lakehouse.platform.ingestion`.
"""

import functools
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lakehouse.platform.tables.csv_format import CsvDialect, CsvFormat

if TYPE_CHECKING:  # a command that only lands files must not wait for Pandera
    import pandera.ibis as pa

    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.deliveries_model import Delivery
    from lakehouse.platform.tables.table import Table

_DEFAULT_DIALECT = CsvDialect()


@dataclass(frozen=True)
class Column:
    """One column of a source, whose values bronze keeps as text.

    Args:
        description: meaning and unit, and when the value is missing.
        personal: kind of personal data, for example ``identifier``, ``name`` or ``email``; None
            for other data.
        aliases: other accepted spellings of the header name.
        optional: a file may lack the column; it is filled with null.
        decimal_comma: numbers have a decimal comma; in all other columns they have a point.
        quotes_inside: unquoted values may contain quotes, for example XML.
    """

    description: str
    personal: str | None = None
    aliases: tuple[str, ...] = ()
    optional: bool = False
    decimal_comma: bool = False
    quotes_inside: bool = False


@dataclass(frozen=True, kw_only=True)
class Source:
    """One dataset that a domain receives as CSV files.

    Args:
        domain: name of the domain.
        dataset: name of the raw and of the bronze table.
        description: what one row is, for the Dagster UI and the data dictionary.
        files: pattern of the file name (compared without case; ``.gz`` does not count, and ``.zip``
            and ``.xlsx`` stand for ``.csv``).
        example: a file name that `files` matches, for messages; not needed if `files` has no
            special characters.
        columns: name of each column → its description, in the order of the bronze table; a
            `Column` where there is more to say than the description.
        dialect: how the values in the files are separated, encoded and written.
        business_day: column with the day that a row is about, as ISO date or ``dd/mm/yyyy``.
        snapshot: a delivery is the complete table as of its day; otherwise the rows of that day.
        undated: whether a file that is in no day folder is accepted; its delivery day is then the
            day on which it was last modified. By default snapshots and sources with `per_file` are,
            because there the day is not a part of what identifies a delivery.
        required_per_unit: every active unit is expected to deliver one file per day.
        per_file: each file name is its own delivery: all files of a day are loaded, and other
            bytes under a known name replace the previous ones. Otherwise there is one delivery
            per day and unit.
        counts_copies: the same bytes under another name are another delivery, not a duplicate;
            for sources with ``per_file``.
        key: columns of a business key that is unique over all days, not within one day. The row of
            the newest delivery wins on whatever day the older rows are, and their days are
            computed again.
        affects: other datasets whose rows depend on this one, each with the columns that join them
            (same names in both): the days of the joined rows are computed again.
        ignored_parts: for columns of `key` and `affects` that are written in several ways, a
            regular expression of the part that is ignored when rows are joined.
        change_log: of several rows of a key in one file the last one wins. Otherwise such rows
            contradict each other and all but the last are rejected.
        renamed_from: earlier name of the dataset; `lakehouse migrate` moves its deliveries.
        query: SQL that reads the dataset from PostgreSQL.
        after_commit: called with the lake, the dataset and all deliveries of a run's days after
            they are committed, possibly more than once.

    Raises:
        ValueError: an option names an unknown column, or `files` does not match `example`.

    >>> visits = Source(
    ...     domain="cafe", dataset="visits", description="Visits, one row per guest.",
    ...     files=r"visits[.]csv", columns={"guest": "Number of the guest"},
    ... )
    >>> visits.bronze.id.name, visits.bronze.contract.schema.names[-1]
    ('bronze.cafe_visits', 'guest')
    """

    domain: str
    dataset: str
    description: str
    files: str
    example: str = ""
    columns: Mapping[str, str | Column] = field(hash=False)
    dialect: CsvDialect = _DEFAULT_DIALECT
    business_day: str | None = None
    snapshot: bool = False
    undated: bool | None = None
    required_per_unit: bool = False
    per_file: bool = False
    counts_copies: bool = False
    key: tuple[str, ...] = ()
    affects: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    ignored_parts: Mapping[str, str] = field(default_factory=dict, hash=False)
    change_log: bool = False
    renamed_from: str | None = None
    query: str | None = None
    after_commit: "Callable[[Lake, str, Sequence[Delivery]], None] | None" = None

    def __post_init__(self) -> None:
        if self.example and not self.matches(self.example):
            raise ValueError(
                f"{self.domain}.{self.dataset}: files {self.files!r} does not match the example"
                f" {self.example!r}"
            )
        joined = {column for columns in self.affects.values() for column in columns}
        named = {*self.key, *joined, *self.ignored_parts}
        if self.business_day is not None:
            named.add(self.business_day)
        if unknown := named - set(self.columns):
            raise ValueError(
                f"{self.domain}.{self.dataset}: key, affects, ignored_parts or business_day name"
                f" columns {sorted(unknown)}, which are not among its columns {list(self.columns)}"
            )

    def matches(self, name: str) -> bool:
        """Whether a file of this name (without folder) belongs to the dataset."""
        return re.fullmatch(self.files, plain_name(name)) is not None

    @property
    def named_like(self) -> str:
        """Return a file name of the dataset as people write it, not as a pattern."""
        return self.example or re.sub(r"\\[.]|\[[.]\]", ".", self.files.replace(".*", "*"))

    @property
    def is_per_unit_and_day(self) -> bool:
        """Whether day and unit identify a delivery, so that both must be read from the path."""
        return not (self.snapshot or self.per_file)

    @property
    def takes_undated(self) -> bool:
        """Whether a file that is in no day folder is accepted."""
        return not self.is_per_unit_and_day if self.undated is None else self.undated

    @functools.cached_property
    def format(self) -> CsvFormat:
        """Return the columns and the dialect in the form that the CSV reader takes."""
        columns = self._columns
        return CsvFormat(
            **vars(self.dialect),
            columns=tuple(columns),
            aliases={alias: name for name, c in columns.items() for alias in c.aliases},
            optional=tuple(name for name, column in columns.items() if column.optional),
            decimal_comma=tuple(name for name, column in columns.items() if column.decimal_comma),
            quotes_inside=tuple(name for name, column in columns.items() if column.quotes_inside),
        )

    @functools.cached_property
    def raw(self) -> "Table":
        """Return the table of the received files, whose bytes are kept beside it."""
        from lakehouse.platform.storage.table_id import TableId
        from lakehouse.platform.tables.deliveries_model import DELIVERIES
        from lakehouse.platform.tables.table import Table

        return Table(
            id=TableId("raw", self.domain, self.dataset),
            model=DELIVERIES.model,
            description=f"Received files of {self.dataset} and the status of each.",
            source=self,
        )

    @functools.cached_property
    def bronze(self) -> "Table":
        """Return the table of the files' rows, every value as text.

        Raises:
            ContractError: a column has the name of a provenance column.
        """
        from lakehouse.platform.storage.table_id import TableId
        from lakehouse.platform.tables.table import Table

        return Table(
            id=TableId("bronze", self.domain, self.dataset),
            model=self._bronze_model(),
            description=self.description,
            source=self,
        )

    @property
    def _columns(self) -> dict[str, Column]:
        return {
            name: column if isinstance(column, Column) else Column(column)
            for name, column in self.columns.items()
        }

    def _bronze_model(self) -> "type[pa.DataFrameModel]":
        """Return a contract with the provenance columns, then the source's columns as text."""
        import pandera.ibis as pa

        from lakehouse.platform.tables.contract import ContractError, contract_of
        from lakehouse.platform.tables.provenance import Provenance

        if reserved := set(contract_of(Provenance).schema.names) & set(self.columns):
            raise ContractError(
                f"{self.domain}.{self.dataset}: columns {sorted(reserved)} have names of"
                " provenance columns; hint: give them another name, with the name in the files"
                " among the aliases"
            )
        attributes = {f"column_{n}": item for n, item in enumerate(self._columns.items())}
        body = {
            "__module__": __name__,
            "__doc__": self.description,
            "__annotations__": dict.fromkeys(attributes, str),
        } | {
            attribute: pa.Field(
                alias=name,
                nullable=True,
                description=column.description,
                metadata=_tags(column),
            )
            for attribute, (name, column) in attributes.items()
        }
        class_name = "".join(part.capitalize() for part in self.dataset.split("_"))
        return types.new_class(class_name, (Provenance,), exec_body=lambda into: into.update(body))


def _tags(column: Column) -> dict[str, Any] | None:
    """Return the tags of a bronze column; rows of older contracts have it under its aliases."""
    tags = {"personal": column.personal, "renamed_from": column.aliases}
    return {name: value for name, value in tags.items() if value} or None


def plain_name(name: str) -> str:
    """Return the name of the CSV file that a gzip file, an archive or a workbook stands for.

    >>> plain_name("Orders.CSV.gz"), plain_name("orders.zip"), plain_name("orders.xlsx")
    ('orders.csv', 'orders.csv', 'orders.csv')
    """
    unzipped = name.lower().removesuffix(".gz")
    plain = unzipped.removesuffix(".zip").removesuffix(".xlsx")
    return plain if plain == unzipped or plain.endswith(".csv") else f"{plain}.csv"


def declared_in(module: types.ModuleType) -> tuple[Source, ...]:
    """Return the sources of a module, in the order in which they are declared."""
    return tuple(dict.fromkeys(v for v in vars(module).values() if isinstance(v, Source)))

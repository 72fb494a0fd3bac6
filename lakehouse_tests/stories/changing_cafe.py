"""A café whose contracts change: visits land as files; one gold table by day, one as of a day."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Int16, Int32

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import declare_table
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.expressions import parse_int, provenance_of
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.source import Column, Source
from lakehouse.platform.tables.table import Table, TableOptions

SPEC = DomainSpec(name="cafe", title="Café", since=dt.date(2024, 1, 1))
COLUMNS: dict[str, str | Column] = {
    "number": "Number of the visit",
    "on": "Day",
    "spent": "Money spent",
    "guest": "Name",
}
Values = Callable[[ir.Table], dict[str, ir.Value]]


class Visits(TableModel, key=("number",)):
    """One visit."""

    day: dt.date = pa.Field(description="Day")
    number: int = pa.Field(description="Number of the visit")
    spent: Int32 = pa.Field(ge=0, description="Money spent")
    guest: str = pa.Field(description="Name of the guest")


class VisitDays(TableModel, key=("day",)):
    """One day."""

    day: dt.date = pa.Field(description="Day")
    spent: int = pa.Field(description="Money spent")


class Spenders(TableModel, key=("number",)):
    """One visit in the order of the money spent."""

    number: int = pa.Field(description="Number of the visit")
    spent: int = pa.Field(description="Money spent")


def values_of(rows: ir.Table) -> dict[str, ir.Value]:
    """Return the columns of a visit that are not the same in every shape."""
    return {"spent": parse_int(rows.spent).cast("int32"), "guest": rows.guest}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the code of the café declares at one time."""

    contract: type[TableModel] = Visits
    values: Values = values_of
    columns: dict[str, str | Column] = field(default_factory=lambda: dict(COLUMNS))
    source: dict[str, Any] = field(default_factory=dict)
    dataset: str = "visits"
    gold: str | None = "visit_days"
    gold_renamed_from: str | None = None

    def domain(self) -> Domain:
        """Return the domain of this code."""
        source = Source(
            domain="cafe",
            dataset=self.dataset,
            description="Visits as they were delivered.",
            files=r"visits.*\.csv",
            columns=self.columns,
            business_day="on",
            per_file=True,
            key=("number",),
            **self.source,
        )
        visits = self._visits(source)
        tables = [source.raw, source.bronze, visits]
        if self.gold is not None:
            tables.append(self._days(visits, self.gold))
        tables.append(_spenders_of(visits))
        return Domain(spec=SPEC, sources=(source,), tables=tuple(tables))

    def _visits(self, source: Source) -> Table:
        def visits(rows: ir.Table) -> ir.Table:
            """Visits with typed columns."""
            return rows.select(
                **provenance_of(rows, day=rows.day),
                day=rows["_business_day"].fill_null(rows.day),
                number=parse_int(rows.number),
                **self.values(rows),
            )

        name = TableId("silver", "cafe", "visits")
        return declare_table(visits, table=name, contract=self.contract, reads=[source.bronze])

    def _days(self, visits: Table, name: str) -> Table:
        def days(known: ir.Table) -> ir.Table:
            """Money spent by day."""
            return known.group_by("day").agg(spent=known.spent.sum().cast("int64"))

        return declare_table(
            days,
            table=TableId("gold", "cafe", name),
            contract=VisitDays,
            reads=[visits],
            options=TableOptions(renamed_from=self.gold_renamed_from),
        )


def _spenders_of(visits: Table) -> Table:
    def spenders(known: ir.Table) -> ir.Table:
        """Visits, the most expensive one first."""
        spent = known.select("number", spent=known.spent.cast("int64"))
        return spent.order_by(ibis.desc("spent"), "number")

    name = TableId("gold", "cafe", "spenders")
    return declare_table(spenders, table=name, contract=Spenders, reads=[visits], as_of=True)


class WithNote(Visits, key=("number",)):
    """With a column that may be null."""

    note: str = pa.Field(nullable=True, description="Note")


class WithHalf(Visits, key=("number",)):
    """With a column that is never null."""

    half: int = pa.Field(description="Half of the money")


class Wider(TableModel, key=("number",)):
    """With a wider integer."""

    day: dt.date = pa.Field(description="Day")
    number: int = pa.Field(description="Number of the visit")
    spent: int = pa.Field(ge=0, description="Money spent")
    guest: str = pa.Field(description="Name of the guest")


class Narrower(TableModel, key=("number",)):
    """With a narrower integer."""

    day: dt.date = pa.Field(description="Day")
    number: int = pa.Field(description="Number of the visit")
    spent: Int16 = pa.Field(ge=0, description="Money spent")
    guest: str = pa.Field(description="Name of the guest")


class Renamed(TableModel, key=("number",)):
    """With another name of the guest's column."""

    day: dt.date = pa.Field(description="Day")
    number: int = pa.Field(description="Number of the visit")
    spent: Int32 = pa.Field(ge=0, description="Money spent")
    visitor: str = pa.Field(metadata={"renamed_from": "guest"}, description="Name of the guest")


class Fewer(TableModel, key=("number",)):
    """Without the guest."""

    day: dt.date = pa.Field(description="Day")
    number: int = pa.Field(description="Number of the visit")
    spent: Int32 = pa.Field(ge=0, description="Money spent")


class Cheap(TableModel, key=("number",)):
    """With a stricter rule."""

    day: dt.date = pa.Field(description="Day")
    number: int = pa.Field(description="Number of the visit")
    spent: Int32 = pa.Field(ge=0, le=20, metadata={"reason": "expensive"}, description="Money")
    guest: str = pa.Field(description="Name of the guest")


class OtherKey(Visits, key=("number", "guest")):
    """With another key."""


def _with(**more: Callable[[ir.Table], ir.Value]) -> Values:
    """Return the values of a visit with others in addition, or instead."""
    return lambda rows: values_of(rows) | {name: of(rows) for name, of in more.items()}


def _renamed(rows: ir.Table) -> dict[str, ir.Value]:
    return {"spent": parse_int(rows.spent).cast("int32"), "visitor": rows.guest}


def _spent_only(rows: ir.Table) -> dict[str, ir.Value]:
    return {"spent": parse_int(rows.spent).cast("int32")}


BASE = Shape()
NOTE = replace(
    BASE, contract=WithNote, values=_with(note=lambda rows: rows.guest.upper().nullif("ANA"))
)
HALF = replace(BASE, contract=WithHalf, values=_with(half=lambda rows: parse_int(rows.spent) // 2))
WIDER = replace(BASE, contract=Wider, values=_with(spent=lambda rows: parse_int(rows.spent)))
NARROWER = replace(
    BASE, contract=Narrower, values=_with(spent=lambda rows: parse_int(rows.spent).cast("int16"))
)
RENAMED = replace(BASE, contract=Renamed, values=_renamed)
FEWER = replace(BASE, contract=Fewer, values=_spent_only)
CHEAP = replace(BASE, contract=Cheap)
OTHER_KEY = replace(BASE, contract=OtherKey)
TENFOLD = replace(BASE, values=_with(spent=lambda rows: (parse_int(rows.spent) * 10).cast("int32")))
NO_GOLD = replace(BASE, gold=None)
GOLD_RENAMED = replace(BASE, gold="days", gold_renamed_from="visit_days")
TWO_AT_ONCE = replace(
    BASE,
    contract=Renamed,
    values=lambda rows: _renamed(rows) | {"spent": (parse_int(rows.spent) * 10).cast("int32")},
)
DATASET_RENAMED = replace(BASE, dataset="guests", source={"renamed_from": "visits"})
MORE_COLUMNS = replace(
    BASE, columns={**COLUMNS, "table": Column("Number of the table", optional=True)}
)
LACKING_COLUMN = replace(BASE, columns={**COLUMNS, "table": "Number of the table"})

"""Rules of the bike shop's values, and expressions that its tables share."""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import reduce
from operator import or_

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes import SPEC
from lakehouse.platform.tables.contract import contract_of
from lakehouse.platform.tables.expressions import (
    explained,
    found,
    parse_decimal,
    parse_int,
    provenance_of,
    rejected,
)
from lakehouse.platform.tables.identifiers import EXPECTED, is_shortened
from lakehouse.platform.tables.source import Column, Source
from lakehouse.platform.tables.text import bare, name, trimmed

PERSON_TYPES = ("IN", "SC", "GC", "EM", "VC", "SP")
LONGEST = 65_535
"""Length of the warehouse's widest text column; longer XML is rejected, never truncated."""

LARGEST_INT = 2**31 - 1
"""Largest number of the shop's database, whose columns are INT or smaller."""
LARGEST_AMOUNT = Decimal("922337203685477.5807")
"""Largest amount of the shop's database, SQL Server's MONEY."""

TOP = 3
"""Number of products in the rankings."""


def snake(name: str) -> str:
    """Return the name of a column of the shop from silver on.

    >>> snake("SalesOrderID")
    'sales_order_id'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def parse_flag(text: ir.StringValue) -> ir.BooleanValue:
    """Parse ``1`` or ``0``; null for other text.

    >>> parse_flag(ibis.literal("1")).execute()
    True
    """
    plain = bare(text)
    return ibis.cases((plain == "1", True), (plain == "0", False), else_=ibis.null("boolean"))


def parse_timestamp(text: ir.StringValue) -> ir.TimestampValue:
    """Parse ``2011-05-31 00:00:00.000`` with its fraction of a second; null for other text.

    >>> parse_timestamp(ibis.literal("2014-02-08 10:01:36.827")).execute()
    Timestamp('2014-02-08 10:01:36.827000')
    """
    plain = bare(text)
    form = "^[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?$"
    written = plain.re_search(form).ifelse(plain, ibis.null("string"))
    return written.try_cast("timestamp(6)")


def typed(rows: ir.Table, contract: type[pa.DataFrameModel], source: Source) -> ir.Table:
    """Return bronze rows in the types of a contract.

    The columns of the contract have the source's names in snake case.

    A row is rejected when a value is missing or does not have the type of its column; the detail
    names the values. If the source has a business day, it becomes the day of the row; it must be
    between the domain's first day and the day after the delivery. Otherwise the day is that of the
    delivery.
    """
    contracted = {column.name: column for column in contract_of(contract).columns}
    named = {name: contracted[snake(name)] for name in rows.columns if snake(name) in contracted}
    named.pop("day")
    commas = source.format.decimal_comma
    read = rows.mutate(
        **{
            f"read_{column.name}": _read(rows[each], column.type, each, source)
            for each, column in named.items()
        }
    )
    missing = {
        each: trimmed(read[each]).isnull() for each, column in named.items() if not column.nullable
    }
    malformed = {
        each: trimmed(read[each]).notnull() & read[f"read_{column.name}"].isnull()
        for each, column in named.items()
        if not column.type.is_string()
    }
    damaged = {each: is_shortened(read[each]) for each in malformed if each.endswith("ID")}
    for each, condition in damaged.items():
        malformed[each] = malformed[each] & ~condition
    expected = {each: _expected(named[each].type, comma=each in commas) for each in malformed}
    day = rows.day
    if dated := source.business_day:
        day = rows["_business_day"].fill_null(rows.day)
        malformed[dated] = malformed[dated] | (read[f"read_{snake(dated)}"].date() != day)
        expected[dated] += f", from {SPEC.since} to the day after the delivery"
    by_kind: dict[str, list[ir.BooleanValue]] = {}
    for each, condition in malformed.items():
        by_kind.setdefault(_kind(named[each].type), []).append(condition)
    absent: ir.StringValue = ibis.literal("")
    for each, condition in missing.items():
        absent = absent + condition.ifelse(f"{each} is missing; ", "")
    wrong = explained(
        *((damaged[each], found(each, read[each]), EXPECTED) for each in damaged),
        *((malformed[each], found(each, read[each]), expected[each]) for each in malformed),
    )
    return read.select(
        **provenance_of(read, day=read.day),
        _reasons=rejected(
            missing_required=_any(missing.values()),
            damaged_id=_any(damaged.values()),
            bad_integer=_any(by_kind.get("integer", ())),
            bad_amount=_any(by_kind.get("amount", ())),
            bad_flag=_any(by_kind.get("flag", ())),
            bad_date=_any(by_kind.get("date", ())),
        ),
        _detail=(absent + wrong.fill_null("")).re_replace("; $", "").nullif(""),
        day=day,
        **{column.name: read[f"read_{column.name}"] for column in named.values()},
    )


def _read(text: ir.StringValue, kind: dt.DataType, column: str, source: Source) -> ir.Value:
    """Parse a value; a key has one form only, because the rows of a key are found by its text."""
    if isinstance(kind, dt.Decimal):
        mark = "," if column in source.format.decimal_comma else "."
        written = parse_decimal(text, kind.precision, kind.scale, mark=mark)
        possible = written.between(-LARGEST_AMOUNT, LARGEST_AMOUNT)
        return possible.ifelse(written, ibis.null(kind))
    if kind.is_integer():
        if column in source.key:
            text = text.re_search("^(0|-?[1-9][0-9]*)$").ifelse(text, ibis.null("string"))
        number = parse_int(text)
        return number.between(-LARGEST_INT, LARGEST_INT).ifelse(number, ibis.null("int64"))
    if kind.is_boolean():
        return parse_flag(text)
    if kind.is_timestamp():
        return parse_timestamp(text)
    return name(text) if _is_name(column, source) else trimmed(text)


def _is_name(column: str, source: Source) -> bool:
    """Whether rows are grouped by the text of a column: names of persons and products."""
    declared = source.columns[column]
    return column == "Name" or (isinstance(declared, Column) and declared.personal == "name")


def _expected(kind: dt.DataType, *, comma: bool) -> str:
    if isinstance(kind, dt.Decimal):
        mark = "comma" if comma else "point"
        return f"an amount with a decimal {mark} and at most {kind.scale} places"
    if kind.is_integer():
        return f"a whole number up to {LARGEST_INT}"
    return "1 or 0" if kind.is_boolean() else "a moment like 2011-05-31 00:00:00.000"


def _kind(kind: dt.DataType) -> str:
    if kind.is_decimal():
        return "amount"
    if kind.is_integer():
        return "integer"
    return "flag" if kind.is_boolean() else "date"


def _any(conditions: Iterable[ir.BooleanValue]) -> ir.BooleanValue:
    return reduce(or_, conditions, ibis.literal(False))


def newest(snapshots: ir.Table) -> ir.Table:
    """Return the rows of the newest snapshot."""
    last = snapshots.day.max().over(ibis.window())
    dated = snapshots.mutate(newest_day=last)
    return dated.filter(dated.day == dated.newest_day).drop("newest_day")


def full_name(persons: ir.Table) -> ir.StringValue:
    """Return first, middle and last name joined by blanks; a missing middle name is left out."""
    middle = (ibis.literal(" ") + persons.middle_name).fill_null("")
    return persons.first_name + middle + " " + persons.last_name


def ordered_products(lines: ir.Table, offers: ir.Table, products: ir.Table) -> ir.Table:
    """Return the pieces ordered of each product, over lines whose offer includes the product."""
    offered = newest(offers).select("special_offer_id", "product_id")
    known = lines.semi_join(offered, ["special_offer_id", "product_id"])
    sold = known.group_by("product_id").agg(order_qty=known.order_qty.sum())
    named = products.select("product_id", "name", "days_to_manufacture")
    return sold.inner_join(named, "product_id")  # one sum to one product

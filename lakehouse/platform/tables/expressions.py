"""Ibis expressions that tables of every domain share.

They give the same rows on DuckDB and Spark: the form of a text is checked before it is cast, and
every ranking ends in a unique key.
"""

from decimal import Decimal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from lakehouse.platform.tables.contract import join_reasons
from lakehouse.platform.tables.provenance import PROVENANCE_COLUMNS
from lakehouse.platform.tables.text import bare, trimmed

TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?"
"""Pattern of a time of the day, from 00:00 to 23:59:59."""


def rejected(**conditions: ir.BooleanValue) -> ir.StringValue:
    """Return the value of the column ``_reasons``: the names of the conditions that are true.

    >>> rejected(bad_status=ibis.literal(True), bad_date=ibis.literal(False)).execute()
    'bad_status,'
    """
    return join_reasons(conditions.items())


Finding = tuple[ir.BooleanValue, ir.StringValue, str]
"""Condition of a problem, the text that was found, and what was expected."""


def explained(*findings: Finding) -> ir.StringValue:
    """Return the value of the column ``_detail``: what was found and what was expected.

    Args:
        findings: of each problem its condition, the text that was found, and what was expected;
            the text begins with the name of its column.

    >>> text = ibis.literal("x")
    >>> explained((text == "x", found("Qtd", text), "a number")).execute()
    'Qtd is x, expected a number'
    """
    detail: ir.StringValue = ibis.literal("")
    for condition, text, expected in findings:
        message = text + f", expected {expected}; "
        detail = detail + condition.fill_null(False).ifelse(message, "")
    return detail.re_replace("; $", "").nullif("")


def found(column: str, text: ir.StringValue) -> ir.StringValue:
    """Return the beginning of a message about a value, which is shortened to 40 characters."""
    return ibis.literal(f"{column} is ") + text.fill_null("empty").substr(0, 40)


def absent(rows: ir.Table, *columns: str) -> list[Finding]:
    """Return for `explained` the columns of text that must have a value and have none."""
    return [
        (trimmed(rows[column]).isnull(), found(column, ibis.null("string")), "a value")
        for column in columns
    ]


def parse_decimal(
    text: ir.StringValue, precision: int = 14, scale: int = 2, *, mark: str = ".,"
) -> ir.DecimalValue:
    """Parse a number with a decimal point or a decimal comma; null for other text.

    A number with more decimal places than `scale` or more digits than `precision` becomes null, so
    that nothing is rounded. Give `mark` when a source always writes the same decimal mark: then
    ``1.431`` with a decimal comma is not read as 1.431.

    >>> parse_decimal(ibis.literal("1234,5")).execute()
    Decimal('1234.50')
    """
    digits = precision - scale
    form = rf"^-?[0-9]{{1,{digits}}}([{mark}][0-9]{{1,{scale}}})?$"
    plain = bare(text)
    number = plain.re_search(form).ifelse(plain.replace(",", "."), ibis.null("string"))
    return number.try_cast(f"decimal({precision}, {scale})")


def parse_int(text: ir.StringValue) -> ir.IntegerValue:
    """Parse an integer of at most 18 digits; null for other text (``12.7`` is not rounded).

    >>> parse_int(ibis.literal(" 42 ")).execute()
    42
    """
    plain = bare(text)
    form = plain.re_search("^-?[0-9]{1,18}$")
    return form.ifelse(plain, ibis.null("string")).try_cast("int64")


def parse_date(text: ir.StringValue) -> ir.DateValue:
    """Parse ``2024-01-31``, also followed by a time, or ``31/01/2024``; null for other text.

    A time that no clock shows (``99:99``, ``24:00``, ``23:59:60``) makes the text null, too.

    >>> parse_date(ibis.literal("31/01/2024")).execute()
    Timestamp('2024-01-31 00:00:00')
    """
    plain = bare(text)
    iso = plain.re_search(f"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T]{TIME})?$")
    day_first = plain.re_search("^[0-9]{2}/[0-9]{2}/[0-9]{4}$")
    written = ibis.cases(
        (iso, plain.substr(0, 10)),
        (
            day_first,
            plain.substr(6, 4) + "-" + plain.substr(3, 2) + "-" + plain.substr(0, 2),
        ),
        else_=ibis.null("string"),
    )
    return written.try_cast("date")


def rate(part: ir.NumericValue, total: ir.IntegerValue, scale: int = 4) -> ir.DecimalValue:
    """Return `part` ÷ `total`, rounded half up; null where `total` is 0.

    It is divided digit by digit with integers, because engines round the halves of a float
    differently. Nothing overflows while `total`, and a `part` that is an amount, are below 9e15.

    >>> rate(ibis.literal(1), ibis.literal(32), 2).execute()
    Decimal('0.03')
    """
    kind = part.type()
    places = (kind.scale or 0) if isinstance(kind, dt.Decimal) else 0
    count = (part * 10**places).cast("decimal(38, 0)").cast("int64")
    divisor = (total * 10**places).cast("int64").nullif(0)
    rounded, rest = _quotient(count, divisor), count % divisor
    for _ in range(scale):
        rounded = rounded * 10 + _quotient(rest * 10, divisor)
        rest = (rest * 10) % divisor
    up = (rest * 2 >= divisor).cast("int64") - (rest * 2 < -divisor).cast("int64")
    unit = ibis.literal(Decimal(1).scaleb(-scale), type=f"decimal({scale + 1}, {scale})")
    return ((rounded + up) * unit).cast(f"decimal(18, {scale})")


def _quotient(value: ir.IntegerValue, divisor: ir.IntegerValue) -> ir.IntegerValue:
    """Return the whole quotient; engines divide floats, so only the exact part is divided."""
    return ((value - value % divisor) / divisor).round().cast("int64")


def sum_where(
    value: ir.DecimalValue, condition: ir.BooleanValue, scale: int = 2
) -> ir.DecimalValue:
    """Return the sum of `value` over the rows that meet the condition; 0 when none does."""
    total = value.sum(where=condition).cast(f"decimal(38, {scale})")
    return total.fill_null(0).cast(f"decimal(18, {scale})")


def newest_by(table: ir.Table, *key: str, at: str) -> ir.Table:
    """Return for each key the row with the greatest `at`; key and `at` must be unique together."""
    newest_first = ibis.window(group_by=list(key), order_by=ibis.desc(at))
    ranked = table.mutate(_place=ibis.row_number().over(newest_first))
    return ranked.filter(ranked["_place"] == 0).drop("_place")


def rank_by(*order: str | ir.Value) -> ir.IntegerColumn:
    """Return the rank of each row in this order, from 1; the order must end in a unique key."""
    return ibis.row_number().over(order_by=list(order)) + 1


def provenance_of(rows: ir.Table, *, day: ir.DateValue) -> dict[str, ir.Value]:
    """Return the provenance columns that a silver table over bronze rows must keep.

    Args:
        rows: bronze rows, or a relation with their provenance columns.
        day: day of the delivery.
    """
    columns = {name: rows[name] for name in PROVENANCE_COLUMNS if name != "_day"}
    return {**columns, "_day": day}

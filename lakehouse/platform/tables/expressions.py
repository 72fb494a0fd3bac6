"""Ibis expressions that tables of every domain share.

They give the same rows on DuckDB and Spark: the form of a text is checked before it is cast, and
every ranking ends in a unique key.
"""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from lakehouse.platform.tables.contract import join_reasons
from lakehouse.platform.tables.provenance import PROVENANCE_COLUMNS

ACCENTED = "áàâãäåéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÅÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ"
PLAIN = "aaaaaaeeeeiiiiooooouuuucnAAAAAAEEEEIIIIOOOOOUUUUCN"


def rejected(**conditions: ir.BooleanValue) -> ir.StringValue:
    """Return the value of the column ``_reasons``: the names of the conditions that are true.

    >>> rejected(bad_status=ibis.literal(True), bad_date=ibis.literal(False)).execute()
    'bad_status,'
    """
    return join_reasons(conditions.items())


def trimmed(text: ir.StringValue) -> ir.StringValue:
    """Return a text without outer blanks; null when nothing is left.

    >>> trimmed(ibis.literal("  a ")).execute()
    'a'
    """
    return text.strip().nullif("")


def folded(text: ir.StringValue) -> ir.StringValue:
    """Return a text for comparisons: lower case, without accents and outer blanks.

    >>> folded(ibis.literal(" Loja Física ")).execute()
    'loja fisica'
    """
    return text.strip().translate(ACCENTED, PLAIN).lower()


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
    plain = text.strip()
    number = plain.re_search(form).ifelse(plain.replace(",", "."), ibis.null("string"))
    return number.try_cast(f"decimal({precision}, {scale})")


def parse_int(text: ir.StringValue) -> ir.IntegerValue:
    """Parse an integer of at most 18 digits; null for other text (``12.7`` is not rounded).

    >>> parse_int(ibis.literal(" 42 ")).execute()
    42
    """
    plain = text.strip()
    form = plain.re_search("^-?[0-9]{1,18}$")
    return form.ifelse(plain, ibis.null("string")).try_cast("int64")


def parse_date(text: ir.StringValue) -> ir.DateValue:
    """Parse ``2024-01-31``, also followed by a time, or ``31/01/2024``; null for other text.

    >>> parse_date(ibis.literal("31/01/2024")).execute()
    Timestamp('2024-01-31 00:00:00')
    """
    plain = text.strip()
    iso = plain.re_search("^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]+)?$")
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

    It is rounded with integers, because engines round the halves of a float differently.

    >>> rate(ibis.literal(1), ibis.literal(32), 2).execute()
    Decimal('0.03')
    """
    kind = part.type()
    places = (kind.scale or 0) if isinstance(kind, dt.Decimal) else 0
    count = (part * 10**places).cast("decimal(38, 0)").cast("int64")
    twice = (total * (2 * 10**places)).nullif(0)
    rounded = (count * (2 * 10**scale) + total * 10**places) // twice
    return (rounded / 10**scale).cast(f"decimal(18, {scale})")


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

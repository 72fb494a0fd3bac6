"""Small pure verbs on Ibis tables and columns that tables of every system share.

Written so that DuckDB and Spark give equal rows: text is guarded by its form before it is cast,
every ranking ends in a key.
"""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from lakehouse.platform.tables.contract import join_reasons
from lakehouse.platform.tables.provenance import PROVENANCE_COLUMNS

ACCENTED = "áàâãäåéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÅÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ"
PLAIN = "aaaaaaeeeeiiiiooooouuuucnAAAAAAEEEEIIIIOOOOOUUUUCN"


def rejected(**conditions: ir.BooleanValue) -> ir.StringValue:
    """Reason codes of a row for the column ``_reasons``: the names whose condition is true.

    >>> rejected(bad_status=ibis.literal(True), bad_date=ibis.literal(False)).execute()
    'bad_status,'
    """
    return join_reasons(conditions.items())


def trimmed(text: ir.StringValue) -> ir.StringValue:
    """Text without outer blanks; text of blanks only is null.

    >>> trimmed(ibis.literal("  a ")).execute()
    'a'
    """
    return text.strip().nullif("")


def folded(text: ir.StringValue) -> ir.StringValue:
    """Text for comparing: no outer blanks, no accents, lower case.

    >>> folded(ibis.literal(" Loja Física ")).execute()
    'loja fisica'
    """
    return text.strip().translate(ACCENTED, PLAIN).lower()


def parse_decimal(
    text: ir.StringValue, precision: int = 14, scale: int = 2, *, mark: str = ".,"
) -> ir.DecimalValue:
    """Read a number written with a decimal point or comma; what is not one becomes null.

    More decimal places than `scale`, or more digits than fit, are not a number of this kind: they
    would be rounded silently. Where a source always writes one `mark`, the other is not taken for
    it: ``1.431`` may be a thousand and more.

    >>> parse_decimal(ibis.literal("1234,5")).execute()
    Decimal('1234.50')
    """
    whole = precision - scale
    form = rf"^-?[0-9]{{1,{whole}}}([{mark}][0-9]{{1,{scale}}})?$"
    plain = text.strip()
    number = plain.re_search(form).ifelse(plain.replace(",", "."), ibis.null("string"))
    return number.try_cast(f"decimal({precision}, {scale})")


def parse_int(text: ir.StringValue) -> ir.IntegerValue:
    """Read a whole number; what is not one becomes null (``12.7`` is not rounded).

    >>> parse_int(ibis.literal(" 42 ")).execute()
    42
    """
    plain = text.strip()
    form = plain.re_search("^-?[0-9]{1,18}$")
    return form.ifelse(plain, ibis.null("string")).try_cast("int64")


def parse_date(text: ir.StringValue) -> ir.DateValue:
    """Read ``2024-01-31`` (also with a time behind it) or ``31/01/2024``; else null.

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


def rate(part: ir.NumericValue, whole: ir.IntegerValue, scale: int = 4) -> ir.DecimalValue:
    """`part` ÷ `whole`, rounded half up; null where the whole is 0.

    Rounded among whole numbers: engines round the halves of a float differently.

    >>> rate(ibis.literal(1), ibis.literal(32), 2).execute()
    Decimal('0.03')
    """
    kind = part.type()
    places = (kind.scale or 0) if isinstance(kind, dt.Decimal) else 0
    count = (part * 10**places).cast("decimal(38, 0)").cast("int64")
    twice = (whole * (2 * 10**places)).nullif(0)
    rounded = (count * (2 * 10**scale) + whole * 10**places) // twice
    return (rounded / 10**scale).cast(f"decimal(18, {scale})")


def sum_where(
    value: ir.DecimalValue, condition: ir.BooleanValue, scale: int = 2
) -> ir.DecimalValue:
    """Sum of `value` over the rows that meet the condition; 0 when none does."""
    total = value.sum(where=condition).cast(f"decimal(38, {scale})")
    return total.fill_null(0).cast(f"decimal(18, {scale})")


def newest_by(table: ir.Table, *key: str, at: str) -> ir.Table:
    """For each key the row with the greatest `at`; key and `at` together are unique."""
    newest_first = ibis.window(group_by=list(key), order_by=ibis.desc(at))
    ranked = table.mutate(_place=ibis.row_number().over(newest_first))
    return ranked.filter(ranked["_place"] == 0).drop("_place")


def place(*order: str | ir.Value) -> ir.IntegerColumn:
    """Place of each row in this order, from 1; the order ends in a key, so no place is shared."""
    return ibis.row_number().over(order_by=list(order)) + 1


def provenance_of(landed: ir.Table, *, day: ir.DateValue) -> dict[str, ir.Value]:
    """Columns that say where a row came from, to be carried by a table over landed rows.

    `day` is the day of the delivery.
    """
    columns = {name: landed[name] for name in PROVENANCE_COLUMNS if name != "_day"}
    return {**columns, "_day": day}

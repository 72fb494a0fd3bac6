"""Identifiers that a spreadsheet damaged: shortened, rounded to 15 digits, or turned into dates.

Excel keeps 15 digits of a number. A longer identifier in a column that is not formatted as text
becomes ``1,70141E+38``, or, shown without an exponent, ends in zeros. ``1-5`` and ``01-05`` become
the same date. Different identifiers become equal then, so none of them can be a key.
"""

import ibis.expr.types as ir

from lakehouse.platform.tables.text import bare

KEPT_DIGITS = 15
"""Digits that a spreadsheet keeps of a number."""
SURE_DIGITS = 20
"""Digits from which a single identifier that ends in zeros counts as rounded."""
EXPECTED = (
    "the identifier as the system wrote it. hint: a spreadsheet changed it, so export the file"
    " again, and format the column as text before it is opened in a spreadsheet"
)

_SHORTENED = "^[+-]?[0-9]+([.,][0-9]+)?[eE][+][0-9]+$|^[+-]?[0-9]+[.,][0-9]+[eE]-?[0-9]+$"
_MARKED = "^'[0-9]"  # the mark of a spreadsheet for digits that are text
_FRACTION = "^[0-9]+[.,]0+$"
_MONTH = (
    "(jan|fev|mar|abr|mai|jun|jul|ago|set|out|nov|dez"
    "|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
)  # as spreadsheets write them: MAR-17 is an identifier
_DATED = f"^([0-9]{{1,2}}[/-])?{_MONTH}[/-][0-9]{{2}}([0-9]{{2}})?$|^[0-9]{{1,2}}[/-]{_MONTH}$"
_LONG = f"^[0-9]{{{KEPT_DIGITS + 1},}}$"
_ROUNDED = f"^[0-9]{{{KEPT_DIGITS}}}0+$"


def is_shortened(text: ir.StringValue) -> ir.BooleanValue:
    """Return whether a text is a number shortened to a power of ten; false for null.

    >>> [bool(is_shortened(ibis.literal(text)).execute()) for text in ("1,7E+38", "3E12")]
    [True, False]
    """
    return bare(text).re_search(_SHORTENED).fill_null(False)


def is_damaged(text: ir.StringValue) -> ir.BooleanValue:
    """Return whether a spreadsheet changed a text: to a power of ten, a fraction or a date.

    An apostrophe with which a spreadsheet marks digits as text counts as well.

    >>> bool(is_damaged(ibis.literal("17.0")).execute())
    True
    """
    changed = bare(text).re_search(f"{_FRACTION}|{_DATED}|{_MARKED}")
    return is_shortened(text) | changed.fill_null(False)


def with_rounded(rows: ir.Table, column: str) -> ir.Table:
    """Return bronze rows with a column ``rounded_<column>``: a spreadsheet rounded the identifier.

    An identifier may end in zeros by chance. So all identifiers of the file with more than 15
    digits must end in zeros from the 16th digit on, and there must be at least two of them, or one
    with 20 digits or more.
    """
    text = bare(rows[column])
    long = rows.select("_file", "_digest", text=text).filter(text.re_search(_LONG))
    by_file = long.group_by("_file", "_digest").agg(
        exact=(~long.text.re_search(_ROUNDED)).any(),
        different=long.text.nunique(),
        longest=long.text.length().max(),
    )
    seen = (by_file.different > 1) | (by_file.longest >= SURE_DIGITS)
    files = by_file.filter(~by_file.exact & seen).select(
        rounded_file="_file", rounded_digest="_digest"
    )
    both = rows.left_join(  # many rows to one file
        files,
        [rows["_file"] == files.rounded_file, rows["_digest"] == files.rounded_digest],
    )
    is_long = bare(both[column]).re_search(_LONG).fill_null(False)
    return both.mutate(**{f"rounded_{column}": both.rounded_file.notnull() & is_long}).drop(
        "rounded_file", "rounded_digest"
    )

"""Business rules of People that several tables share."""

import datetime as dt

import ibis
import ibis.expr.types as ir

from lakehouse.platform.tables.expressions import parse_date, parse_int
from lakehouse.platform.tables.text import bare, label_of, trimmed

SEXES = ("Female", "Male")
FIRST_BIRTH = dt.date(1900, 1, 1)
BIRTH_DATE = f"YYYY-MM-DD, from {FIRST_BIRTH} to the day of the delivery"
USER_ID = "15 hexadecimal digits; leading zeros belong to it"
LAST_INDEX = 10**15 - 1


_PART = r"[^@\x{00}-\x{20}\x{7F}-\x{A0}\x{AD}\x{2000}-\x{200F}\x{2028}-\x{202F}\x{3000}\x{FEFF}]"
_EMAIL = f"^{_PART}+@{_PART.replace('@', '@.')}+([.]{_PART.replace('@', '@.')}+)+$"


def index(text: ir.StringValue) -> ir.IntegerValue:
    """Return the number of a row in its file, from 0 to `LAST_INDEX`; null for other text."""
    written = parse_int(text)
    return written.between(0, LAST_INDEX).ifelse(written, ibis.null("int64"))


def user_id(text: ir.StringValue) -> ir.StringValue:
    """Return a user id of 15 hexadecimal digits unchanged; null for other text.

    Blanks around it make the text null, because the rows of a person are found by the text.

    >>> user_id(ibis.literal("00000000abcDEFa")).execute()
    '00000000abcDEFa'
    """
    return text.re_search("^[0-9A-Fa-f]{15}$").ifelse(text, ibis.null("string"))


def sex(text: ir.StringValue) -> ir.StringValue:
    """Return Female or Male, however it is spelled; null for other text.

    >>> sex(ibis.literal("MALE ")).execute()
    'Male'
    """
    return label_of(text, {known: known for known in SEXES})


def birth_date(text: ir.StringValue, delivered: ir.DateValue) -> ir.DateValue:
    """Parse a date of birth written as YYYY-MM-DD; null for other text and impossible dates.

    Other forms are not accepted, because day and month could be confused. Dates before 1900 and
    dates after the delivery are impossible.
    """
    plain = bare(text)
    iso = plain.re_search("^[0-9]{4}-[0-9]{2}-[0-9]{2}$").ifelse(plain, ibis.null("string"))
    written = parse_date(iso)
    possible = written.between(ibis.literal(FIRST_BIRTH), delivered)
    return possible.ifelse(written, ibis.null("date"))


def email(text: ir.StringValue) -> ir.StringValue:
    """Return an e-mail address unchanged; null for text that is not a valid address.

    >>> email(ibis.literal("ana@example.org")).execute()
    'ana@example.org'
    """
    plain = trimmed(text)
    form = plain.re_search(_EMAIL)
    return form.ifelse(plain, ibis.null("string"))


def file_name(path: ir.StringValue) -> ir.StringValue:
    """Return the name of a received file without its folders.

    >>> file_name(ibis.literal("people/2024-04-21/people-100000.csv")).execute()
    'people-100000.csv'
    """
    return path.re_extract("[^/]+$", 0)

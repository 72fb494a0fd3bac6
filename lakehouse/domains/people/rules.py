"""Business rules of People that several tables share."""

import datetime as dt

import ibis
import ibis.expr.types as ir

from lakehouse.platform.tables.expressions import folded, parse_date, trimmed

SEXES = ("Female", "Male")
FIRST_BIRTH = dt.date(1900, 1, 1)


def user_id(text: ir.StringValue) -> ir.StringValue:
    """Return a user id of 15 hexadecimal digits unchanged; null for other text.

    >>> user_id(ibis.literal("00000000abcDEFa")).execute()
    '00000000abcDEFa'
    """
    plain = trimmed(text)
    return plain.re_search("^[0-9A-Fa-f]{15}$").ifelse(plain, ibis.null("string"))


def sex(text: ir.StringValue) -> ir.StringValue:
    """Return Female or Male, ignoring case and accents; null for other text.

    >>> sex(ibis.literal("MALE ")).execute()
    'Male'
    """
    plain = folded(text)
    return ibis.cases(
        *((plain == known.lower(), known) for known in SEXES), else_=ibis.null("string")
    )


def birth_date(text: ir.StringValue, delivered: ir.DateValue) -> ir.DateValue:
    """Parse a date of birth written as YYYY-MM-DD; null for other text and impossible dates.

    Other forms are not accepted, because day and month could be confused. Dates before 1900 and
    dates after the delivery are impossible.
    """
    plain = text.strip()
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
    form = plain.re_search(r"^[^@\x00-\x20]+@[^@.\x00-\x20]+([.][^@.\x00-\x20]+)+$")
    return form.ifelse(plain, ibis.null("string"))


def file_name(path: ir.StringValue) -> ir.StringValue:
    """Return the name of a received file without its folders.

    >>> file_name(ibis.literal("people/2024-04-21/people-100000.csv")).execute()
    'people-100000.csv'
    """
    return path.re_extract("[^/]+$", 0)

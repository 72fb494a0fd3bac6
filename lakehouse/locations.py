"""Understand the value of a setting that names a folder or a prefix of an S3 bucket.

People copy values from shells and ``.env`` files, so quotes and ``~`` are understood. A value that
may mean something else is an error: taken literally, a misspelled ``s3:/bucket`` would become a new
and empty local folder.
"""

import os
import re
from urllib.parse import unquote

_QUOTES = ("''", '""', "“”", "‘’", "``")
_QUOTE_SIGNS = frozenset("".join(_QUOTES))
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NEARLY_SCHEME = re.compile(
    r"(?:s3[an]?|gc?s|file|https?|hdfs|abfss?|az|wasbs?)\W?//", re.IGNORECASE
)
_VARIABLE = re.compile(r"\$(?:\{[^}/]*\}|[A-Za-z_][A-Za-z0-9_]*)|%[A-Za-z_][A-Za-z0-9_]*%")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_PREFIX = re.compile(r"[^\s\\?#%\[\]{}^|<>\"`~]*")


class LocationError(ValueError):
    """The value names no folder and no S3 prefix; the message says what fits."""


def unquoted(text: str) -> str:
    """Return a text without the blanks and the pair of quotes around it.

    >>> unquoted(' "data/lake" ')
    'data/lake'
    """
    text = text.strip()
    if len(text) > 1 and text[0] + text[-1] in _QUOTES:
        return text[1:-1].strip()
    return text


def location(text: str, *, s3: bool = True) -> str:
    """Return a folder, with the home folder in place of ``~``, or ``s3://bucket/prefix``.

    Args:
        text: the value, without quotes around it.
        s3: whether a prefix of an S3 bucket may be named.

    Raises:
        LocationError: the value is neither.

    >>> location("file:///srv/my%20lake"), location("S3://shop/lake/")
    ('/srv/my lake', 's3://shop/lake')
    """
    if not text.isprintable():
        raise LocationError("contains a control character; hint: write the path in one line")
    if any(quote in _QUOTE_SIGNS and text.count(quote) % 2 for quote in (text[0], text[-1])):
        raise LocationError(
            "begins or ends with a quote; hint: remove it, or write a pair around the value"
        )
    if found := _VARIABLE.search(text):
        raise LocationError(
            f"contains the variable {found[0]}, which is not replaced here;"
            " hint: write its value, or let the shell replace it"
        )
    scheme = _SCHEME.match(text)
    if scheme:
        return _with_scheme(text, scheme[1].lower(), text[scheme.end() :], s3=s3)
    if "://" in text or _NEARLY_SCHEME.match(text):
        raise LocationError(f"looks like a misspelled URL; hint: {_expected(s3=s3)}")
    if "\\" in text:
        raise LocationError("contains a backslash; hint: separate folders with /")
    return _local(text)


def _with_scheme(text: str, scheme: str, rest: str, *, s3: bool) -> str:
    if scheme == "file" and re.match(r"/(?!/)|///(?!/)", rest):
        return _local(unquote(rest.removeprefix("//")))
    if scheme == "s3" and s3 and re.match(r"//[^/]", rest):
        return _s3(rest.removeprefix("//"))
    if scheme in ("s3", "s3a", "s3n") and s3:
        bucket = rest.strip("/") or "bucket/prefix"
        raise LocationError(f"is not written as an S3 prefix; hint: write s3://{bucket}")
    if scheme == "file":
        raise LocationError(
            "is not the URL of a local folder; hint: write file:///folder, without a host"
        )
    if len(scheme) == 1:
        raise LocationError(f"names a drive of Windows; hint: {_expected(s3=s3)}")
    hint = _expected(s3=s3)
    if "//" not in rest:
        hint += f"; for a folder of this name write ./{text}"
    raise LocationError(f"has the scheme {scheme}:, which is not supported; hint: {hint}")


def _s3(rest: str) -> str:
    bucket, _, prefix = rest.partition("/")
    parts = prefix.strip("/")
    if not _BUCKET.fullmatch(bucket):
        raise LocationError(
            f"has the bucket {bucket!r}, which is not a name that S3 allows;"
            " hint: write s3://bucket/prefix"
        )
    if not _PREFIX.fullmatch(parts) or {"", ".", ".."} & set(parts.split("/")) - {parts}:
        raise LocationError(
            f"has the prefix {prefix!r}; hint: use letters, digits and -_.=/ only, and no empty"
            " part, '.' or '..'"
        )
    return f"s3://{bucket}/{parts}" if parts else f"s3://{bucket}"


def _local(path: str) -> str:
    expanded = os.path.expanduser(path)  # noqa: PTH111  Path raises RuntimeError without the name
    if expanded.startswith("~"):
        raise LocationError(
            f"begins with {expanded.partition('/')[0]}, and no user of this name has a home folder;"
            " hint: write the whole path, or ./~… for a folder of this name"
        )
    return expanded


def _expected(*, s3: bool) -> str:
    if s3:
        return "write a local folder such as /srv/lake, or s3://bucket/prefix"
    return "write a local folder such as /srv/dagster"

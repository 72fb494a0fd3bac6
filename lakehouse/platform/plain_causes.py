"""Plain sentences, with a hint, for errors of disks, Dagster's SQLite files and servers."""

import re

DOCTOR = "`lakehouse doctor` shows the disks"
_DISKS = (
    (
        r"database or disk is full",
        "the disk of DAGSTER_HOME is full",
        f"free space on it ({DOCTOR}; `lakehouse prune --delete` deletes Dagster's old records)",
    ),
    (
        r"attempt to write a readonly database|unable to open database file",
        "Dagster's records in DAGSTER_HOME cannot be written",
        "give this user write access to the folder and its files, or set another DAGSTER_HOME",
    ),
    (
        r"database is locked",
        "Dagster's records in DAGSTER_HOME are in use by another process for too long",
        "`lakehouse services` shows what runs for this home; repeat the command",
    ),
    (
        r"database disk image is malformed|file is not a database",
        "Dagster's records in DAGSTER_HOME are damaged",
        "move the folder away: the lake does not depend on it, and a new one is created",
    ),
    (
        r"disk i/o error|input/output error",
        "a disk cannot be read or written",
        f"check the disk and its mount ({DOCTOR})",
    ),
    (
        r"no space left on device|disk quota exceeded",
        "a disk is full",
        f"free space on it ({DOCTOR}; `lakehouse vacuum` deletes old versions of tables)",
    ),
    (
        r"read-only file system",
        "a disk is mounted read-only",
        f"mount it for writing, or choose another folder ({DOCTOR})",
    ),
)
_SERVERS = (
    (
        r"requesttimetooskewed|difference between the request time and",
        "S3 rejects requests because the clock of this machine is wrong",
        "set the clock of this machine, for example with NTP",
    ),
    (
        (
            r"could not connect to the endpoint url|(?:connect|read) timeout on endpoint url"
            r"|connection was closed before we received a valid response from endpoint"
            r"|error performing \w+ https?:.{1,600}(?:error sending request|connection closed)"
        ),
        "S3 does not answer",
        "start the server, or correct the network or AWS_ENDPOINT_URL (`lakehouse doctor`)",
    ),
    (
        (
            r"\bslowdown\b|reduce your request rate|\b503 service unavailable"
            r"|\(503\) when calling the|\(serviceunavailable\) when calling the"
        ),
        "S3 rejects requests because it is too busy",
        "nothing, unless it lasts for hours: then fewer writers, or a larger server",
    ),
    (
        (
            r"connection to server (?:at|on) .{1,300}failed: (?:connection refused|connection timed"
            r"|timeout expired|no route|network is|server closed|fatal: +the database system is)"
            r"|server closed the connection unexpectedly"
            r"|ssl connection has been closed unexpectedly"
            r"|terminating connection due to|the database system is (?:starting|shutting)"
        ),
        "PostgreSQL does not answer",
        "start the server, or correct the network or its address (`lakehouse doctor`)",
    ),
)
_PATH = re.compile(r"['\"`]?(?P<path>/[^'\"`:\n]{2,200}?)['\"`]?(?:$|[:\s])")


def plain_cause(text: str) -> str | None:
    """Return the sentence for the text of an error, ending in a hint; None for other errors.

    >>> plain_cause("(sqlite3.OperationalError) database or disk is full").partition(" (")[0]
    'the disk of DAGSTER_HOME is full. hint: free space on it'
    >>> plain_cause("ValueError: 3 columns") is None
    True
    """
    return disk_cause(text) or _sentence(_SERVERS, text)


def disk_cause(text: str) -> str | None:
    """Return the sentence for an error of a disk; None for other errors."""
    return _sentence(_DISKS, text)


def _sentence(causes: tuple[tuple[str, str, str], ...], text: str) -> str | None:
    for pattern, cause, hint in causes:
        found = re.search(pattern, text, re.IGNORECASE | re.DOTALL)
        if found:
            path = _PATH.search(text) if cause.startswith("a disk") else None
            where = f" ({path['path']})" if path else ""
            return f"{cause}{where}. hint: {hint}"
    return None


def known_cause(sentence: str) -> str | None:
    """Return the cause in a sentence of `plain_cause`, without place and hint; None in other texts.

    >>> known_cause("a disk is full (/srv/lake). hint: free space on it")
    'a disk is full'
    """
    causes = (cause for _, cause, _ in (*_DISKS, *_SERVERS))
    return next((cause for cause in causes if sentence.startswith(cause)), None)

"""Plain sentences, with a hint, for errors of disks and of Dagster's SQLite files."""

import re

DOCTOR = "`lakehouse doctor` shows the disks"
_PLAIN = (
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
_PATH = re.compile(r"['\"`]?(?P<path>/[^'\"`:\n]{2,200}?)['\"`]?(?:$|[:\s])")


def plain_cause(text: str) -> str | None:
    """Return the sentence for the text of an error, ending in a hint; None for other errors.

    >>> plain_cause("(sqlite3.OperationalError) database or disk is full").partition(" (")[0]
    'the disk of DAGSTER_HOME is full. hint: free space on it'
    >>> plain_cause("ValueError: 3 columns") is None
    True
    """
    for pattern, cause, hint in _PLAIN:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            path = _PATH.search(text) if cause.startswith("a disk") else None
            where = f" ({path['path']})" if path else ""
            return f"{cause}{where}. hint: {hint}"
    return None

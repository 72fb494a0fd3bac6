"""What readers see in place of personal values: masks of texts, and codes of people's numbers.

A code is a part of a digest of the number under the lake's key of erased persons, so it stays the
same and nobody without the key finds the number. People are listed, searched for and opened by it.
"""

import hashlib
import hmac
import logging
import secrets
from dataclasses import dataclass
from functools import cached_property

from lakehouse.platform.privacy.marks import KeyUnsafe, load_or_create_key
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings

_log = logging.getLogger(__name__)

MASK = "•••"
"""Stands for the letters of a masked value."""
LENGTH = 12
"""Digits of a code: among a million people, two with the same code are unlikely (0.2 %)."""
PURPOSE = b"codes of people on the dashboard"


def masked_sql(column: str) -> str:
    """Return SQL of the first letter of each word of a column, of words with more than two."""
    return (
        f"array_to_string(list_transform(string_split(CAST({column} AS VARCHAR), ' '),"
        f" lambda w: CASE WHEN length(w) > 2 THEN left(w, 1) ELSE '' END || '{MASK}'), ' ')"
    )


class Codes:
    """Writes SQL that turns numbers of people into codes."""

    @property
    def secret(self) -> str:
        """What the digest begins with; here a mask, for SQL that people see."""
        return MASK

    def sql(self, column: str) -> str:
        """Return the code of a column's value as SQL."""
        return f"left(sha256('{self.secret}' || CAST({column} AS VARCHAR)), {LENGTH})"


HIDDEN = Codes()
"""Writes SQL without the secret."""


@dataclass(frozen=True)
class LakeCodes(Codes):
    """Codes under the key of a lake, which is read when the first code is needed."""

    lake: Lake
    settings: Settings

    @cached_property
    def secret(self) -> str:
        """Derived from the key of the lake; of this process alone when that cannot be read."""
        try:
            key = load_or_create_key(self.lake, self.settings).secret
        except (KeyUnsafe, StorageError, OSError) as error:
            _log.error("codes of people last until the dashboard ends: %s", error)
            key = secrets.token_bytes(32)
        return hmac.digest(key, PURPOSE, hashlib.sha256).hex()

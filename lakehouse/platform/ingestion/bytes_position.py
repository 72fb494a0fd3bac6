"""Where the comparison of the bytes of known files stands; kept in the lake.

`changed_bytes` reads the files. Losing the position only starts the round again.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from lakehouse.platform.storage.object_store import ObjectStore


@dataclass(kw_only=True)
class BytesPosition:
    """How far the comparison of the bytes of all known files is.

    Attributes:
        dataset: dataset that was read last; empty at the start of a round.
        day: delivery day that was read last, ISO.
        path: file that was read last.
        files: files read in this round.
        started: start of this round, ISO.
        last_files: files read in the last complete round.
        last_seconds: how long the last complete round took.
        changed: dataset, day and path of changed files that are not ingested yet.
    """

    dataset: str = ""
    day: str = ""
    path: str = ""
    files: int = 0
    started: str = ""
    last_files: int = 0
    last_seconds: float = 0.0
    changed: list[list[str]] = field(default_factory=list)

    @classmethod
    def load(cls, store: ObjectStore, domain: str) -> Self:
        """Return the stored state; a new one if there is none, or if it cannot be read."""
        try:
            stored: dict[str, Any] = json.loads(store.read(place_of(domain)))
            return cls(**stored)
        except (FileNotFoundError, ValueError, TypeError):
            return cls()

    def save(self, store: ObjectStore, domain: str) -> None:
        """Store the state."""
        store.write(place_of(domain), json.dumps(asdict(self)).encode())


def place_of(domain: str) -> str:
    """Return the path of a domain's position in the lake."""
    return f"raw/{domain}/bytes_check.json"

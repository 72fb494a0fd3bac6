"""Keep what `lakehouse status` found out about a domain until one of its inputs changes.

An answer is kept in the Dagster home with the state of everything that it follows from: all files
of the domain in the lake and in the landing zone, those of the domains that it reads, the settings
and the code. It is kept only if it follows from nothing else but the passing of a deadline or of a
day, and then until that moment. So it is never shown after a change; finding that out takes a tenth
of the time. The bytes of the files that changed last are compared at each call all the same.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse.cli.status_fact import Fact
from lakehouse.platform.ingestion.bytes_position import place_of
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.intact import problem_with
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.tree_state import TreeState, tree_state
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import PREFIX, Settings

if TYPE_CHECKING:
    from lakehouse.cli.domain_status import DomainStatus
    from lakehouse.platform.tables.registry import Domain
    from lakehouse.platform.tables.table import Table


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is shown about one domain."""

    facts: tuple[Fact, ...]
    files: int
    """Stored files."""
    compared: int
    """Stored files whose bytes were compared."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where one domain is; the states are those of its files at one moment."""

    domain: str
    lake: ObjectStore
    landing: ObjectStore

    @classmethod
    def of(cls, domain: str, settings: Settings) -> "Places":
        """Return the places of a domain."""
        lake, landing = ObjectStore.at(settings.root), ObjectStore.at(settings.landing)
        return cls(domain=domain, lake=lake, landing=landing)

    @property
    def name(self) -> str:
        """Return the name under which the answer is kept."""
        return f"status of {self.domain} in {self.lake.uri}"

    def state(self, upstream: Iterable[str]) -> TreeState | None:
        """Return the state of everything that an answer follows from, except time and code.

        Args:
            upstream: other domains whose tables the domain reads.

        Returns:
            None when there is no cheap state: on S3, or where a folder cannot be listed.
        """
        if not (isinstance(self.lake, DiskStore) and isinstance(self.landing, DiskStore)):
            return None
        others = set(domain_names()) - {self.domain, *upstream}
        lake, landing = Path(self.lake.uri), Path(self.landing.uri)
        try:
            folders = [*_of_lake(lake, others), str(landing / self.domain)]
            found = tree_state(folders, without={str(lake / place_of(self.domain))})
        except OSError:
            return None
        variables = sorted(
            f"{name}={text}"
            for name, text in os.environ.items()
            if name.startswith(PREFIX) or name in ("DAGSTER_HOME", "TZ")
        )
        text = json.dumps([found.digest, os.getuid(), str(Path.cwd()), variables])
        return TreeState(
            digest=hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest(),
            changed_ns=found.changed_ns,
        )


def recall(places: Places, now: dt.datetime) -> Answer | None:
    """Return the kept answer; None if there is none, or if one of its inputs changed."""
    text = code_facts.current().recall(places.name)
    if text is None:
        return None
    kept: dict[str, Any] = json.loads(text)
    since, until = (dt.datetime.fromisoformat(kept[name]) for name in ("since", "until"))
    if not since <= now < until:
        return None
    state = places.state(kept["upstream"])
    if state is None or state.digest != kept["state"]:
        return None
    if any(problem_with(places.lake, *compared) for compared in kept["compared"]):
        return None
    facts = tuple(Fact.of_json(each) for each in kept["facts"])
    return Answer(facts=facts, files=kept["files"], compared=len(kept["compared"]))


def keep(
    places: Places,
    domain: "Domain",
    found: "DomainStatus",
    before: TreeState | None,
    now: dt.datetime,
    settings: Settings,
) -> None:
    """Keep an answer, if it is certain that a later change will be noticed.

    Args:
        places: of the domain.
        domain: with all of its tables.
        found: what is shown.
        before: state of the inputs before they were read.
        now: moment before they were read.
        settings: deadline of deliveries and time zone.
    """
    is_of_code = all(table.is_of_code for table in domain.tables)
    if not found.is_lasting or before is None or not is_of_code:
        return
    if not before.is_settled(int(now.timestamp() * 1e9)):
        return
    answer = {
        "state": before.digest,
        "since": now.isoformat(),
        "until": _changes_at(now, settings).isoformat(),
        "upstream": sorted(upstream_of(domain)),
        "facts": [fact.as_json() for fact in found.facts],
        "files": found.files,
        "compared": [[file.path, file.digest, file.size] for file in found.compared],
    }
    code_facts.current().remember(places.name, json.dumps(answer))


def upstream_of(domain: "Domain") -> set[str]:
    """Return the other domains whose tables a domain reads, directly or not."""
    found: set[str] = set()
    pending: list[Table] = list(domain.tables)
    seen: set[int] = set()
    while pending:
        table = pending.pop()
        if id(table) not in seen:
            seen.add(id(table))
            found.add(table.id.domain)
            pending += [read.table for read in table.reads]
    return found - {domain.name}


def _changes_at(now: dt.datetime, settings: Settings) -> dt.datetime:
    """Return when the passing of time alone may change an answer: a deadline, or the next day."""
    from lakehouse.platform.transform.due_days import ONE_DAY, due_at, last_due_day

    today = now.astimezone(settings.zone).date()
    midnight = due_at(today + ONE_DAY, 0, settings.zone)
    next_due = last_due_day(settings, now) + ONE_DAY
    return min(midnight, due_at(next_due, settings.deadline_hours, settings.zone))


def _of_lake(root: Path, others: Collection[str]) -> list[str]:
    """Return the folders of a lake with tables or records of a domain.

    Args:
        root: folder of the lake.
        others: domains whose folders do not count.
    """
    folders = sorted(each for each in root.iterdir() if each.is_dir())
    below = (each for folder in folders for each in sorted(folder.iterdir()))
    return [str(each) for each in below if each.name.partition(".")[0] not in others]

"""The plan of an erasure: what remains to be done in a domain; it outlives a crash."""

import datetime as dt
import json
from dataclasses import dataclass, field

from lakehouse.platform.privacy.marks import FOLDER
from lakehouse.platform.storage.object_store import ObjectStore

PLANS = f"{FOLDER}/plans"


@dataclass(kw_only=True)
class ErasurePlan:
    """Marks, days and files of an erasure in one domain; names no person.

    Attributes:
        store: the lake.
        domain: name of the domain.
        marks: digests of the person. Ids that were beside an erased address can only be found
            again by their marks.
        days: days whose tables have to be rebuilt.
        landed: modification time and new size of each rewritten file of the landing zone.
    """

    store: ObjectStore
    domain: str
    marks: set[str] = field(default_factory=set)
    days: set[dt.date] = field(default_factory=set)
    landed: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Path of the plan in the lake."""
        return f"{PLANS}/{self.domain}.json"

    @staticmethod
    def load(store: ObjectStore, domain: str) -> "ErasurePlan":
        """Read the plan of an interrupted erasure; an empty one if there is none."""
        plan = ErasurePlan(store=store, domain=domain)
        try:
            content = json.loads(store.read(plan.path))
        except FileNotFoundError:
            return plan
        plan.marks = set(content["marks"])
        plan.days = {dt.date.fromisoformat(day) for day in content["days"]}
        plan.landed = {path: (at, size) for path, (at, size) in content["landed"].items()}
        return plan

    def save(self) -> None:
        """Write the plan."""
        content = {
            "marks": sorted(self.marks),
            "days": sorted(day.isoformat() for day in self.days),
            "landed": self.landed,
        }
        self.store.write(self.path, json.dumps(content).encode())

    def delete(self) -> None:
        """Delete the plan of a completed erasure."""
        self.store.delete([self.path])

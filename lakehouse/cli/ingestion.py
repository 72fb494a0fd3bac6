"""Ingest a domain: what is asked for, and what was done."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lakehouse.lasting_objects import lasting_objects
from lakehouse.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

    from lakehouse.platform.orchestration.local_runs import RunResult, StepResult
    from lakehouse.platform.orchestration.planning import DueBatch
    from lakehouse.platform.tables.registry import Domain


@dataclass(frozen=True, kw_only=True)
class Request:
    """Define what is ingested of each domain.

    Attributes:
        settings: places and limits.
        first: first delivery day.
        last: last delivery day.
        checksum: read every listed file and compare its bytes.
        tags: tags of the runs, in addition to their own.
    """

    settings: Settings
    first: dt.date | None
    last: dt.date | None
    checksum: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """What was done for a domain.

    Attributes:
        runs: the runs, failed ones included.
        left: a text for everything that was not loaded.
    """

    runs: "list[RunResult]"
    left: list[str]


class Shows(Protocol):
    """Whatever shows the progress of runs."""

    def batch(self, due: "DueBatch", steps: int) -> None: ...

    def step(self, step: "StepResult") -> None: ...

    def ended(self, ran: "RunResult") -> None: ...


def ingest_domain(
    domain: "Domain", request: Request, instance: "dg.DagsterInstance", shown: Shows
) -> Ingested:
    """Run everything that is due for a domain."""
    with lasting_objects():
        from lakehouse.platform.orchestration import local_runs
        from lakehouse.platform.orchestration.unloaded import not_loaded

    settings, first, last = request.settings, request.first, request.last
    runs = []
    for ran in local_runs.ingest(
        domain,
        settings,
        instance,
        first=first,
        last=last,
        checksum=request.checksum,
        tags=request.tags,
        on_batch=shown.batch,
        on_step=shown.step,
    ):
        shown.ended(ran)
        runs.append(ran)
    left = list(not_loaded(domain, settings, instance, first=first, last=last))
    return Ingested(runs=runs, left=left)

"""One row of `lakehouse status`, and the facts that are found out at each call."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lakehouse.cli.messages import one_line
from lakehouse.platform.ingestion.bytes_position import BytesPosition
from lakehouse.platform.storage.object_store import ObjectStore, ObjectStoreError

NOT_READABLE = "not readable"
"""What a fact says about a part that cannot be read."""
DAYS = ("first", "last")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One row of the output: a number of files, rows, days or units, and the days they are on.

    A problem is something that a person must look at; problems are shown first.
    """

    about: str
    what: str
    number: int
    first: dt.date | None = None
    last: dt.date | None = None
    detail: str | None = None
    problem: bool = False

    @property
    def row(self) -> tuple[object, ...]:
        """The columns after that of the domain."""
        return (self.about, self.what, self.number, self.first, self.last, self.detail)

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON has them, days as ISO text."""
        fields = asdict(self)
        return {**fields, **{name: fields[name] and str(fields[name]) for name in DAYS}}

    @classmethod
    def of_json(cls, fields: Mapping[str, Any]) -> "Fact":
        """Return the fact that `as_json` described."""
        days = {name: fields[name] and dt.date.fromisoformat(fields[name]) for name in DAYS}
        return cls(**{**fields, **days})

    @classmethod
    def of_days(
        cls,
        about: str,
        what: str,
        days: Collection[dt.date],
        detail: str | None = None,
        number: int | None = None,
        *,
        problem: bool = False,
    ) -> "Fact":
        """Return a fact about some days; the number is that of the days unless it is given."""
        return cls(
            about=about,
            what=what,
            number=len(days) if number is None else number,
            first=min(days),
            last=max(days),
            detail=detail,
            problem=problem,
        )


def bytes_check(store: ObjectStore, domain_name: str) -> Iterator[Fact]:
    """Report how far the comparison of the bytes of known files is.

    Args:
        store: that of the lake.
        domain_name: whose files.
    """
    try:
        state = BytesPosition.load(store, domain_name)
    except (OSError, ObjectStoreError) as error:
        detail = one_line(error)
        yield Fact(about="landing", what=NOT_READABLE, number=1, detail=detail, problem=True)
        return
    if state.files or state.last_files:
        last = dt.timedelta(seconds=round(state.last_seconds))
        about = f"last round: {state.last_files:,} files in {last}" if state.last_files else None
        yield Fact(about="landing", what="files compared", number=state.files, detail=about)

"""Clients on reference dates with their labels, and the parts for learning and tests."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.default_labels import HORIZON_DAYS, default_labels
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.scorecard import Numbers
from lakehouse.domains.cards.risk.targets import DEFAULT, Target
from lakehouse.platform.models.artefact import ModelError, TrainingTable
from lakehouse.platform.models.inputs import training_table
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import ShownVersions

LEARN, CALIBRATE, TEST = "learn", "calibrate", "test"
CLIENT_SHARES = {LEARN: 0.5, CALIBRATE: 0.2, TEST: 0.3}
"""Share of the clients in each part, by a digest of their number."""
TEST_DATES = 0.3
"""Share of the reference dates that are used for tests, the newest ones."""
FEWEST = 100
"""Smallest number of examples of each part."""
HINT = "hint: load more months, `lakehouse ingest --domain cards` builds their books"


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Examples, one per client and reference date.

    Attributes:
        values: one column per variable of the target; NaN where a variable is null.
        outcome: 1 where the label is true, else 0.
        client: number of the client.
        day: reference date, as a number of days since 1970.
        mean_value: mean value of the client's invoices in BRL.
        target: what is predicted.
    """

    values: Numbers
    outcome: Numbers
    client: NDArray[np.int64]
    day: NDArray[np.int64]
    mean_value: Numbers
    target: Target = DEFAULT

    def where(self, chosen: NDArray[np.bool_]) -> "Examples":
        """Return the chosen examples."""
        return Examples(
            target=self.target, **{name: getattr(self, name)[chosen] for name in COLUMNS}
        )

    def __len__(self) -> int:
        return len(self.outcome)


COLUMNS = ("values", "outcome", "client", "day", "mean_value")
"""Arrays of `Examples`, which have one row for each example."""


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """All examples of a label, and the tables that they were read from."""

    examples: Examples
    tables: tuple[TrainingTable, ...]


def read_examples(lake: Lake, target: Target = DEFAULT) -> TrainingData:
    """Read the published books, their stages and labels; clients without history are left out.

    So are clients who have left already, where the target is about activity.

    Raises:
        ModelError: there is no label yet.
    """
    shown, label = ShownVersions(lake), target.label
    tables = (book_fatura.id, stage_fatura.id, default_labels.id)
    books, stages, labels = (shown.snapshot(table) for table in tables)
    found = pa.table({"dt_referencia": [], "id_cliente": [], label: []})
    if labels.files:
        newest = [labels.files[-1].day]
        read = lake.table(default_labels.id).read(newest, snapshot=labels)
        found = read.filter(pc.is_valid(read[label]))
    days = sorted({day for day in found["dt_referencia"].to_pylist() if day in books.by_day})
    if not days:
        raise ModelError(
            "no client has a label yet: labels need data of the 90 days after a reference date."
            f" {HINT}"
        )
    parts = []
    for day in days:
        of_day = found.filter(pc.equal(found["dt_referencia"], day))
        outcomes = of_day.select(["id_cliente", label])
        stage = lake.table(stage_fatura.id).read([day], snapshot=stages)
        counts = known.history_of(stage)
        book = lake.table(book_fatura.id).read([day], snapshot=books)
        parts.append(_of_day(day, book, counts, outcomes, target))
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
    snapshots = zip(tables, (books, stages, labels), strict=True)
    return TrainingData(
        examples=Examples(target=target, **joined),
        tables=tuple(training_table(table, snapshot) for table, snapshot in snapshots),
    )


def _of_day(
    day: dt.date, book: pa.Table, counts: pa.Table, outcomes: pa.Table, target: Target
) -> Examples:
    named = book.select(["id_cliente", *known.COLUMNS.values()])
    named = named.rename_columns(["id_cliente", *known.COLUMNS])
    rows = named.join(counts, "id_cliente", join_type="inner")
    rows = rows.join(outcomes, "id_cliente", join_type="inner").sort_by("id_cliente")
    rows = rows.filter(pc.greater_equal(rows[known.KNOWN], known.FEWEST_KNOWN))
    if target.is_about_activity:
        rows = rows.filter(pc.less_equal(rows[known.RECENCY], known.ACTIVE_DAYS))
    rows = known.with_shares(rows)
    clients = rows["id_cliente"].to_numpy().astype(np.int64)
    since = (day - dt.date(1970, 1, 1)).days
    return Examples(
        target=target,
        values=known.matrix(rows, target.variables),
        outcome=rows[target.label].cast(pa.int8()).to_numpy().astype(np.float64),
        client=clients,
        day=np.full(len(clients), since, np.int64),
        mean_value=known.matrix(rows, (known.MEAN_VALUE,))[:, 0],
    )


def parts_of(examples: Examples) -> Mapping[str, Examples]:
    """Split examples by time and by client.

    The newest reference dates are used for tests. Learning uses only dates whose labels were
    complete on the first of these dates. No client is in two parts.

    Raises:
        ModelError: a part has too few examples, or all of its outcomes are equal.
    """
    dates = np.unique(examples.day)
    count = max(1, round(len(dates) * TEST_DATES))
    first_test = int(dates[-count])
    is_test = examples.day >= first_test
    is_before = examples.day + HORIZON_DAYS <= first_test
    place = places_of(examples.client)
    ends = np.cumsum(list(CLIENT_SHARES.values()))
    found = {
        LEARN: examples.where(is_before & (place < ends[0])),
        CALIBRATE: examples.where(is_before & (place >= ends[0]) & (place < ends[1])),
        TEST: examples.where(is_test & (place >= ends[1])),
    }
    for name, part in found.items():
        if len(part) < FEWEST:
            raise ModelError(
                f"{len(part)} examples to {name}, expected at least {FEWEST} clients × reference"
                f" dates with {known.FEWEST_KNOWN} known invoices. {HINT}"
            )
        if len(np.unique(part.outcome)) < 2:
            raise ModelError(
                f"all {len(part)} examples to {name} have the same outcome, so nothing can be"
                f" learned. {HINT}"
            )
    return found


def places_of(clients: NDArray[np.int64]) -> Numbers:
    """Return a number from 0 to 1 for each client that follows from its number alone."""
    mixed = clients.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    return np.asarray((mixed >> np.uint64(11)) / float(1 << 53), np.float64)

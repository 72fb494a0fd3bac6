"""The status of a file follows from all files of its delivery, in whatever order they are read."""

import datetime as dt
from itertools import permutations

import pytest

from lakehouse.domains.mrhealth.sources import ORDER_ITEMS, ORDERS, PRODUCTS
from lakehouse.platform.ingestion.versions import resolve_versions
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.source import Source
from lakehouse_tests.stories.world import MON

MORNING = dt.datetime(2024, 3, 5, 6, tzinfo=dt.UTC)


def came(content: str, hour: int, *, unit: int | None = 1, good: bool = True) -> Delivery:
    """Return a file with this content that landed at an hour."""
    return Delivery(
        day=MON,
        unit=unit,
        file=f"{unit}/{hour}.csv",
        digest=content,
        size=1,
        landed_at=MORNING + dt.timedelta(hours=hour),
        status=Status.LOADED if good else Status.REJECTED,
    )


@pytest.mark.parametrize(
    ("source", "landed", "statuses"),
    [
        (ORDERS, [came("a", 1)], ["loaded"]),
        (ORDERS, [came("a", 1), came("b", 2)], ["superseded", "loaded"]),
        (ORDERS, [came("a", 1), came("a", 2)], ["loaded", "duplicate"]),
        (ORDERS, [came("a", 1), came("b", 2), came("a", 3)], ["superseded", "loaded", "duplicate"]),
        (ORDERS, [came("a", 1), came("x", 2, good=False)], ["loaded", "rejected"]),
        (ORDERS, [came("a", 1), came("a", 2, unit=2)], ["loaded", "duplicate"]),
        (ORDER_ITEMS, [came("a", 1), came("a", 2, unit=2)], ["loaded", "loaded"]),
        (
            PRODUCTS,
            [came("a", 1, unit=None), came("b", 2, unit=None), came("a", 3, unit=None)],
            ["duplicate", "superseded", "loaded"],
        ),
        (
            PRODUCTS,
            [came("a", 1, unit=None), came("a", 2, unit=None), came("b", 3, unit=None)],
            ["superseded", "duplicate", "loaded"],
        ),
    ],
    ids=[
        "one file",
        "other content later",
        "the same content twice",
        "earlier content again",
        "a rejected file later",
        "rows with a unit, sent by another unit",
        "rows without a unit, sent by another unit",
        "a snapshot with earlier content again",
        "a snapshot sent twice, then replaced",
    ],
)
def test_the_newest_content_is_loaded_and_repeated_content_is_a_duplicate(
    source: Source, landed: list[Delivery], statuses: list[str]
):
    for seen in permutations(landed):
        found = {(d.file, d.landed_at): d.status.value for d in resolve_versions(seen, source)}
        assert [found[d.file, d.landed_at] for d in landed] == statuses
        known = resolve_versions(seen[:1], source)
        again = {
            (d.file, d.landed_at): d.status.value
            for d in resolve_versions([*seen[1:], *known], source)
        }
        assert again == found

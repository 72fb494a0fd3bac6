"""What a path contains now is current; times only order files that are new together."""

import datetime as dt
from dataclasses import replace
from itertools import permutations

import pytest

from lakehouse.domains.mrhealth.sources import ORDER_ITEMS, ORDERS, PRODUCTS
from lakehouse.platform.ingestion.versions import (
    as_old_as_first,
    ordered_after,
    replaced_files,
    resolve_versions,
    with_row_moments,
)
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
        (ORDERS, [came("a", 1), came("a", 2, unit=2)], ["loaded", "loaded"]),
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
        "earlier content under a new path",
        "a rejected file later",
        "the same content from another unit",
        "rows without a unit, the same content from another unit",
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


def seen_one_by_one(*files: Delivery) -> list[tuple[str, int, str]]:
    """Return content, hour and status of files that were ingested one after the other."""
    known: list[Delivery] = []
    for file in files:
        known = resolve_versions([*known, *ordered_after(known, [file], NOW)], ORDERS)
    hours = dt.timedelta(hours=1)
    return [(d.digest, (d.landed_at - MORNING) // hours, d.status.value) for d in known]


NOW = MORNING + dt.timedelta(hours=20)


def at_one_path(content: str, hour: int) -> Delivery:
    return replace(came(content, hour), file="1/PEDIDO.csv")


def test_a_correction_with_an_older_time_is_the_current_version():
    assert seen_one_by_one(at_one_path("a", 5), at_one_path("b", 1)) == [
        ("a", 5, "superseded"),
        ("b", 1, "loaded"),
    ]
    assert seen_one_by_one(came("a", 5), came("b", 1))[-1] == ("b", 1, "loaded")


def test_a_path_that_returns_to_earlier_bytes_is_current_again_with_any_time():
    for hour in (9, 1, 0):
        found = seen_one_by_one(at_one_path("a", 1), at_one_path("b", 2), at_one_path("a", hour))
        assert found[-1] == ("a", hour, "loaded")
        assert [status for *_, status in found].count("loaded") == 1


def test_touching_a_superseded_file_changes_nothing():
    found = seen_one_by_one(came("a", 1), came("b", 2), replace(came("a", 9), file="1/1.csv"))
    assert ("b", 2, "loaded") in found


def test_a_time_in_the_future_counts_as_now():
    found = seen_one_by_one(at_one_path("a", 9999), at_one_path("b", 3))
    assert found[-1] == ("b", 3, "loaded")


def test_a_copy_of_a_superseded_file_names_the_file_that_counts():
    copied = replace(came("a", 9), file="1/copy.csv")
    found = resolve_versions([came("a", 1), came("b", 2), copied], ORDERS)
    (detail,) = [each.detail or "" for each in found if each.file == copied.file]
    assert "1/1.csv" in detail
    assert "1/2.csv is the newer version" in detail
    assert "hint:" in detail


def test_rows_of_an_old_file_that_arrives_late_do_not_win_but_a_correction_keeps_its_place():
    source = replace(ORDERS, per_file=True)
    first, second = ordered_after([], [came("a", 1), came("b", 5)], NOW)
    known = [first, second]
    (late,) = ordered_after(known, [came("c", 3)], NOW)
    known.append(late)
    (correction,) = ordered_after(known, [replace(came("d", 0), file="1/5.csv")], NOW)
    moments = {d.digest: d.moment for d in with_row_moments([*known, correction], source)}
    assert sorted(moments, key=moments.__getitem__) == ["a", "c", "b", "d"]
    assert moments["d"] - moments["b"] == dt.timedelta(microseconds=1)


def test_a_copy_of_another_days_file_is_as_old_as_that_file():
    tuesday = MON + dt.timedelta(days=1)
    first, newer = ordered_after([], [came("a", 1), came("b", 5)], NOW)
    (copy,) = ordered_after([], [replace(came("a", 9), day=tuesday)], NOW)
    known = [first, newer]
    (dated,), copies = as_old_as_first([copy], known, {"a"}, replaced=set())
    assert dated.moment == first.moment < newer.moment
    assert copies == {dated.key: first}, "by the key under which it is stored"
    assert as_old_as_first([copy], known, {"a"}, replaced={copy.file}) == ([copy], {})
    same_day = replace(copy, day=MON)
    assert as_old_as_first([same_day], known, {"a"}, replaced=set()) == ([same_day], {})


def test_a_rejected_file_is_replaced_by_a_later_readable_version_of_its_delivery():
    bad = came("x", 2, good=False)
    assert replaced_files([bad, came("a", 1)], ORDERS) == []
    assert replaced_files([bad, came("a", 3, unit=2)], ORDERS) == []
    assert replaced_files([bad, came("y", 3, good=False)], ORDERS) == []
    assert replaced_files([came("a", 3), bad], ORDERS) == [bad]
    other_day = replace(came("a", 3), day=MON + dt.timedelta(days=1))
    assert replaced_files([bad, other_day], ORDERS) == []

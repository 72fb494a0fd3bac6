"""Conflicting rows of keys that are unique over all days, and rows that refer to other rows."""

import datetime as dt
from pathlib import Path

import pytest

from lakehouse_tests.platform.cafe import Cafe

JAN_5, JAN_7 = dt.date(2024, 1, 5), dt.date(2024, 1, 7)


@pytest.fixture
def cafe(tmp_path: Path) -> Cafe:
    return Cafe(tmp_path)


def test_the_row_of_the_newest_delivery_wins_also_across_days(cafe: Cafe) -> None:
    cafe.send("2024-01-06", "visits_1.csv", "1,2024-01-05,10", "2,2024-01-05,20")
    cafe.process()
    cafe.send("2024-01-20", "visits_2.csv", "1,2024-01-07,11")
    cafe.process()
    assert cafe.rows("silver.cafe_visits", "day", "number", "spent") == [
        (JAN_5, 2, 20),
        (JAN_7, 1, 11),
    ]
    assert cafe.outcomes("visits") == [
        ("visits_1.csv", 2, "superseded"),
        ("visits_1.csv", 3, "silver"),
        ("visits_2.csv", 2, "silver"),
    ]
    assert cafe.balance() == {"balanced"}


def test_the_winning_row_does_not_depend_on_the_order_of_arrival(
    cafe: Cafe, tmp_path: Path
) -> None:
    cafe.send("2024-01-20", "visits_2.csv", "1,2024-01-07,11")
    cafe.process()
    cafe.send("2024-01-06", "visits_1.csv", "1,2024-01-05,10")
    cafe.process()
    assert cafe.rows("silver.cafe_visits", "day", "number", "spent") == [(JAN_7, 1, 11)]
    assert cafe.balance() == {"balanced"}


def test_an_older_row_wins_again_when_a_corrected_file_no_longer_has_the_key(cafe: Cafe) -> None:
    cafe.send("2024-01-06", "visits_1.csv", "1,2024-01-05,10")
    cafe.send("2024-01-20", "visits_2.csv", "1,2024-01-07,11")
    cafe.process()
    cafe.send("2024-01-20", "visits_2.csv", "3,2024-01-07,300", hour=13)
    cafe.process()
    assert cafe.rows("silver.cafe_visits", "day", "number", "spent") == [
        (JAN_5, 1, 10),
        (JAN_7, 3, 300),
    ]
    assert cafe.balance() == {"balanced"}


def test_a_rejected_row_does_not_supersede_an_older_row(cafe: Cafe) -> None:
    cafe.send("2024-01-06", "visits_1.csv", "1,2024-01-05,10")
    cafe.send("2024-01-20", "visits_2.csv", "1,2024-01-07,-1")
    cafe.process()
    assert cafe.rows("silver.cafe_visits", "day", "number", "spent") == [(JAN_5, 1, 10)]
    assert cafe.outcomes("visits")[1] == ("visits_2.csv", 2, "quarantine")


def test_each_file_of_a_day_is_a_delivery_and_equal_bytes_are_loaded_once(cafe: Cafe) -> None:
    cafe.send("2024-01-06", "visits_1.csv", "1,2024-01-05,10")
    cafe.send("2024-01-06", "visits_2.csv", "2,2024-01-05,20")
    cafe.send("2024-01-06", "visits_3.csv", "2,2024-01-05,20")
    cafe.process()
    statuses = cafe.rows("raw.cafe_visits", "file", "status")
    assert [status for _, status in statuses] == ["loaded", "loaded", "duplicate"]
    assert len(cafe.rows("silver.cafe_visits", "number")) == 2


def test_a_file_with_a_known_name_replaces_the_old_version_also_on_another_day(cafe: Cafe) -> None:
    cafe.put("visits.csv", "2024-01-06", ["1,2024-01-05,10", "2,2024-01-05,20"])
    cafe.process()
    cafe.put("visits.csv", "2024-01-20", ["2,2024-01-05,21", "3,2024-01-20,30"])
    cafe.process()
    assert cafe.rows("silver.cafe_visits", "day", "number", "spent") == [
        (JAN_5, 2, 21),
        (dt.date(2024, 1, 20), 3, 30),
    ]
    assert {day for (day,) in cafe.rows("raw.cafe_visits", "day")} == {dt.date(2024, 1, 6)}
    assert cafe.balance() == {"balanced"}
    assert cafe.driver.batches() == []


def test_a_row_leaves_quarantine_when_the_row_it_refers_to_is_delivered(cafe: Cafe) -> None:
    cafe.send("2024-01-06", "tips_1.csv", "1,2024-01-05,3")
    cafe.process()
    assert cafe.outcomes("tips") == [("tips_1.csv", 2, "quarantine")]
    cafe.send("2024-01-30", "visits_1.csv", "1,2024-01-28,10")
    cafe.process()
    assert cafe.rows("silver.cafe_tips", "day", "number", "tip") == [(JAN_5, 1, 3)]
    assert cafe.balance() == {"balanced"}


def test_in_a_change_log_the_later_line_supersedes_the_earlier_line(cafe: Cafe) -> None:
    cafe.send("2024-01-06", "visits_1.csv", "1,2024-01-05,10", "1,2024-01-05,12")
    cafe.send("2024-01-06", "tips_1.csv", "1,2024-01-05,3", "1,2024-01-07,4")
    cafe.process()
    assert cafe.outcomes("visits") == [
        ("visits_1.csv", 2, "quarantine"),
        ("visits_1.csv", 3, "silver"),
    ]
    assert cafe.outcomes("tips") == [("tips_1.csv", 2, "superseded"), ("tips_1.csv", 3, "silver")]

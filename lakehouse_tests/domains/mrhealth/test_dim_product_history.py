"""Versions of products."""

import datetime as dt

from lakehouse.domains.mrhealth.gold.dim_product_history import dim_product_history
from lakehouse_tests.domains.mrhealth.rows import MONDAY, only, product

DAYS = [MONDAY + dt.timedelta(days=n) for n in (0, 1, 4, 5)]


def history(made, *days):
    """Versions of product 301, given its name (or None) on each of the days."""
    rows = [product(302, day=day) for day in DAYS]
    rows += [product(day=day, product_name=n) for day, n in zip(DAYS, days, strict=True) if n]
    found = made(dim_product_history, rows)
    columns = ("product_name", "valid_from", "valid_to", "is_current")
    return [only(row, *columns) for row in found if row["product_id"] == 301]


def test_days_with_the_same_name_are_one_version(made):
    assert history(made, "Suco", "Suco", "Suco", "Suco") == [("Suco", DAYS[0], None, True)]


def test_a_new_name_ends_the_old_version_on_the_day_before(made):
    assert history(made, "Suco", "Suco", "Sumo", "Sumo") == [
        ("Suco", DAYS[0], DAYS[2] - dt.timedelta(days=1), False),
        ("Sumo", DAYS[2], None, True),
    ]


def test_a_name_that_returns_is_a_separate_version(made):
    assert [row[0] for row in history(made, "Suco", "Sumo", "Suco", "Suco")] == [
        "Suco",
        "Sumo",
        "Suco",
    ]


def test_a_product_that_left_is_not_current(made):
    assert history(made, "Suco", "Suco", "Suco", None) == [
        ("Suco", DAYS[0], DAYS[3] - dt.timedelta(days=1), False)
    ]


def test_a_product_that_left_and_returned_has_two_versions(made):
    assert [only_dates[1:3] for only_dates in history(made, "Suco", None, None, "Suco")] == [
        (DAYS[0], DAYS[0]),
        (DAYS[3], None),
    ]

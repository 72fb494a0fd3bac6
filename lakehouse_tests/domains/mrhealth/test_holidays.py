"""Public holidays of Brazil and of its states."""

import datetime as dt

import ibis
import pytest

from lakehouse.domains.mrhealth.holidays import is_holiday, special_days

SCHEMA = {"day": "date", "state": "string", "country": "string"}


@pytest.mark.parametrize(
    ("day", "state", "country", "expected"),
    [
        ("2026-01-01", "Paraná", "Brasil", True),
        ("2026-02-17", "Paraná", "Brasil", True),  # Carnival
        ("2026-02-18", "Paraná", "Brasil", False),
        ("2026-04-03", "Paraná", "Brasil", True),  # Good Friday
        ("2024-03-29", "Paraná", "Brasil", True),  # the same in a leap year
        ("2026-06-04", "Paraná", "Brasil", True),  # Corpus Christi
        ("2026-09-20", "Rio Grande do Sul", "Brasil", True),
        ("2026-09-20", "Paraná", "Brasil", False),
        ("2026-12-25", "Paraná", "Brasil", True),
        ("2026-12-25", "Mendoza", "Argentina", False),  # of other countries none are known
        ("2026-12-25", None, None, False),
        ("2035-05-01", "Paraná", "Brasil", True),
    ],
)
def test_holidays_follow_from_the_date_and_the_state(day, state, country, expected):
    rows = ibis.memtable([(dt.date.fromisoformat(day), state, country)], schema=SCHEMA)
    found = rows.select(found=is_holiday(rows.day, rows.state, rows.country))
    assert found.to_pyarrow().to_pylist() == [{"found": expected}]


def test_arrays_say_the_same_as_the_expression_and_know_the_days_before():
    first, count = dt.date(2026, 1, 1), 365
    places = [("Rio Grande do Sul", "Brasil"), ("Mendoza", "Argentina")]
    holidays, eves = special_days(first, count, places)
    days = [first + dt.timedelta(days=n) for n in range(count)]
    rows = ibis.memtable([(day, *places[0]) for day in days], schema=SCHEMA)
    found = rows.select(found=is_holiday(rows.day, rows.state, rows.country))
    assert holidays[0].tolist() == found.to_pyarrow()["found"].to_pylist()
    assert holidays[1].sum() == eves[1].sum() == 0
    assert eves[0, days.index(dt.date(2026, 12, 24))] == 1
    assert eves[0, days.index(dt.date(2026, 2, 16))] == 0  # itself a day of Carnival

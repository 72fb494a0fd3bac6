"""Public holidays of Brazil and of its states."""

import datetime as dt

import ibis
import pytest

from lakehouse.domains.mrhealth.holidays import is_holiday


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
    schema = {"day": "date", "state": "string", "country": "string"}
    rows = ibis.memtable([(dt.date.fromisoformat(day), state, country)], schema=schema)
    found = rows.select(found=is_holiday(rows.day, rows.state, rows.country))
    assert found.to_pyarrow().to_pylist() == [{"found": expected}]

"""Units with their state and country."""

from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, only, unit

STATE = {"day": MONDAY, "state_id": 1, "country_id": "BR", "state_name": "Bahia"}
COUNTRY = {"day": MONDAY, "country_id": "BR", "country_name": "Brasil"}


def test_a_unit_has_its_state_and_country(made):
    (row,) = made(dim_unit, [unit(state_id=1)], [STATE], [COUNTRY])
    assert only(row, "unit_id", "state_name", "country_name") == (1, "Bahia", "Brasil")


def test_a_unit_without_a_known_state_or_country_is_kept(made):
    rows = made(dim_unit, [unit(1, state_id=9), unit(2, state_id=1)], [STATE], [])
    assert sorted(only(row, "unit_id", "state_name") for row in rows) == [(1, None), (2, "Bahia")]
    assert {row["country_name"] for row in rows} == {None}


def test_state_and_country_are_those_of_the_day(made):
    moved = STATE | {"day": TUESDAY, "state_name": "Ceará"}
    rows = made(
        dim_unit, [unit(state_id=1), unit(state_id=1, day=TUESDAY)], [STATE, moved], [COUNTRY]
    )
    assert sorted(only(row, "day", "state_name") for row in rows) == [
        (MONDAY, "Bahia"),
        (TUESDAY, "Ceará"),
    ]

"""States with their country."""

from lakehouse.domains.mrhealth.gold.dim_geography import dim_geography
from lakehouse_tests.domains.mrhealth.rows import MONDAY, only


def test_a_state_has_its_country_and_stays_without_one(made):
    states = [
        {"day": MONDAY, "state_id": 1, "country_id": "BR", "state_name": "Bahia"},
        {"day": MONDAY, "state_id": 2, "country_id": "XX", "state_name": "Nowhere"},
    ]
    countries = [{"day": MONDAY, "country_id": "BR", "country_name": "Brasil"}]
    rows = made(dim_geography, states, countries)
    assert sorted(only(row, "state_id", "country_name") for row in rows) == [
        (1, "Brasil"),
        (2, None),
    ]

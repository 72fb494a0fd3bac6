"""States with their country."""

from lakehouse.domains.mrhealth.gold.dim_geography import dim_geography
from lakehouse_tests.domains.mrhealth.rows import MONDAY, only


def test_a_state_without_a_known_country_is_kept(made):
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

"""Countries: typed rows of a snapshot."""

from lakehouse.domains.mrhealth.silver.countries import countries
from lakehouse_tests.domains.mrhealth.rows import MONDAY, bronze_row, only


def test_a_row_is_typed_and_names_its_snapshot(made):
    (row,) = made(countries, [bronze_row(Id_Pais=" br", Nome_Pais="Brasil")])
    assert only(row, "country_id", "country_name") == ("BR", "Brasil")
    assert only(row, "snapshot_day", "snapshot_version", "_day") == (MONDAY, "d" * 16, MONDAY)


def test_a_row_without_its_key_breaks_the_contract():
    (key,) = set(countries.contract.key) - {"day"}
    assert ("missing_required", key) in {(r.code, r.column) for r in countries.contract.rules}

"""States: typed rows of a snapshot."""

from lakehouse.domains.mrhealth.silver.states import states
from lakehouse_tests.domains.mrhealth.rows import MONDAY, bronze_row, only


def test_a_row_is_typed_and_names_its_snapshot(made):
    (row,) = made(states, [bronze_row(Id_Estado="12", Id_Pais="br", Nome_Estado="Bahia")])
    assert only(row, "state_id", "country_id", "state_name") == (12, "BR", "Bahia")
    assert only(row, "snapshot_day", "snapshot_version", "_day") == (MONDAY, "d" * 16, MONDAY)


def test_a_row_without_its_key_breaks_the_contract():
    (key,) = set(states.contract.key) - {"day"}
    assert ("missing_required", key) in {(r.code, r.column) for r in states.contract.rules}

"""Units: typed rows of a snapshot."""

from lakehouse.domains.mrhealth.silver.units import units
from lakehouse_tests.domains.mrhealth.rows import MONDAY, bronze_row, only


def test_a_row_is_typed_and_names_its_snapshot(made):
    (row,) = made(units, [bronze_row(Id_Unidade="7", Nome_Unidade="Centro", Id_Estado="12")])
    assert only(row, "unit_id", "unit_name", "state_id") == (7, "Centro", 12)
    assert only(row, "snapshot_day", "snapshot_version", "_day") == (MONDAY, "d" * 16, MONDAY)


def test_a_row_without_its_key_breaks_the_contract():
    (key,) = set(units.contract.key) - {"day"}
    assert ("missing_required", key) in {(r.code, r.column) for r in units.contract.rules}

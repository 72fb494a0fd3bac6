"""Products: typed rows of a snapshot."""

from lakehouse.domains.mrhealth.silver.products import products
from lakehouse_tests.domains.mrhealth.rows import MONDAY, bronze_row, only


def test_a_row_is_typed_and_names_its_snapshot(made):
    (row,) = made(products, [bronze_row(Id_Produto="301", Nome_Produto=" Suco ")])
    assert only(row, "product_id", "product_name") == (301, "Suco")
    assert only(row, "snapshot_day", "snapshot_version", "_day") == (MONDAY, "d" * 16, MONDAY)


def test_a_row_without_its_key_breaks_the_contract():
    (key,) = set(products.contract.key) - {"day"}
    assert ("missing_required", key) in {(r.code, r.column) for r in products.contract.rules}

"""Products as of each day."""

from lakehouse.domains.mrhealth.gold.dim_product import dim_product
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, only, product


def test_a_product_of_a_day_is_the_newest_version_known_that_day(made):
    (row,) = made(dim_product, [product(day=TUESDAY, snapshot_day=MONDAY)])
    assert only(row, "day", "product_id", "valid_from", "valid_to", "is_current") == (
        TUESDAY,
        301,
        MONDAY,
        None,
        True,
    )

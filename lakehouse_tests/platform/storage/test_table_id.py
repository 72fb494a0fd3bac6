"""Names and folders of tables."""

import pytest

from lakehouse.platform.storage.table_id import TableId


@pytest.mark.parametrize(
    ("table", "path", "name"),
    [
        (
            TableId("gold", "sales", "paid_invoices"),
            "gold/sales/paid_invoices",
            "gold.sales_paid_invoices",
        ),
        (
            TableId("silver", "mrhealth", "order_items", "quarantine"),
            "silver/mrhealth/quarantine/order_items",
            "silver.mrhealth_order_items__quarantine",
        ),
    ],
    ids=["table", "companion"],
)
def test_a_table_has_one_path_and_one_name(table: TableId, path: str, name: str):
    assert (table.path, table.name) == (path, name)
    assert TableId.from_name(name) == table


@pytest.mark.parametrize(
    "parts",
    [
        ("Silver", "a", "b"),
        ("silver", "a_b", "c"),
        ("silver", "a", "b__c"),
        ("silver", "a", ""),
        ("silver", "a", "../b"),
        ("silver", "a", "objects"),
        ("silver", "a", "x" * 64),
        ("silver", "a", "b", "1"),
    ],
    ids=[
        "upper case",
        "underscore in the domain",
        "two underscores in a row",
        "empty name",
        "path that leaves the folder",
        "reserved name",
        "more than 63 characters",
        "companion that starts with a digit",
    ],
)
def test_an_ambiguous_table_name_is_rejected(parts: tuple[str, ...]):
    with pytest.raises(ValueError, match="name"):
        TableId(*parts)

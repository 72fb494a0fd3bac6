"""Rows of stock movements with defaults for values that a test does not need."""

from typing import Any

from lakehouse_tests.domains.mrhealth.rows import MONDAY, Row, bronze_row


def movement_row(**values: Any) -> Row:
    """A bronze row of unit 1, which counted four pieces of product 301."""
    return bronze_row(
        **{
            "Id_Unidade": "1",
            "Id_Movimento": "7",
            "Data_Movimento": "2026-01-05",
            "Tipo_Movimento": "Contagem",
            "Id_Produto": "301",
            "Qtd": "4",
            "Custo_Unitario": None,
            "Data_Compra": None,
            **values,
        }
    )


def movement(kind: str, quantity: int, **values: Any) -> Row:
    """A row of silver stock movements."""
    row = {"day": MONDAY, "unit_id": 1, "movement_id": "1", "kind": kind, "product_id": 301}
    return row | {"quantity": quantity, "unit_cost": None, "purchase_day": None} | values


def sold(pieces: int, **values: Any) -> Row:
    """A row of unit_product_day."""
    return {"day": MONDAY, "unit_id": 1, "product_id": 301, "quantity": pieces, **values}

"""Rows of Mr. Health's tables with defaults for values that a test does not need."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lakehouse.domains.mrhealth import rules

MONDAY = dt.date(2026, 1, 5)
TUESDAY = dt.date(2026, 1, 6)
Row = dict[str, Any]


def bronze_row(**values: Any) -> Row:
    """A bronze row of the delivery of unit 1 on Monday."""
    return {
        "_file": "mrhealth/2026-01-05/unidade_001/PEDIDO.csv",
        "_line": 2,
        "_digest": "d" * 64,
        "_delivered_at": dt.datetime.fromisoformat("2026-01-06T03:00:00"),
        "_unit": 1,
        "_superseded": False,
        "day": MONDAY,
        **values,
    }


def order_row(**values: Any) -> Row:
    return bronze_row(
        **{
            "Id_Unidade": "1",
            "Id_Pedido": "201",
            "Tipo_Pedido": "Loja Online",
            "Data_Pedido": "2026-01-05",
            "Vlr_Pedido": "50.00",
            "Endereco_Entrega": "Rua A, 1",
            "Taxa_Entrega": "5.00",
            "Status": "Finalizado",
            **values,
        }
    )


def item_row(**values: Any) -> Row:
    return bronze_row(
        **{
            "Id_Pedido": "201",
            "Id_Item_Pedido": "1",
            "Id_Produto": "301",
            "Qtd": "2",
            "Vlr_Item": "10.50",
            "Observacao": "Sem cebola",
            **values,
        }
    )


def unit(number: int = 1, **values: Any) -> Row:
    """A row of silver or gold units."""
    return {"day": MONDAY, "unit_id": number, "unit_name": f"Unit {number}", **values}


def placed_unit(number: int = 1, **values: Any) -> Row:
    """A row of dim_unit."""
    return unit(
        number,
        **{"state_id": 1, "state_name": "Bahia", "country_id": "BR", "country_name": "Brasil"}
        | values,
    )


def product(number: int = 301, **values: Any) -> Row:
    return {"day": MONDAY, "product_id": number, "product_name": f"Product {number}", **values}


def valid_order(order: str = "201", **values: Any) -> Row:
    """A row of silver orders."""
    return {
        "day": MONDAY,
        "unit_id": 1,
        "order_id": order,
        "order_date": values.get("day", MONDAY),
        "order_type": "ONLINE",
        "status": rules.FINISHED,
        "order_value": Decimal("50.00"),
        "delivery_fee": Decimal("5.00"),
        "delivery_address": "Rua A, 1",
        "delivery_day": MONDAY,
        "delivery_unit": 1,
        **values,
    }


def valid_item(item: str = "1", **values: Any) -> Row:
    """A row of silver order items."""
    return {
        "day": MONDAY,
        "unit_id": 1,
        "order_id": "201",
        "item_id": item,
        "order_date": MONDAY,
        "product_id": 301,
        "quantity": 2,
        "unit_price": Decimal("10.00"),
        "line_total": Decimal("20.00"),
        **values,
    }


def fact_order(order: str = "201", **values: Any) -> Row:
    """A row of fact_orders."""
    hidden = ("delivery_day", "delivery_unit")
    row = {k: v for k, v in valid_order(order).items() if k not in hidden}
    return row | {"items": 1, "quantity": 2} | values


def fact_item(item: str = "1", **values: Any) -> Row:
    """A row of fact_order_items."""
    return valid_item(item) | {"status": rules.FINISHED, "order_type": "ONLINE"} | values


def original_line(**values: Any) -> Row:
    """A row of original_item_lines with the columns that its summaries read."""
    return {
        "Ano": 2026,
        "Filial": "Unit 1",
        "País": "Brasil",
        "Produto": "Suco",
        "Quantidade do item": 2,
        "Valor do item": Decimal("10.00"),
        "Valor do pedido": Decimal("50.00"),
        **values,
    }


def only(row: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    """Return these values of a row."""
    return tuple(row[name] for name in names)

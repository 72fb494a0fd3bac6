"""Items of single-folder deliveries that could belong to several orders."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.silver.order_items import parents
from lakehouse.domains.mrhealth.silver.products import products as known_products
from lakehouse.domains.mrhealth.sources import ORDER_ITEMS, ORDERS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.text import trimmed


class AmbiguousItems(TableModel, key=("day", "file", "line")):
    day: dt.date = pa.Field(
        description="Day of the delivery; the date of the order is ambiguous, too"
    )
    file: str = pa.Field(description="Path of the received file in the landing zone")
    line: int = pa.Field(description="Number of the line in the file where the item starts, from 1")
    order_id: str = pa.Field(
        description="Number of the order, which several orders of the delivery share"
    )
    item_id: str = pa.Field(description="Number of the item within its order")
    product_id: int = pa.Field(description="Number of the product")
    quantity: int = pa.Field(gt=0, description="Number of pieces")
    unit_price: Decimal(14, 2) = pa.Field(ge=0, description="Price of one piece in BRL")
    note: str = pa.Field(
        nullable=True,
        metadata={"personal": "note"},
        description="Wish of the guest in free text; null when there is none",
    )
    candidates: int = pa.Field(
        gt=1, description="Number of orders of the delivery that share the order number"
    )


@silver(contract=AmbiguousItems, reads=[known_products, ORDER_ITEMS.bronze, ORDERS.bronze])
def ambiguous_items(products: ir.Table, rows: ir.Table, orders: ir.Table) -> ir.Table:
    """Valid items that silver rejects as `ambiguous_parent`; read by the `original_*` tables only.

    When one folder has the files of all units, several orders of a delivery share a number. The
    platform assigns such an item to none of them; the previous system assigned it to all.
    """
    single_folder = rows.filter(rows["_unit"].isnull())
    number = rules.identifier(single_folder.Id_Pedido)
    read = single_folder.select(
        "day",
        file=single_folder["_file"],
        line=single_folder["_line"],
        order_id=number,
        item_id=rules.identifier(single_folder.Id_Item_Pedido),
        product_id=rules.number(single_folder.Id_Produto),
        quantity=rules.quantity(single_folder.Qtd),
        unit_price=rules.amount(single_folder.Vlr_Item),
        note=trimmed(single_folder.Observacao),
    )
    several = parents(orders.filter(orders["_unit"].isnull()))
    several = several.filter(several.orders > 1)
    known = read.join(  # many items to one number of their delivery
        several, [read.day == several.parent_day, read.order_id == several.parent_number]
    )
    sold = known.semi_join(products, ["day", "product_id"])
    valid = sold.filter(sold.item_id.notnull(), sold.quantity > 0, sold.unit_price >= 0)
    return valid.select(
        "day",
        "file",
        "line",
        "order_id",
        "item_id",
        "product_id",
        "quantity",
        "unit_price",
        "note",
        candidates=valid.orders,
    )

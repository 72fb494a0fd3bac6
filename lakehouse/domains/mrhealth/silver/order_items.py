"""Items whose order is known, one row per order and item."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.silver.orders import orders as valid_orders
from lakehouse.domains.mrhealth.silver.products import products as known_products
from lakehouse.domains.mrhealth.sources import ORDER_ITEMS, ORDERS
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import (
    parse_decimal,
    parse_int,
    provenance_of,
    rejected,
    trimmed,
)


class OrderItems(pa.DataFrameModel):
    """One item of one order."""

    day: dt.date = pa.Field(description="Day of the order, the same as order_date")
    unit_id: int = pa.Field(description="Unit that took the order")
    order_id: str = pa.Field(description="Order number, unique within unit and day only")
    item_id: str = pa.Field(description="Item number within the order")
    order_date: dt.date = pa.Field(description="Day of the order")
    product_id: int = pa.Field(description="Product sold")
    quantity: int = pa.Field(
        gt=0, metadata={"reason": "bad_amount"}, description="Pieces sold, a whole number"
    )
    unit_price: Decimal(14, 2) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Price of one piece in R$"
    )
    line_total: Decimal(18, 2) = pa.Field(description="quantity × unit_price in R$")
    note: str = pa.Field(nullable=True, description="What the guest asked for")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "unit_id", "order_id", "item_id"]


def parents(landed: ir.Table) -> ir.Table:
    """Orders by the number that items of the same delivery know them by.

    A number may stand for several orders in one delivery (several units in one folder), so the
    count of different orders behind it is kept; with one, its unit and date are the parent's.
    """
    orders = landed.select(
        parent_day=landed.day,
        parent_unit=rules.delivery_unit(landed),
        parent_number=trimmed(landed.Id_Pedido),
        parent_unit_id=parse_int(landed.Id_Unidade),
        parent_date=rules.order_date(landed),
    ).distinct()
    return orders.group_by("parent_day", "parent_unit", "parent_number").agg(
        orders=orders.count(),
        parent_unit_id=orders.parent_unit_id.min(),
        parent_date=orders.parent_date.min(),
    )


@silver(
    contract=OrderItems, reads=[ORDER_ITEMS.bronze, ORDERS.bronze, valid_orders, known_products]
)
def order_items(
    landed: ir.Table, landed_orders: ir.Table, orders: ir.Table, products: ir.Table
) -> ir.Table:
    """Items attached to the order of their own delivery; none is joined on the number alone."""
    parent = parents(landed_orders)
    read = landed.mutate(
        delivery_unit=rules.delivery_unit(landed),
        number=trimmed(landed.Id_Pedido),
        product_id=parse_int(landed.Id_Produto),
        quantity=parse_int(landed.Qtd),
        unit_price=parse_decimal(landed.Vlr_Item),
    )
    attached = read.left_join(  # many items to one number of their delivery
        parent,
        [
            read.day == parent.parent_day,
            read.delivery_unit == parent.parent_unit,
            read.number == parent.parent_number,
        ],
    )
    single = attached.orders.fill_null(0) == 1
    placed = attached.mutate(
        order_date=single.ifelse(attached.parent_date, ibis.null("date")),
        unit_id=single.ifelse(attached.parent_unit_id, ibis.null("int64")),
    )
    placed = placed.mutate(business_day=placed.order_date.fill_null(placed.day))
    order = orders.select(
        order_day=orders.day,
        order_unit_id=orders.unit_id,
        order_id=orders.order_id,
        brought_on=orders.delivery_day,
        brought_by=orders.delivery_unit,
    )
    ordered = placed.left_join(  # many items to one valid order
        order,
        [
            placed.business_day == order.order_day,
            placed.unit_id == order.order_unit_id,
            placed.number == order.order_id,
        ],
    )
    product = products.select(product_day=products.day, known_product=products.product_id)
    known = ordered.left_join(  # many items to one product of the day
        product,
        [ordered.business_day == product.product_day, ordered.product_id == product.known_product],
    )
    missing = (
        known.number.isnull()
        | trimmed(known.Id_Item_Pedido).isnull()
        | trimmed(known.Id_Produto).isnull()
        | trimmed(known.Qtd).isnull()
        | trimmed(known.Vlr_Item).isnull()
    )
    count = known.orders.fill_null(0)
    found = known.order_id.notnull()
    other_delivery = (known.brought_on != known.day) | (known.brought_by != known.delivery_unit)
    return known.select(
        **provenance_of(known, day=known.day),
        _reasons=rejected(
            missing_required=missing,
            ambiguous_parent=known.number.notnull() & (count > 1),
            orphan_item=known.number.notnull() & ((count == 0) | ((count == 1) & ~found)),
            unknown_product=trimmed(known.Id_Produto).notnull() & known.known_product.isnull(),
            bad_amount=(trimmed(known.Qtd).notnull() & known.quantity.isnull())
            | (trimmed(known.Vlr_Item).notnull() & known.unit_price.isnull()),
        ),
        _detail=ibis.cases(
            (count > 1, count.cast("string") + " orders of the delivery have this number"),
            (count == 0, "no order of the delivery has this number"),
            (~found, "the order of this number was rejected"),
            else_=ibis.null("string"),
        ),
        _replaced=(found & other_delivery).fill_null(False),
        day=known.business_day,
        unit_id=known.unit_id,
        order_id=known.number,
        item_id=trimmed(known.Id_Item_Pedido),
        order_date=known.order_date,
        product_id=known.product_id,
        quantity=known.quantity,
        unit_price=known.unit_price,
        line_total=(known.unit_price * known.quantity).cast("decimal(18, 2)"),
        note=trimmed(known.Observacao),
    )

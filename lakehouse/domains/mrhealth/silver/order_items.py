"""Items of valid orders, one row per order and item."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.silver.orders import orders as valid_orders
from lakehouse.domains.mrhealth.silver.products import products as known_products
from lakehouse.domains.mrhealth.sources import ORDER_ITEMS, ORDERS
from lakehouse.platform.tables import identifiers
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import (
    absent,
    explained,
    found,
    provenance_of,
    rejected,
)
from lakehouse.platform.tables.text import trimmed

OF_SAME_NUMBER = " orders of the delivery have this number"


class OrderItems(TableModel, key=("day", "unit_id", "order_id", "item_id")):
    """One item of one order."""

    day: dt.date = pa.Field(description="Date of the order, equal to order_date")
    unit_id: int = pa.Field(description="Number of the unit that took the order")
    order_id: str = pa.Field(description="Number of the order, unique within its unit and day only")
    item_id: str = pa.Field(description="Number of the item within its order")
    order_date: dt.date = pa.Field(description="Date of the order")
    product_id: int = pa.Field(description="Number of the product")
    quantity: int = pa.Field(
        gt=0,
        le=rules.MAX_QUANTITY,
        metadata={"reason": "bad_amount"},
        description="Number of pieces",
    )
    unit_price: Decimal(14, 2) = pa.Field(
        ge=0,
        le=rules.MAX_AMOUNT,
        metadata={"reason": "bad_amount"},
        description="Price of one piece in BRL",
    )
    line_total: Decimal(18, 2) = pa.Field(
        le=rules.MAX_AMOUNT,
        metadata={"reason": "bad_amount"},
        description="quantity × unit_price in BRL",
    )
    note: str = pa.Field(
        nullable=True,
        metadata={"personal": "note"},
        description="Wish of the guest in free text; null when there is none",
    )


def parents(rows: ir.Table) -> ir.Table:
    """Return the orders by the number under which items of the same delivery refer to them.

    Several orders of a delivery may share a number (several units in one folder), so their count
    is returned as `orders`. If it is 1, `parent_unit_id` and `parent_date` are those of the order.
    """
    orders = rows.select(
        parent_day=rows.day,
        parent_unit=rules.delivery_unit(rows),
        parent_number=rules.identifier(rows.Id_Pedido),
        parent_unit_id=rules.number(rows.Id_Unidade),
        parent_date=rules.order_date(rows),
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
    rows: ir.Table, order_rows: ir.Table, orders: ir.Table, products: ir.Table
) -> ir.Table:
    """Items assigned to the order of their own delivery; the order number alone is never enough."""
    parent = parents(order_rows)
    read = identifiers.with_rounded(rows, "Id_Pedido")
    read = identifiers.with_rounded(read, "Id_Item_Pedido")
    read = read.mutate(
        delivery_unit=rules.delivery_unit(read),
        number=rules.identifier(read.Id_Pedido),
        item_id=rules.identifier(read.Id_Item_Pedido),
        product_id=rules.number(read.Id_Produto),
        quantity=rules.quantity(read.Qtd),
        unit_price=rules.amount(read.Vlr_Item),
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
        trimmed(known.Id_Pedido).isnull()
        | trimmed(known.Id_Item_Pedido).isnull()
        | trimmed(known.Id_Produto).isnull()
        | trimmed(known.Qtd).isnull()
        | trimmed(known.Vlr_Item).isnull()
    )
    damaged_order = identifiers.is_damaged(known.Id_Pedido) | known.rounded_Id_Pedido
    damaged_item = identifiers.is_damaged(known.Id_Item_Pedido) | known.rounded_Id_Item_Pedido
    bad_order = trimmed(known.Id_Pedido).notnull() & known.number.isnull() & ~damaged_order
    bad_item = trimmed(known.Id_Item_Pedido).notnull() & known.item_id.isnull() & ~damaged_item
    bad_quantity = trimmed(known.Qtd).notnull() & known.quantity.isnull()
    bad_price = trimmed(known.Vlr_Item).notnull() & known.unit_price.isnull()
    unknown_product = trimmed(known.Id_Produto).notnull() & known.known_product.isnull()
    line_total = (known.unit_price * known.quantity).cast("decimal(18, 2)")
    too_much = (line_total > rules.MAX_AMOUNT).fill_null(False)
    count = known.orders.fill_null(0)
    is_found = known.order_id.notnull()
    other_delivery = (known.brought_on != known.day) | (known.brought_by != known.delivery_unit)
    numbered = known.number.notnull() & ~damaged_order
    return known.select(
        **provenance_of(known, day=known.day),
        _reasons=rejected(
            missing_required=missing,
            damaged_id=damaged_order | damaged_item,
            bad_id=bad_order | bad_item,
            ambiguous_parent=numbered & (count > 1),
            orphan_item=numbered & ((count == 0) | ((count == 1) & ~is_found)),
            unknown_product=unknown_product,
            bad_amount=bad_quantity | bad_price | too_much,
        ),
        _detail=explained(
            *absent(known, "Id_Pedido", "Id_Item_Pedido", "Id_Produto", "Qtd", "Vlr_Item"),
            (damaged_order, found("Id_Pedido", known.Id_Pedido), identifiers.EXPECTED),
            (damaged_item, found("Id_Item_Pedido", known.Id_Item_Pedido), identifiers.EXPECTED),
            (bad_order, found("Id_Pedido", known.Id_Pedido), rules.ORDER_ID),
            (bad_item, found("Id_Item_Pedido", known.Id_Item_Pedido), rules.ORDER_ID),
            (bad_quantity, found("Qtd", known.Qtd), rules.QUANTITY),
            (bad_price, found("Vlr_Item", known.Vlr_Item), rules.AMOUNT),
            (too_much, found("Qtd x Vlr_Item", line_total.cast("string")), rules.AMOUNT),
            (unknown_product, found("Id_Produto", known.Id_Produto), rules.KNOWN_PRODUCT),
        ).coalesce(
            ibis.cases(
                (numbered & (count > 1), count.cast("string") + OF_SAME_NUMBER),
                (numbered & (count == 0), "no order of the delivery has this number"),
                (numbered & ~is_found, "the order of this number was rejected"),
                else_=ibis.null("string"),
            )
        ),
        _replaced=(is_found & other_delivery).fill_null(False),
        day=known.business_day,
        unit_id=known.unit_id,
        order_id=known.number,
        item_id=known.item_id,
        order_date=known.order_date,
        product_id=known.product_id,
        quantity=known.quantity,
        unit_price=known.unit_price,
        line_total=line_total,
        note=trimmed(known.Observacao),
    )

"""Valid stock movements, one row per unit, movement and day."""

import datetime as dt
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules, stock_rules
from lakehouse.domains.mrhealth.silver.products import products as known_products
from lakehouse.domains.mrhealth.silver.units import units as known_units
from lakehouse.domains.mrhealth.sources import STOCK_MOVEMENTS
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

REQUIRED = (
    "Id_Unidade",
    "Id_Movimento",
    "Data_Movimento",
    "Tipo_Movimento",
    "Id_Produto",
    "Qtd",
)
"""Columns without which a movement is rejected."""


class StockMovements(TableModel, key=("day", "unit_id", "movement_id")):
    """One movement of the stock of one product in one unit."""

    day: dt.date = pa.Field(description="Date of the movement")
    unit_id: int = pa.Field(description="Number of the unit that owns the stock")
    movement_id: str = pa.Field(
        description="Number of the movement, unique within its unit and day only"
    )
    kind: str = pa.Field(
        isin=stock_rules.KINDS,
        metadata={"reason": "bad_movement"},
        description="INITIAL: pieces before the day's sales; ORDERED: ordered from a supplier;"
        " RECEIVED; WASTED: thrown away; COUNTED: pieces after the day's sales",
    )
    product_id: int = pa.Field(description="Number of the product")
    quantity: int = pa.Field(
        ge=0,
        le=rules.MAX_QUANTITY,
        metadata={"reason": "bad_amount"},
        description="Number of pieces; 0 only when stock is counted",
    )
    unit_cost: Decimal(14, 2) = pa.Field(
        nullable=True,
        ge=0,
        le=rules.MAX_AMOUNT,
        metadata={"reason": "bad_amount"},
        description="Cost of one piece in BRL; null when it is unknown",
    )
    purchase_day: dt.date = pa.Field(
        nullable=True,
        description="Date on which the pieces were ordered; null when it is unknown and for"
        " movements that are neither ORDERED nor RECEIVED",
    )


@silver(contract=StockMovements, reads=[STOCK_MOVEMENTS.bronze, known_units, known_products])
def stock_movements(rows: ir.Table, units: ir.Table, products: ir.Table) -> ir.Table:
    """Valid stock movements; of two rows with the same key the one of the newest delivery wins."""
    date = stock_rules.date_until(rows.Data_Movimento, rows.day + ibis.interval(days=1))
    read = identifiers.with_rounded(rows, "Id_Movimento").mutate(
        day=date.fill_null(rows.day),
        delivery_day=rows.day,
        movement_day=date,
        unit_id=rules.number(rows.Id_Unidade),
        movement_id=rules.identifier(rows.Id_Movimento),
        kind=stock_rules.movement_kind(rows.Tipo_Movimento),
        product_id=rules.number(rows.Id_Produto),
        unit_cost=rules.amount(rows.Custo_Unitario),
        ordered_on=stock_rules.date_until(rows.Data_Compra, date),
    )
    of_unit = read.left_join(  # many movements to one unit of the day
        units.select("day", "unit_id", known_unit=True), ["day", "unit_id"]
    )
    checked = of_unit.left_join(  # many movements to one product of the day
        products.select("day", "product_id", known_product=True), ["day", "product_id"]
    )
    counted = checked.kind.isin(stock_rules.LEVELS).fill_null(False)
    quantity = stock_rules.quantity(checked.Qtd, counted)
    damaged = identifiers.is_damaged(checked.Id_Movimento) | checked.rounded_Id_Movimento
    bad_id = trimmed(checked.Id_Movimento).notnull() & checked.movement_id.isnull() & ~damaged
    bad_date = trimmed(checked.Data_Movimento).notnull() & checked.movement_day.isnull()
    bad_purchase = (
        trimmed(checked.Data_Compra).notnull()
        & checked.movement_day.notnull()
        & checked.ordered_on.isnull()
    )
    bad_kind = trimmed(checked.Tipo_Movimento).notnull() & checked.kind.isnull()
    bad_quantity = trimmed(checked.Qtd).notnull() & quantity.isnull()
    bad_cost = trimmed(checked.Custo_Unitario).notnull() & checked.unit_cost.isnull()
    value = (checked.unit_cost * quantity).cast("decimal(18, 2)")
    too_much = (value > rules.MAX_AMOUNT).fill_null(False)
    unit_given = trimmed(checked.Id_Unidade).notnull()
    other_unit = checked.unit_id.fill_null(rules.NO_UNIT) != checked["_unit"]
    mismatch = checked["_unit"].notnull() & unit_given & other_unit
    unknown_unit = unit_given & checked.known_unit.isnull()
    unknown_product = trimmed(checked.Id_Produto).notnull() & checked.known_product.isnull()
    missing = reduce(or_, (trimmed(checked[column]).isnull() for column in REQUIRED))
    purchase_day = ibis.cases(
        (checked.kind == stock_rules.ORDERED, checked.day),
        (checked.kind == stock_rules.RECEIVED, checked.ordered_on),
        else_=ibis.null("date"),
    )
    return checked.select(
        **provenance_of(checked, day=checked.delivery_day),
        _reasons=rejected(
            missing_required=missing,
            damaged_id=damaged,
            bad_id=bad_id,
            bad_date=bad_date | bad_purchase,
            bad_amount=bad_quantity | bad_cost | too_much,
            bad_movement=bad_kind,
            unit_mismatch=mismatch,
            unknown_unit=unknown_unit,
            unknown_product=unknown_product,
        ),
        _detail=explained(
            *absent(checked, *REQUIRED),
            (damaged, found("Id_Movimento", checked.Id_Movimento), identifiers.EXPECTED),
            (bad_id, found("Id_Movimento", checked.Id_Movimento), rules.ORDER_ID),
            (bad_date, found("Data_Movimento", checked.Data_Movimento), rules.ORDER_DATE),
            (bad_purchase, found("Data_Compra", checked.Data_Compra), stock_rules.PURCHASE_DAY),
            (bad_quantity, found("Qtd", checked.Qtd), stock_rules.QUANTITY),
            (bad_cost, found("Custo_Unitario", checked.Custo_Unitario), rules.AMOUNT),
            (too_much, found("Qtd x Custo_Unitario", value.cast("string")), rules.AMOUNT),
            (
                bad_kind,
                found("Tipo_Movimento", checked.Tipo_Movimento),
                ", ".join(stock_rules.MOVEMENTS),
            ),
            (mismatch, found("Id_Unidade", checked.Id_Unidade), rules.FOLDER_UNIT),
            (unknown_unit, found("Id_Unidade", checked.Id_Unidade), rules.KNOWN_UNIT),
            (unknown_product, found("Id_Produto", checked.Id_Produto), rules.KNOWN_PRODUCT),
        ),
        day=checked.day,
        unit_id=checked.unit_id,
        movement_id=checked.movement_id,
        kind=checked.kind,
        product_id=checked.product_id,
        quantity=quantity,
        unit_cost=checked.unit_cost,
        purchase_day=purchase_day,
    )

"""Valid orders, one row per unit, order and day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.silver.units import units as known_units
from lakehouse.domains.mrhealth.sources import ORDERS
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


class Orders(TableModel, key=("day", "unit_id", "order_id")):
    """One order of one unit."""

    day: dt.date = pa.Field(description="Date of the order, equal to order_date")
    unit_id: int = pa.Field(description="Number of the unit that took the order")
    order_id: str = pa.Field(description="Number of the order, unique within its unit and day only")
    order_date: dt.date = pa.Field(description="Date of the order as written by the unit")
    order_type: str = pa.Field(
        isin=rules.ORDER_TYPES, description="Channel: ONLINE, PHYSICAL or UNKNOWN"
    )
    status: str = pa.Field(isin=rules.STATUSES, description="Finalizado, Pendente or Cancelado")
    order_value: Decimal(14, 2) = pa.Field(
        ge=0,
        le=rules.MAX_AMOUNT,
        metadata={"reason": "bad_amount"},
        description="Value of the order in BRL, delivery fee included",
    )
    delivery_fee: Decimal(14, 2) = pa.Field(
        ge=0,
        le=rules.MAX_AMOUNT,
        metadata={"reason": "bad_amount"},
        description="Delivery fee in BRL, part of order_value",
    )
    delivery_address: str = pa.Field(
        nullable=True,
        metadata={"personal": "address"},
        description="Delivery address; null when the order is not delivered",
    )
    delivery_day: dt.date = pa.Field(description="Day of the delivery that contained the order")
    delivery_unit: int = pa.Field(
        description="Number of the unit that delivered the order; -1 for a single-folder delivery"
    )


@silver(contract=Orders, reads=[ORDERS.bronze, known_units])
def orders(rows: ir.Table, units: ir.Table) -> ir.Table:
    """Valid orders; of two rows with the same key the one of the newest delivery wins."""
    date = rules.order_date(rows)
    read = identifiers.with_rounded(rows, "Id_Pedido").mutate(
        day=date.fill_null(rows.day),
        delivery_day=rows.day,
        delivery_unit=rules.delivery_unit(rows),
        order_date=date,
        unit_id=rules.number(rows.Id_Unidade),
        order_id=rules.identifier(rows.Id_Pedido),
        known_status=rules.status(rows.Status),  # SQL does not distinguish Status from status
        order_value=rules.amount(rows.Vlr_Pedido),
        delivery_fee=rules.amount(trimmed(rows.Taxa_Entrega).fill_null("0")),
        delivery_address=trimmed(rows.Endereco_Entrega).nullif(rules.NO_ADDRESS),
    )
    known = units.select("day", "unit_id", known=True)
    checked = read.left_join(known, ["day", "unit_id"])  # many orders to one unit of the day
    damaged = identifiers.is_damaged(checked.Id_Pedido) | checked.rounded_Id_Pedido
    bad_id = trimmed(checked.Id_Pedido).notnull() & checked.order_id.isnull() & ~damaged
    bad_date = trimmed(checked.Data_Pedido).notnull() & checked.order_date.isnull()
    bad_value = trimmed(checked.Vlr_Pedido).notnull() & checked.order_value.isnull()
    bad_status = trimmed(checked.Status).notnull() & checked.known_status.isnull()
    unit_given = trimmed(checked.Id_Unidade).notnull()
    other_unit = checked.unit_id.fill_null(rules.NO_UNIT) != checked["_unit"]
    mismatch = checked["_unit"].notnull() & unit_given & other_unit
    unknown_unit = unit_given & checked.known.isnull()
    return checked.select(
        **provenance_of(checked, day=checked.delivery_day),
        _reasons=rejected(
            missing_required=trimmed(checked.Id_Pedido).isnull()
            | trimmed(checked.Id_Unidade).isnull()
            | trimmed(checked.Data_Pedido).isnull()
            | trimmed(checked.Vlr_Pedido).isnull()
            | trimmed(checked.Status).isnull(),
            damaged_id=damaged,
            bad_id=bad_id,
            bad_date=bad_date,
            bad_amount=bad_value | checked.delivery_fee.isnull(),
            bad_status=bad_status,
            unit_mismatch=mismatch,
            unknown_unit=unknown_unit,
        ),
        _detail=explained(
            *absent(checked, "Id_Pedido", "Id_Unidade", "Data_Pedido", "Vlr_Pedido", "Status"),
            (damaged, found("Id_Pedido", checked.Id_Pedido), identifiers.EXPECTED),
            (bad_id, found("Id_Pedido", checked.Id_Pedido), rules.ORDER_ID),
            (bad_date, found("Data_Pedido", checked.Data_Pedido), rules.ORDER_DATE),
            (bad_value, found("Vlr_Pedido", checked.Vlr_Pedido), rules.AMOUNT),
            (
                checked.delivery_fee.isnull(),
                found("Taxa_Entrega", checked.Taxa_Entrega),
                rules.AMOUNT,
            ),
            (bad_status, found("Status", checked.Status), ", ".join(rules.STATUSES)),
            (mismatch, found("Id_Unidade", checked.Id_Unidade), rules.FOLDER_UNIT),
            (unknown_unit, found("Id_Unidade", checked.Id_Unidade), rules.KNOWN_UNIT),
        ),
        day=checked.day,
        unit_id=checked.unit_id,
        order_id=checked.order_id,
        order_date=checked.order_date,
        order_type=rules.order_type(checked.Tipo_Pedido),
        status=checked.known_status,
        order_value=checked.order_value,
        delivery_fee=checked.delivery_fee,
        delivery_address=checked.delivery_address,
        delivery_day=checked.delivery_day,
        delivery_unit=checked.delivery_unit,
    )

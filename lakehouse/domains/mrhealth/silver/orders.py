"""Valid orders, one row per unit, order and day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.silver.units import units as known_units
from lakehouse.domains.mrhealth.sources import ORDERS
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import (
    parse_decimal,
    parse_int,
    provenance_of,
    rejected,
    trimmed,
)


class Orders(pa.DataFrameModel):
    """One order of one unit."""

    day: dt.date = pa.Field(description="Day of the order, the same as order_date")
    unit_id: int = pa.Field(description="Unit that took the order")
    order_id: str = pa.Field(description="Order number, unique within unit and day only")
    order_date: dt.date = pa.Field(description="Day of the order as the unit wrote it")
    order_type: str = pa.Field(isin=rules.ORDER_TYPES, description="ONLINE, PHYSICAL or UNKNOWN")
    status: str = pa.Field(isin=rules.STATUSES, description="Finalizado, Pendente or Cancelado")
    order_value: Decimal(14, 2) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Value in R$, delivery fee included"
    )
    delivery_fee: Decimal(14, 2) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Delivery fee in R$, part of the value"
    )
    delivery_address: str = pa.Field(nullable=True, description="Null when eaten or fetched there")
    delivery_day: dt.date = pa.Field(description="Day of the delivery that brought the order")
    delivery_unit: int = pa.Field(description="Unit of that delivery, -1 for a single folder")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "unit_id", "order_id"]


@silver(contract=Orders, reads=[ORDERS.bronze, known_units])
def orders(landed: ir.Table, units: ir.Table) -> ir.Table:
    """Orders that can be trusted; the newest delivery of an order wins."""
    date = rules.order_date(landed)
    read = landed.mutate(
        day=date.fill_null(landed.day),
        delivery_day=landed.day,
        delivery_unit=rules.delivery_unit(landed),
        order_date=date,
        unit_id=parse_int(landed.Id_Unidade),
        known_status=rules.status(landed.Status),  # SQL tells no Status from status
        order_value=parse_decimal(landed.Vlr_Pedido),
        delivery_fee=parse_decimal(landed.Taxa_Entrega.fill_null("0")),
        delivery_address=trimmed(landed.Endereco_Entrega).nullif(rules.NO_ADDRESS),
    )
    known = units.select("day", "unit_id", known=True)
    checked = read.left_join(known, ["day", "unit_id"])  # many orders to one unit of the day
    return checked.select(
        **provenance_of(checked, day=checked.delivery_day),
        _reasons=rejected(
            missing_required=trimmed(checked.Id_Pedido).isnull()
            | trimmed(checked.Id_Unidade).isnull()
            | trimmed(checked.Data_Pedido).isnull()
            | trimmed(checked.Vlr_Pedido).isnull()
            | trimmed(checked.Status).isnull(),
            bad_date=trimmed(checked.Data_Pedido).notnull() & checked.order_date.isnull(),
            bad_amount=(trimmed(checked.Vlr_Pedido).notnull() & checked.order_value.isnull())
            | checked.delivery_fee.isnull(),
            bad_status=trimmed(checked.Status).notnull() & checked.known_status.isnull(),
            unit_mismatch=checked["_unit"].notnull()
            & trimmed(checked.Id_Unidade).notnull()
            & (checked.unit_id.fill_null(rules.NO_UNIT) != checked["_unit"]),
            unknown_unit=trimmed(checked.Id_Unidade).notnull() & checked.known.isnull(),
        ),
        day=checked.day,
        unit_id=checked.unit_id,
        order_id=trimmed(checked.Id_Pedido),
        order_date=checked.order_date,
        order_type=rules.order_type(checked.Tipo_Pedido),
        status=checked.known_status,
        order_value=checked.order_value,
        delivery_fee=checked.delivery_fee,
        delivery_address=checked.delivery_address,
        delivery_day=checked.delivery_day,
        delivery_unit=checked.delivery_unit,
    )

"""Alerts about restaurants: one row for each cause, with the figures that led to it."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.alert_rules import KINDS
from lakehouse.domains.mrhealth.detection import MODULES
from lakehouse.domains.mrhealth.detection.inputs import inputs_of
from lakehouse.domains.mrhealth.detection.tables import rows_of
from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day as channels_by_day
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as sales_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as products_sold
from lakehouse.platform.alerts.columns import AlertFigures, AlertName, AlertSubject
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class AlertUnit(TableModel):
    """The unit of an alert."""

    unit_id: int = pa.Field(
        nullable=True, description="Number of the unit; null for a state or the chain"
    )


class AlertPlace(TableModel):
    """State and product of an alert, and how many units it hits."""

    state_name: str = pa.Field(
        nullable=True, description="Name of the state; null for the chain and when unknown"
    )
    product_id: int = pa.Field(
        nullable=True, description="Number of the missing product; null for other kinds"
    )
    units: int = pa.Field(gt=0, description="Number of units with the finding on the last day")


class Alerts(AlertFigures, AlertPlace, AlertSubject, AlertUnit, AlertName, key=("alert_id",)):
    """One incident: what is wrong, where, since when, and what to do."""

    kind: str = pa.Field(isin=tuple(KINDS), description="What is wrong, see docs/alerts.md")
    scope: str = pa.Field(isin=rules.SCOPES, description="unit, state or chain")
    subject: str = pa.Field(description="Name of the unit or the state; Rede for the chain")
    measure: str = pa.Field(
        isin=rules.MEASURES,
        description="What actual and expected count: orders, brl (BRL), cancelled orders, pending"
        " orders, or orders with the product",
    )
    figure_days: int = pa.Field(
        gt=0, description="Number of days up to last_day that actual and expected add up"
    )


@gold_as_of(
    contract=Alerts,
    reads=[sales_by_day, channels_by_day, products_sold, products_by_day, units_by_day],
    options=TableOptions(python=MODULES, embedded=True),
)
def alerts(
    sales: ir.Table, channels: ir.Table, sold: ir.Table, menu: ir.Table, units: ir.Table
) -> PythonRows:
    """Incidents of the last 90 days: what is wrong, since when, and what to do.

    Usual figures follow from the level and the weekday of earlier days, and from what other units
    sell on the same days. Findings of most units of a state, or of the chain, are one alert. An
    alert whose cause was missing data leaves the table when the data arrive.
    """
    return PythonRows(inputs=inputs_of(sales, channels, sold, menu, units), compute=rows_of)

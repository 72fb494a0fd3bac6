"""Deliveries of each unit by day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.bronze.deliveries import deliveries as landed_files
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver


class Deliveries(TableModel, key=("day", "unit_id")):
    """Files that one unit delivered for one day."""

    day: dt.date = pa.Field(description="Day of the delivery")
    unit_id: int = pa.Field(description="Number of the unit that delivered")
    files: int = pa.Field(ge=0, description="Number of readable files, without superseded ones")
    orders_delivered: bool = pa.Field(description="True when a readable file of orders arrived")
    items_delivered: bool = pa.Field(description="True when a readable file of order items arrived")


@silver(contract=Deliveries, reads=[landed_files])
def deliveries(files: ir.Table) -> ir.Table:
    """Deliveries by unit and day; a unit without a row delivered nothing on that day.

    A file with the same content as another one is not counted, unless both are empty: the files of
    two units without sales contain the same header. Rejected and superseded files are not counted
    either, so a corrected day is the same as a day that was correct at first.
    """
    loaded = files.status.isin(["loaded", "superseded"])
    quiet_day = (files.status == "duplicate") & (files.rows == 0)
    readable = loaded | quiet_day
    return files.group_by(files.day, unit_id=files.unit).agg(
        files=((files.status == "loaded") | quiet_day).sum(),
        orders_delivered=(readable & (files.subject == "orders")).any(),
        items_delivered=(readable & (files.subject == "order_items")).any(),
    )

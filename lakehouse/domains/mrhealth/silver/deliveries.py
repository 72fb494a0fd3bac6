"""Did each unit deliver?"""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.bronze.deliveries import deliveries as landed_files
from lakehouse.platform.tables.declare import silver


class Deliveries(pa.DataFrameModel):
    """What one unit delivered for one day."""

    day: dt.date = pa.Field(description="Day of the delivery")
    unit_id: int = pa.Field(description="Unit that delivered")
    files: int = pa.Field(ge=0, description="Files whose rows count: readable and the newest ones")
    orders_delivered: bool = pa.Field(description="A readable file of orders came")
    items_delivered: bool = pa.Field(description="A readable file of items came")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "unit_id"]


@silver(contract=Deliveries, reads=[landed_files])
def deliveries(files: ir.Table) -> ir.Table:
    """Deliveries by unit and day; a day without a row is a day without a delivery.

    A file that repeats another one's bytes is none, unless both are empty: the headers of two
    units without sales are the same. Refused and replaced files leave no trace here, so a day that
    was mended is the same as one that was right at first.
    """
    loaded = files.status.isin(["loaded", "superseded"])
    quiet_day = (files.status == "duplicate") & (files.rows == 0)
    readable = loaded | quiet_day
    return files.group_by(files.day, unit_id=files.unit).agg(
        files=((files.status == "loaded") | quiet_day).sum(),
        orders_delivered=(readable & (files.subject == "orders")).any(),
        items_delivered=(readable & (files.subject == "order_items")).any(),
    )

"""Keep how well alerts were found on days whose incidents are known: ``ops.alert_quality``."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import ALERT_QUALITY, AlertQuality
from lakehouse.platform.tables.stored_rows import stage_ops_table


def keep_quality(lake: Lake, domain: str, rows: Sequence[AlertQuality]) -> TableId:
    """Store the rows of one measurement in place of an earlier one of the same day and source.

    Returns:
        The table that holds them.
    """
    table = TableId("ops", domain, ALERT_QUALITY.name)
    day, source = rows[0].day, rows[0].source
    stored = lake.table(table)
    before = stored.snapshot()
    new = ALERT_QUALITY.to_arrow(rows).drop(["day"])
    if day in before.by_day:
        earlier = stored.read([day], snapshot=before).select(new.column_names).cast(new.schema)
        new = pa.concat_tables([earlier.filter(pc.not_equal(earlier["source"], source)), new])
    staged = stage_ops_table(lake, table, ALERT_QUALITY, {day: new}, based_on=before)
    staged.commit(note={"by": "lakehouse alerts backtest"})
    return table

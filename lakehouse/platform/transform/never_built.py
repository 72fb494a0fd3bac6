"""Gold tables that a lake with data does not have yet."""

import datetime as dt

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain


def never_built_days(domain: Domain, lake: Lake) -> dict[dt.date, str]:
    """Return the days of the tables that were added to a domain after its data came.

    Without them, an as-of table that reads such a table would show the days since then as if they
    were all. A table counts by the days of its first upstream table; as-of tables are made for the
    newest day in any case (`as_of.out_of_date`).
    """
    found: dict[dt.date, str] = {}
    for table in domain.tables:
        if table.layer is Layer.GOLD and table.daily and table.reads and table.transform:
            upstream = lake.table(table.reads[0].table.id).snapshot()
            if upstream.days and not lake.table(table.id).exists():
                found |= dict.fromkeys(upstream.days, f"never built {table.id.name}")
    return found

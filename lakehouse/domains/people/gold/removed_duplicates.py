"""Number of duplicates by file."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.people.gold.people_without_duplicates import people_without_duplicates
from lakehouse.domains.people.silver.people_all import people_all as every_row
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class RemovedDuplicates(TableModel, key=("day", "file")):
    day: dt.date = pa.Field(description="Day of the delivery")
    file: str = pa.Field(description="Path of the file in the landing zone")
    delivered_at: Timestamp(scale=6) = pa.Field(
        description="Time in UTC when the file was last modified in the landing zone"
    )
    rows: int = pa.Field(gt=0, description="Number of valid rows of the file")
    kept: int = pa.Field(
        ge=0, description="Number of rows of the file that are the newest of their person"
    )
    removed: int = pa.Field(
        ge=0, description="Number of rows of the file whose person has a newer row"
    )


@gold(contract=RemovedDuplicates, reads=[every_row, people_without_duplicates])
def removed_duplicates(people: ir.Table, persons: ir.Table) -> ir.Table:
    """Number of duplicates by file."""
    files = people.group_by("day", "file", "delivered_at").agg(rows=people.count())
    newest = persons.group_by("day", "file").agg(kept=persons.count())
    both = files.left_join(newest, ["day", "file"])  # one file to one count
    kept = both.kept.fill_null(0)
    return both.select(
        "day", "file", "delivered_at", "rows", kept=kept, removed=both.rows - kept
    ).order_by("day", "file")

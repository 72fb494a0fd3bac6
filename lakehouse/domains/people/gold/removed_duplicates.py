"""Rows that were removed because another file or line names the same person."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.people.gold.people_without_duplicates import people_without_duplicates
from lakehouse.domains.people.silver.people_all import people_all as every_row
from lakehouse.platform.tables.declare import view


class RemovedDuplicates(pa.DataFrameModel):
    day: dt.date = pa.Field(description="Day of the delivery")
    file: str = pa.Field(description="Path of the file in the landing zone")
    delivered_at: Timestamp(scale=6) = pa.Field(description="When the file landed, UTC")
    rows: int = pa.Field(gt=0, description="Valid rows of the file")
    kept: int = pa.Field(ge=0, description="Rows of it that are the newest of their person")
    removed: int = pa.Field(ge=0, description="Rows of it that are not")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "file"]


@view(contract=RemovedDuplicates, reads=[every_row, people_without_duplicates])
def removed_duplicates(people: ir.Table, persons: ir.Table) -> ir.Table:
    """Duplicates that each file brought; a file whose people all came again later keeps none."""
    landed = people.group_by("day", "file", "delivered_at").agg(rows=people.count())
    won = persons.group_by("day", "file").agg(kept=persons.count())
    both = landed.left_join(won, ["day", "file"])  # one file to one count
    kept = both.kept.fill_null(0)
    return both.select(
        "day", "file", "delivered_at", "rows", kept=kept, removed=both.rows - kept
    ).order_by("day", "file")

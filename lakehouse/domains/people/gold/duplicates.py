"""Number of duplicates over all files."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.people.silver.people_all import people_all as every_row
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class Duplicates(TableModel):
    files: int = pa.Field(ge=0, description="Number of files with valid rows")
    rows: int = pa.Field(ge=0, description="Number of valid rows of all files")
    people: int = pa.Field(ge=0, description="Number of different persons")
    removed: int = pa.Field(ge=0, description="Number of rows whose person has a newer row")


@gold_as_of(contract=Duplicates, reads=[every_row])
def duplicates(people: ir.Table) -> ir.Table:
    """Number of rows, persons and duplicates over all files."""
    counted = people.agg(
        files=people.file.nunique(), rows=people.count(), people=people.user_id.nunique()
    )
    return counted.mutate(removed=counted.rows - counted.people)

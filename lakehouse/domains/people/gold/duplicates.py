"""How many duplicates were removed in all."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.people.silver.people_all import people_all as every_row
from lakehouse.platform.tables.declare import view


class Duplicates(pa.DataFrameModel):
    files: int = pa.Field(ge=0, description="Files with valid rows")
    rows: int = pa.Field(ge=0, description="Valid rows of all files")
    people: int = pa.Field(ge=0, description="Persons")
    removed: int = pa.Field(ge=0, description="Rows that name a person who is named elsewhere")


@view(contract=Duplicates, reads=[every_row])
def duplicates(people: ir.Table) -> ir.Table:
    """Rows, persons and the duplicates between them, over all files."""
    counted = people.agg(
        files=people.file.nunique(), rows=people.count(), people=people.user_id.nunique()
    )
    return counted.mutate(removed=counted.rows - counted.people)

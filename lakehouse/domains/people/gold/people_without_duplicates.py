"""People, each once."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.people import rules
from lakehouse.domains.people.silver.people_all import PeopleAll
from lakehouse.domains.people.silver.people_all import people_all as every_row
from lakehouse.platform.tables.declare import gold
from lakehouse.platform.tables.table import all_days


class PeopleWithoutDuplicates(PeopleAll):
    class Config:
        """One row per key."""

        strict = True
        unique = ["user_id"]


@gold(contract=PeopleWithoutDuplicates, reads=[all_days(every_row)])
def people_without_duplicates(people: ir.Table) -> ir.Table:
    """Each person as the newest file says, on the day that this file was delivered.

    The newest is the one delivered last, of those delivered at once the one with the greater name.
    Inside a file the first row of a person counts.
    """
    newest_first = ibis.window(
        group_by="user_id",
        order_by=[
            ibis.desc("delivered_at"),
            ibis.desc(rules.file_name(people.file)),
            ibis.desc("file"),
            ibis.desc("day"),
            "row",
        ],
    )
    ranked = people.mutate(_place=ibis.row_number().over(newest_first))
    return ranked.filter(ranked["_place"] == 0).drop("_place")

"""People, one row per person."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.people import rules
from lakehouse.domains.people.silver.people_all import PeopleAll
from lakehouse.domains.people.silver.people_all import people_all as every_row
from lakehouse.platform.tables.declare import gold
from lakehouse.platform.tables.table import all_days


class PeopleWithoutDuplicates(PeopleAll, key=("user_id",)):
    """One person."""


@gold(contract=PeopleWithoutDuplicates, reads=[all_days(every_row)])
def people_without_duplicates(people: ir.Table) -> ir.Table:
    """People, one row per person with the values of the newest file, on the day of its delivery.

    The newest file is the one delivered last; of files delivered at the same time, the one with the
    greater name. Within a file the first row of a person wins.
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

"""What is asked of the tables of people every day."""

import ibis.expr.types as ir

from lakehouse.domains.people import SPEC
from lakehouse.domains.people.gold.people_without_duplicates import people_without_duplicates
from lakehouse.domains.people.silver.people_all import people_all
from lakehouse.domains.people.sources import PEOPLE
from lakehouse.platform.quality.checks import QualityCheck, Result, rows_of
from lakehouse.platform.quality.common_checks import books, drift, none_found, rejections


def repeated_persons(persons: ir.Table) -> ir.Table:
    """Persons of a day that occur more than once; counted, not named."""
    by_person = persons.group_by("day", "user_id").agg(n=persons.count())
    twice = by_person.filter(by_person.n > 1)
    return twice.group_by("day").agg(found=twice.count())


CHECKS = (
    QualityCheck(
        name="one_row_per_person",
        category="uniqueness",
        table=people_without_duplicates.id,
        description="A person occurs once; fails with how many occur again.",
        reads=(rows_of(people_without_duplicates),),
        measure=repeated_persons,
        judge=none_found("persons again", Result.FAIL),
        blocking=True,
        kept_by="gold.people_people_without_duplicates, whose key is the person",
    ),
    rejections(people_all),
    books(SPEC.name, PEOPLE.bronze),
    drift(PEOPLE.raw),
)
"""Business first, then the books."""

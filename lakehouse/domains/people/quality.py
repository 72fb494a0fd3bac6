"""Quality checks of people, evaluated for every day."""

from lakehouse.domains.people import SPEC
from lakehouse.domains.people.gold.people_without_duplicates import people_without_duplicates
from lakehouse.domains.people.silver.people_all import people_all
from lakehouse.domains.people.sources import PEOPLE
from lakehouse.platform.quality.common_checks import unique
from lakehouse.platform.quality.delivery_checks import (
    declared_columns,
    no_rejections,
    reconciled_files,
)

CHECKS = (
    unique(
        people_without_duplicates,
        "user_id",
        name="one_row_per_person",
        noun="persons again",
        lists_keys=False,
        description="Each person occurs once; fails with the number of persons that repeat.",
        enforced_by="gold.people_people_without_duplicates, whose key is the person",
    ),
    no_rejections(people_all),
    reconciled_files(SPEC.name, PEOPLE.bronze),
    declared_columns(PEOPLE.raw),
)
"""Business rules first, then deliveries."""

"""Landed files as they came: one table of deliveries, beside the untouched bytes."""

from lakehouse.domains.people import SPEC
from lakehouse.domains.people.sources import PEOPLE
from lakehouse.platform.ingestion.deliveries import ledger

people = ledger(SPEC.name, PEOPLE)

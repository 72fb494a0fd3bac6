"""Landed files as they came: one table of deliveries, beside the untouched bytes."""

from lakehouse.domains.sales import SPEC
from lakehouse.domains.sales.sources import SALES
from lakehouse.platform.ingestion.deliveries import ledger

sales = ledger(SPEC.name, SALES)

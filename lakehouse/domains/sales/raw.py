"""Landed files as they came: one table of deliveries, beside the untouched bytes."""

from lakehouse.domains.sales import SYSTEM
from lakehouse.domains.sales.sources import SALES
from lakehouse.platform.ingestion.deliveries import ledger

sales = ledger(SYSTEM.name, SALES)

"""Landed files as they came: one table of deliveries per subject, beside the untouched bytes."""

from lakehouse.domains.mrhealth import SYSTEM
from lakehouse.domains.mrhealth.sources import (
    COUNTRIES,
    ORDER_ITEMS,
    ORDERS,
    PRODUCTS,
    STATES,
    UNITS,
)
from lakehouse.platform.ingestion.deliveries import ledger

orders = ledger(SYSTEM.name, ORDERS)
order_items = ledger(SYSTEM.name, ORDER_ITEMS)
products = ledger(SYSTEM.name, PRODUCTS)
units = ledger(SYSTEM.name, UNITS)
states = ledger(SYSTEM.name, STATES)
countries = ledger(SYSTEM.name, COUNTRIES)

"""Landed files as they came: one table of deliveries per dataset, beside the untouched bytes."""

from lakehouse.domains.mrhealth import SPEC
from lakehouse.domains.mrhealth.sources import (
    COUNTRIES,
    ORDER_ITEMS,
    ORDERS,
    PRODUCTS,
    STATES,
    UNITS,
)
from lakehouse.platform.ingestion.deliveries import ledger

orders = ledger(SPEC.name, ORDERS)
order_items = ledger(SPEC.name, ORDER_ITEMS)
products = ledger(SPEC.name, PRODUCTS)
units = ledger(SPEC.name, UNITS)
states = ledger(SPEC.name, STATES)
countries = ledger(SPEC.name, COUNTRIES)

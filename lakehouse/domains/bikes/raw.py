"""Landed files as they came: one table of deliveries per subject, beside the untouched bytes."""

from lakehouse.domains.bikes import SYSTEM, sources
from lakehouse.platform.ingestion.deliveries import ledger

persons = ledger(SYSTEM.name, sources.PERSONS)
products = ledger(SYSTEM.name, sources.PRODUCTS)
customers = ledger(SYSTEM.name, sources.CUSTOMERS)
order_headers = ledger(SYSTEM.name, sources.ORDER_HEADERS)
special_offer_products = ledger(SYSTEM.name, sources.SPECIAL_OFFER_PRODUCTS)
order_details = ledger(SYSTEM.name, sources.ORDER_DETAILS)

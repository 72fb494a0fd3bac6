"""Landed files as they came: one table of deliveries per dataset, beside the untouched bytes."""

from lakehouse.domains.bikes import SPEC, sources
from lakehouse.platform.ingestion.deliveries import ledger

persons = ledger(SPEC.name, sources.PERSONS)
products = ledger(SPEC.name, sources.PRODUCTS)
customers = ledger(SPEC.name, sources.CUSTOMERS)
order_headers = ledger(SPEC.name, sources.ORDER_HEADERS)
special_offer_products = ledger(SPEC.name, sources.SPECIAL_OFFER_PRODUCTS)
order_details = ledger(SPEC.name, sources.ORDER_DETAILS)

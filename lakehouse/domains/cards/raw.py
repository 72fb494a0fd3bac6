"""Landed files as they came: one table of deliveries per dataset, beside the untouched bytes."""

from lakehouse.domains.cards import SPEC
from lakehouse.domains.cards.sources import INVOICES, PAYMENTS
from lakehouse.platform.ingestion.deliveries import ledger

tb_faturas = ledger(SPEC.name, INVOICES)
tb_pagamentos = ledger(SPEC.name, PAYMENTS)

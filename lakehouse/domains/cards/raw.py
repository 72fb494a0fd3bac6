"""Landed files as they came: one table of deliveries per subject, beside the untouched bytes."""

from lakehouse.domains.cards import SYSTEM
from lakehouse.domains.cards.sources import INVOICES, PAYMENTS
from lakehouse.platform.ingestion.deliveries import ledger

tb_faturas = ledger(SYSTEM.name, INVOICES)
tb_pagamentos = ledger(SYSTEM.name, PAYMENTS)

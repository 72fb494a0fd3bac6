"""Landed files as they came."""

from lakehouse.domains.tolls import SPEC
from lakehouse.domains.tolls.sources import PASSAGES

from lakehouse.platform.ingestion.deliveries import ledger

passages = ledger(SPEC.name, PASSAGES)

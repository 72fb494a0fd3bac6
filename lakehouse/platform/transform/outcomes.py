"""Outcomes of delivered rows, and the tables stored beside a table that validates rows."""

from lakehouse.platform.storage.table_id import TableId

KEPT, REJECTED, DUPLICATE, SUPERSEDED = "silver", "quarantine", "duplicate", "superseded"
OUTCOMES = (KEPT, REJECTED, DUPLICATE, SUPERSEDED)
"""Each row of bronze ends in exactly one of them."""


def quarantine_of(table: TableId) -> TableId:
    """Return the table that holds the rejected rows of a table."""
    return TableId(table.layer, table.domain, table.table, "quarantine")


def outcomes_of(table: TableId) -> TableId:
    """Return the table that holds the outcome of each delivered row of a table."""
    return TableId(table.layer, table.domain, table.table, "outcomes")

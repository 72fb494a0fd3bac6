"""Control totals: figures of a table that plain SQL computes a second time, for the audit.

A control total is written by hand in DuckDB's SQL, independently of the table's expression. The
audit runs it over the files that the tables' logs list and compares the two results.
"""

import re
from dataclasses import dataclass

RELATION = re.compile(r"\b(raw|bronze|kept|rejected|silver|gold)\.([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, kw_only=True)
class ControlTotal:
    """Two statements that must give the same rows, in any order.

    The statements read ``silver.orders``, ``bronze.orders`` and so on: tables of the domain. Two
    more relations hold rows of bronze by their outcome: ``kept.orders`` and ``rejected.orders``,
    with ``day`` (the business day), ``_delivery_day``, and of rejected rows ``_reasons``.

    Of a table by day both statements return a column ``day`` and read the same days of each table.
    Of an as-of table they read its partition of one day and what was known at the end of the day.

    Args:
        table: layer and name of the table whose rows are checked, for example ``gold.unit_day``.
        expected: computes the rows from the tables that the table is made of; of the table itself
            it reads no more than which days there are.
        found: reads them from the table.
        all_days: of a table by day, read all days of the other tables.

    Raises:
        ValueError: `found` does not read the table.

    >>> ControlTotal(
    ...     table="gold.visit_days",
    ...     expected="select day, count(*) from silver.visits group by day",
    ...     found="select day, visits from gold.visit_days",
    ... ).relations
    [('gold', 'visit_days'), ('silver', 'visits')]
    """

    table: str
    expected: str
    found: str
    all_days: bool = False

    def __post_init__(self) -> None:
        own = tuple(self.table.split("."))
        if own not in RELATION.findall(self.found):
            raise ValueError(f"the control total of {self.table}: found must read {self.table}")

    @property
    def relations(self) -> list[tuple[str, str]]:
        """Return the schema and name of each relation that the statements read, sorted."""
        return sorted(set(RELATION.findall(f"{self.expected} {self.found}")))

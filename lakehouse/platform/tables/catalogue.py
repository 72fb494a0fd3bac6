"""Names and descriptions of all declared tables, known without importing the domains.

They follow from the code alone, so they are remembered in the Dagster home (`code_facts`). The
domains are imported, which takes seconds, only for code that is seen for the first time. A domain
whose code is broken has an error instead of tables, and does not stop the others.
"""

import json
from dataclasses import dataclass

from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.domains import domain_names

WHAT = "tables"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredTable:
    """One table that a domain declares."""

    name: str
    """Its SQL name, such as ``gold.shop_unit_day``."""
    description: str
    """The first paragraph, in one line."""
    as_of: bool
    """Whether each day holds the whole table, so that ``history.…`` shows all days."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """The tables of all domains, and the domains that cannot be loaded."""

    tables: tuple[DeclaredTable, ...]
    broken: dict[str, str]
    """Domain → message of the error."""


def read_catalogue() -> Catalogue:
    """Return the declared tables of every domain."""
    tables: list[DeclaredTable] = []
    broken: dict[str, str] = {}
    for domain in domain_names():
        try:
            tables += _tables_of(domain)
        except Exception as error:  # noqa: BLE001  whatever the module of a domain raises
            broken[domain] = f"{type(error).__name__}: {error}"
    return Catalogue(tables=tuple(tables), broken=broken)


def _tables_of(domain: str) -> list[DeclaredTable]:
    known = code_facts.current().recall(f"{domain} {WHAT}")
    return [DeclaredTable(**each) for each in json.loads(known or _described(domain))]


def _described(domain: str) -> str:
    """Import a domain and return its tables as JSON, which is kept."""
    from lakehouse.platform.tables.registry import load_domain

    tables = load_domain(domain).tables
    shown = [
        {
            "name": table.id.name,
            "description": " ".join(table.description.split("\n\n")[0].split()),
            "as_of": table.as_of,
        }
        for table in tables
    ]
    return code_facts.of_domain(tables, f"{domain} {WHAT}", lambda: json.dumps(shown))

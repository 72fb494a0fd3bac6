"""What the contracts say about every table, as tables of a snapshot that queries of pages read.

- ``catalogue_tables``: one row per table, with its description and its published version;
- ``catalogue_columns``: one row per column, in the order of the contract;
- ``catalogue_reads``: one row per table and table that it reads.

Contracts follow from the code alone, so they are remembered in the Dagster home (`code_facts`).
"""

import datetime as dt
import json
import logging
from collections.abc import Iterable
from typing import Any

import duckdb

from lakehouse.platform.forecasting.declaration import forecast_of
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.published import Published, ShownVersions
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.domains import domain_names
from lakehouse.platform.tables.ops_tables import OPS_TABLES
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table

_log = logging.getLogger(__name__)

PREFIX = "catalogue_"
OPS = "ops"
WHAT = "catalogue"
"""Name of the facts that are kept for each domain."""
SCHEMAS = {
    "catalogue_tables": {
        "name": "VARCHAR",
        "layer": "VARCHAR",
        "domain": "VARCHAR",
        "description": "VARCHAR",
        "as_of": "BOOLEAN",
        "on_request": "BOOLEAN",
        "key": "VARCHAR",
        "contract": "VARCHAR",
        "publication": "BIGINT",
        "published_at": "TIMESTAMP",
        "version": "BIGINT",
        "days": "BIGINT",
        "row_count": "BIGINT",
    },
    "catalogue_columns": {
        "table": "VARCHAR",
        "place": "BIGINT",
        "name": "VARCHAR",
        "type": "VARCHAR",
        "nullable": "BOOLEAN",
        "is_key": "BOOLEAN",
        "personal": "VARCHAR",
        "description": "VARCHAR",
    },
    "catalogue_reads": {"table": "VARCHAR", "upstream": "VARCHAR"},
}

Facts = dict[str, list[dict[str, Any]]]
"""Name of a table of the catalogue → its rows."""


def create_catalogue(
    connection: duckdb.DuckDBPyConnection, shown: ShownVersions, zone: dt.tzinfo
) -> None:
    """Create the tables of the catalogue; a domain that cannot be loaded is left out.

    Args:
        connection: where they are created.
        shown: what is published of each table.
        zone: time zone of the moments.
    """
    found: Facts = {name: [] for name in SCHEMAS}
    for domain in domain_names():
        try:
            facts, published = _facts_of(domain), shown.published(domain)
        except Exception:  # noqa: BLE001  whatever the module of a domain raises
            _log.exception("catalogue of %s", domain)
            continue
        for row in facts["catalogue_tables"]:
            row.update(_as_published(row["name"], published, zone))
        for name, rows in facts.items():
            found[name] += rows
    for name, rows in _facts_of_ops().items():
        found[name] += rows
    for name, schema in SCHEMAS.items():
        connection.execute(
            f"CREATE OR REPLACE TABLE {name} AS SELECT unnest(from_json(?, ?), recursive := true)",
            [json.dumps(found[name]), json.dumps([schema])],
        )


def _facts_of(domain: str) -> Facts:
    known = code_facts.current().recall(f"{domain} {WHAT}")
    found: Facts = json.loads(known or _described(domain))
    return found


def _described(domain: str) -> str:
    """Import a domain and return what its contracts say as JSON, which is kept."""
    tables = load_domain(domain).tables
    forecast = forecast_of(domain)
    every = [*tables, *(forecast.tables if forecast else ())]
    return code_facts.of_domain(tables, f"{domain} {WHAT}", lambda: json.dumps(_contracts(every)))


def _contracts(tables: Iterable[Table]) -> Facts:
    facts: Facts = {name: [] for name in SCHEMAS}
    for table in tables:
        contract = table.contract
        facts["catalogue_tables"].append(
            {
                "name": table.id.name,
                "layer": table.id.layer,
                "domain": table.id.domain,
                "description": " ".join(table.description.split("\n\n")[0].split()),
                "as_of": table.as_of,
                "on_request": table.options.on_request,
                "key": ", ".join(contract.key),
                "contract": contract.version,
            }
        )
        facts["catalogue_reads"] += [
            {"table": table.id.name, "upstream": read.table.id.name} for read in table.reads
        ]
        facts["catalogue_columns"] += [
            {
                "table": table.id.name,
                "place": place,
                "name": column.name,
                "type": str(column.type).removeprefix("!"),
                "nullable": column.nullable,
                "is_key": column.name in contract.key,
                "personal": column.tags.get("personal"),
                "description": column.description,
            }
            for place, column in enumerate(contract.columns, start=1)
        ]
    return facts


def _facts_of_ops() -> Facts:
    """Return the ops tables, which belong to all domains and are not published with one."""
    facts: Facts = {name: [] for name in SCHEMAS}
    for table in OPS_TABLES.values():
        name = f"{OPS}.{table.name}"
        facts["catalogue_tables"].append(
            {"name": name, "layer": OPS, "domain": OPS, "description": table.description}
        )
        facts["catalogue_columns"] += [
            {
                "table": name,
                "place": place,
                "name": column,
                "type": kind.lower(),
                "description": table.descriptions[column],
            }
            for place, (column, kind) in enumerate(table.sql_types.items(), start=1)
        ]
    return facts


def _as_published(name: str, published: Published | None, zone: dt.tzinfo) -> dict[str, Any]:
    if published is None:
        return {}
    try:
        entry = published.tables.get(TableId.from_name(name))
    except StorageError:
        return {}
    if entry is None:
        return {}
    return {
        "publication": published.number,
        "published_at": published.at.astimezone(zone).replace(tzinfo=None).isoformat(),
        "version": entry.version,
        "days": entry.days,
        "row_count": entry.rows,
    }

"""Compute the alerts that the present parameters would have raised on past days."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import ibis
import pyarrow as pa

from lakehouse.domains.mrhealth.detection.detect import alerts_of
from lakehouse.domains.mrhealth.gold.alerts import alerts as alerts_table
from lakehouse.platform.engines.session import Session, arrow_schema, session
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import urls_of
from lakehouse.platform.tables.table import Read
from lakehouse.platform.transform.inputs import bind_files
from lakehouse.settings import Settings

Alert = dict[str, Any]


def alerts_between(
    lake: Lake, settings: Settings, first: dt.date, last: dt.date
) -> tuple[list[Alert], int]:
    """Return the alerts that were first visible between two days, and the unit-days of that time.

    Days after `last` are not read; of the earlier ones the data as known now are used.
    """
    unit_days = 0

    def bind(opened: Session, read: Read) -> None:
        nonlocal unit_days
        snapshot = lake.table(read.table.id).snapshot()
        files = [file for file in snapshot.files if file.rows and file.day <= last]
        if read.table.id.table == "unit_day":
            unit_days = sum(file.rows for file in files if file.day >= first)
        bind_files(opened, read.name, read.table, urls_of(files))

    found = _computed(bind, settings, (last - first).days + 1)
    return [alert for alert in found if first <= alert["detected_day"] <= last], unit_days


def alerts_in_rows(
    rows: Mapping[str, list[dict[str, Any]]], settings: Settings, first: dt.date, last: dt.date
) -> list[Alert]:
    """Return the same for rows of the upstream tables that are not in a lake."""

    def bind(opened: Session, read: Read) -> None:
        schema = arrow_schema(read.table.contract.schema)
        given = [dict.fromkeys(schema.names) | row for row in rows[read.table.id.table]]
        opened.arrow(read.name, pa.Table.from_pylist(given, schema=schema))

    found = _computed(bind, settings, (last - first).days + 1)
    return [alert for alert in found if first <= alert["detected_day"] <= last]


def _computed(bind: Callable[[Session, Read], None], settings: Settings, days: int) -> list[Alert]:
    upstream = [read.table.unbound for read in alerts_table.reads]
    expression = alerts_of(*upstream, keep_days=days)
    with session(settings) as opened:
        for read in alerts_table.reads:
            bind(opened, read)
        kinds = {name: kind for name, kind in alerts_table.contract.schema.items() if name != "day"}
        typed = expression.select(**{name: expression[name].cast(kinds[name]) for name in kinds})
        found: list[Alert] = opened.table(typed.order_by(ibis.asc("alert_id"))).to_pylist()
    return found

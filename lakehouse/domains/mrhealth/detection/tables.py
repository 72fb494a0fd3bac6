"""Rows of the table of alerts, from the rows that `inputs` names."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

import pyarrow as pa

from lakehouse.domains.alert_text import BRL, sentence
from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.alert_rules import KINDS
from lakehouse.domains.mrhealth.detection import chain_prices, products, status, volume
from lakehouse.domains.mrhealth.detection.grid import Grid, grid_of
from lakehouse.domains.mrhealth.detection.join import Found, Place, joined
from lakehouse.platform.alerts.incidents import (
    Finding,
    Incident,
    Named,
    alert_rows,
    incidents_of,
)
from lakehouse.platform.alerts.kinds import SEVERITIES, Kind

COLUMNS = {
    "unit_id": pa.int64(),
    "state_name": pa.string(),
    "product_id": pa.int64(),
    "units": pa.int64(),
    "figure_days": pa.int64(),
}
"""Columns that the alerts of restaurants have beside those of every domain."""


def rows_of(
    _: dt.date, inputs: Mapping[str, pa.Table], keep_days: int = rules.KEEP_DAYS
) -> pa.Table:
    """Return the alerts whose last day is among the newest `keep_days` days of the sales."""
    grid = grid_of(inputs["days"], rules.ORIGIN)
    names = Names(grid, inputs)
    found: list[Found] = []
    if grid.days:
        found += joined(_all(grid, inputs), grid)
    findings = [names.finding(each) for each in found]
    searched = grid.days - 1 - keep_days - rules.LONGEST_DAYS
    since = grid.date(searched + rules.GAP_DAYS)
    incidents = incidents_of(findings, rules.GAP_DAYS)
    return alert_rows(
        (each for each in incidents if each.first_day > since),
        grid.date(grid.days - 1),
        keep_days=keep_days,
        gap_days=rules.GAP_DAYS,
        name=names.named,
        columns=COLUMNS,
    )


def _all(grid: Grid, inputs: Mapping[str, pa.Table]) -> Iterator[Found]:
    orders = volume.measured(grid, "orders")
    return chain(
        volume.findings(grid, orders),
        status.findings(grid),
        status.missing_files(grid, orders.usual.expected(1)),
        chain_prices.findings(grid, inputs["chain_prices"]),
        _prices(grid, inputs["prices"]),
        products.findings(grid, inputs["sold"], inputs["menu"]),
    )


def _prices(grid: Grid, rows: pa.Table) -> Iterator[Found]:
    """Yield units whose prices differ from those of the chain and from their own."""
    row_of = {unit: row for row, unit in enumerate(grid.units)}
    for each in rows.to_pylist():
        day = grid.column(each["n"])
        if each["unit_id"] not in row_of or not 0 <= day < grid.days:
            continue
        unit, expected = row_of[each["unit_id"]], float(each["expected"])
        yield Found(
            place=Place(scope=rules.UNIT, unit=unit, state=grid.states[unit]),
            day=day,
            since=day,
            kind=KINDS["prices"],
            actual=float(each["actual"]),
            expected=expected,
            low=expected * (1 - rules.PRICE_SHARE),
            high=expected * (1 + rules.PRICE_SHARE),
        )


class Names:
    """Names of places and products, and findings as the platform joins them to incidents.

    Args:
        grid: units with their names.
        inputs: rows with the numbers of states and the names of products.
    """

    def __init__(self, grid: Grid, inputs: Mapping[str, pa.Table]) -> None:
        self._grid = grid
        self._states = {row["state_name"]: row["state_id"] for row in inputs["states"].to_pylist()}
        self._products = {
            row["product_id"]: row["product_name"] for row in inputs["products"].to_pylist()
        }
        self._places: dict[str, Place] = {}

    def finding(self, found: Found) -> Finding:
        """Return a finding with dates, amounts in BRL, and the severity of its place."""
        key = self._key(found.place)
        self._places[key] = found.place
        scale = 100 if found.kind.measure == BRL else 1
        return Finding(
            day=self._grid.date(found.day),
            since=self._grid.date(found.since),
            kind=found.kind if found.place.scope == rules.UNIT else _more_urgent(found.kind),
            place=key,
            window=found.window,
            actual=found.actual / scale,
            expected=found.expected / scale,
            low=found.low / scale,
            high=found.high / scale,
            places=found.units,
        )

    def named(self, incident: Incident) -> Named:
        """Return what people read of an incident."""
        place = self._places[incident.place]
        is_unit = place.scope == rules.UNIT
        subject = place.state or "Rede"
        if is_unit:
            subject = self._grid.names[place.unit] or f"Unidade {self._grid.units[place.unit]}"
        about = incident.kind.title
        if place.product:
            about += f" ({self._products.get(place.product) or 'produto'})"
        units = incident.last.places
        if units > 1:
            about += f" em {units} unidades"
        return Named(
            scope=place.scope,
            subject=subject,
            key=incident.place,
            message=sentence(subject, incident, about),
            columns={
                "unit_id": self._grid.units[place.unit] if is_unit else None,
                "state_name": place.state or None,
                "product_id": place.product or None,
                "units": units,
                "figure_days": incident.last.window,
            },
        )

    def _key(self, place: Place) -> str:
        key = "all"
        if place.scope == rules.UNIT:
            key = f"u{self._grid.units[place.unit]}"
        elif place.scope == rules.STATE:
            key = f"s{self._states.get(place.state) or 0}"
        return f"{key}-p{place.product}" if place.product else key


def _more_urgent(kind: Kind) -> Kind:
    """Return a kind one step more urgent: it hits many units."""
    return replace(kind, severity=SEVERITIES[max(0, SEVERITIES.index(kind.severity) - 1)])

"""Generate deliveries of Mr. Health: order and item files of restaurants, and reference tables.

Every unit-day is drawn from its own seed, so that a longer plan starts with the files of a shorter
one. Planted errors are distributed evenly, not by chance: in every block of unit-days each kind
occurs exactly once, and a unit-day has at most one, so that the outcome of a row never depends on
two errors. Money is counted in cents.

`plan` says what to generate and holds the expected outcomes, `business` the places, menu and tills,
`shipments` one unit-day, `errors` what is planted in it, `stock` the stock of the units, and
`large` few units with large files.
"""

import datetime as dt
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from lakehouse.demo.files import LandedFile, csv_text, moment
from lakehouse.demo.mrhealth.business import (
    COUNTRIES,
    DIALECT_A,
    FIRST_PRODUCT,
    PRODUCTS,
    STATES,
    city_of,
    state_of,
)
from lakehouse.demo.mrhealth.errors import error_of, plant
from lakehouse.demo.mrhealth.plan import (
    DayTotals,
    Expected,
    LargePlan,
    Plan,
    PlantedError,
    days_of,
)
from lakehouse.demo.mrhealth.shipments import (
    Shipment,
    draw,
    files_of,
    repeated_ids,
    tally,
)
from lakehouse.demo.mrhealth.stock import Stock

__all__ = [
    "DEMO",
    "HIGHLIGHTS",
    "DayTotals",
    "Expected",
    "LargePlan",
    "Plan",
    "PlantedError",
    "deliveries",
    "expected",
    "large_deliveries",
    "large_expected",
    "reference",
    "write",
]

DEMO = {"stock": True}
"""Values of the plan that `lakehouse demo` sets."""

HIGHLIGHTS = {
    "Largest restaurants": (
        "select unit_name as restaurant, round(sum(revenue), 2) as revenue, sum(orders) as orders"
        " from gold.mrhealth_unit_day group by all order by revenue desc, restaurant"
    ),
    "Forecast of the next 7 days (lakehouse forecast mrhealth)": (
        "select unit_id as unit, round(sum(expected) filter (measure = 'orders')) as orders,"
        " round(sum(expected) filter (measure = 'pieces')) as pieces,"
        " round(sum(expected) filter (measure = 'revenue')) as revenue"
        " from gold.mrhealth_unit_forecast where target_day <= day + 7 group by all"
        " order by revenue desc, unit"
    ),
    "Alerts (lakehouse alerts list)": (
        "select severity, message from gold.mrhealth_alerts"
        " order by severity, last_day desc, alert_id limit 3"
    ),
    "Purchase list (gold.mrhealth_purchase_recommendation)": (
        "select unit_name as restaurant, product_name as product, on_hand as stock, order_pieces as"
        " pieces, order_value as value from gold.mrhealth_purchase_recommendation"
        " where order_pieces > 0 order by value desc nulls last, unit_id, product_id limit 5"
    ),
}
"""Titles and queries that `lakehouse demo` shows beside the headline of the domain."""


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Yield the files of the plan day by day, in the order of their arrival."""
    stock = Stock(plan) if plan.stock else None
    for day in days_of(plan):
        files = [file for shipment in _shipments(plan, day, stock) for file in files_of(shipment)]
        if stock is not None:
            files.append(stock.close(day))
        yield from sorted(files, key=lambda file: file.modified_at)


def reference(plan: Plan | LargePlan) -> Iterator[LandedFile]:
    """Yield the four reference tables of the headquarters as of the first day."""
    units = range(1, plan.units + 1)
    tables: dict[str, tuple[tuple[str, ...], Iterable[tuple[object, ...]]]] = {
        "Tabela_Produto": (
            ("Id_Produto", "Nome_Produto"),
            ((FIRST_PRODUCT + n, name) for n, (name, _) in enumerate(PRODUCTS)),
        ),
        "Tabela_Unidade": (
            ("Id_Unidade", "Nome_Unidade", "Id_Estado"),
            ((unit, f"Mr Health - {city_of(unit)} {unit:02d}", state_of(unit)) for unit in units),
        ),
        "Tabela_Estado": (("id_estado", "id_pais", "nome_estado"), STATES),
        "Tabela_Pais": (("Id_Pais", "Nome_Pais"), COUNTRIES),
    }
    at = moment(plan.first, 6)  # the same day in Brazil
    for name, (header, rows) in tables.items():
        text = csv_text([header, *rows], DIALECT_A.line_end)
        yield LandedFile(f"mrhealth/reference/{name}.csv", DIALECT_A.encode(text), at)


def expected(plan: Plan) -> Expected:
    """Return the outcomes of all deliveries of the plan on a correct platform."""
    total = Expected()
    for day in days_of(plan):
        shipments = list(_shipments(plan, day))
        for shipment in shipments:
            tally(total, shipment)
        total.repeated_ids += repeated_ids(shipments)
    total.days = dict(sorted(total.days.items()))
    return total


def large_deliveries(plan: LargePlan) -> Iterator[LandedFile]:
    """Yield the files of the large plan day by day, two for each unit."""
    from lakehouse.demo.mrhealth import large

    return large.deliveries(plan)


def large_expected(plan: LargePlan) -> Expected:
    """Return the outcomes of all deliveries of the large plan on a correct platform."""
    from lakehouse.demo.mrhealth import large

    return large.expected(plan)


def write(plan: Plan | LargePlan, root: Path) -> int:
    """Write reference tables and deliveries below a folder and return the number of files.

    Only for folders that nobody reads meanwhile, because incomplete files are visible.
    """
    files = deliveries(plan) if isinstance(plan, Plan) else large_deliveries(plan)
    count = 0
    folders: set[Path] = set()
    for file in chain(reference(plan), files):
        path = root / file.path
        if path.parent not in folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            folders.add(path.parent)
        path.write_bytes(file.data)
        at = int(file.modified_at.timestamp())
        os.utime(path, (at, at))
        count += 1
    return count


def _shipments(plan: Plan, day: dt.date, stock: Stock | None = None) -> Iterator[Shipment]:
    """Yield the shipments of all units on a day, with their planted errors.

    Their orders are taken out of the stock, if one is given.
    """
    for unit in range(1, plan.units + 1):
        shipment = draw(plan, day, unit, error_of(plan, day, unit))
        if stock is not None:
            stock.sell(shipment)
        plant(shipment)
        yield shipment

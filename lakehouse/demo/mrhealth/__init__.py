"""Invented deliveries of Mr. Health: the same plan always gives the same bytes.

Every unit-day is drawn from its own seed, so a longer plan begins with the files of the shorter
one and two plans agree on the days they share. PlantedError is dealt, not rolled: in every block of
unit-days each kind occurs exactly once, at most one kind per unit-day, so that what becomes of
a row never depends on two faults at once. `expected` says what a correct platform makes of it;
it knows the plan, not the platform. Inside, money is counted in cents.
"""

import csv
import datetime as dt
import os
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from pathlib import Path

from lakehouse.demo.files import LandedFile
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

__all__ = [
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

HIGHLIGHTS = {
    "Largest restaurants": (
        "select unit_name as restaurant, round(sum(revenue), 2) as revenue, sum(orders) as orders"
        " from gold.mrhealth_unit_day group by all order by revenue desc, restaurant"
    )
}
"""Titles and queries that `lakehouse demo` shows beside the headline of the domain."""


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Files of the plan, day by day, in the order in which they arrive for that day."""
    for day in days_of(plan):
        files = [file for shipment in _shipments(plan, day) for file in files_of(shipment)]
        yield from sorted(files, key=lambda file: file.modified_at)


def reference(plan: Plan | LargePlan) -> Iterator[LandedFile]:
    """The four reference tables of the headquarters, as they were on the first day."""
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
    at = dt.datetime.combine(plan.first, dt.time(6), dt.UTC)  # that day in Brazil, too
    for name, (header, rows) in tables.items():
        text = StringIO(newline="")
        csv.writer(text).writerows([header, *rows])
        yield LandedFile(f"mrhealth/reference/{name}.csv", DIALECT_A.encode(text.getvalue()), at)


def expected(plan: Plan) -> Expected:
    """What a correct platform ends with after all deliveries of the plan."""
    total = Expected()
    for day in days_of(plan):
        shipments = list(_shipments(plan, day))
        for shipment in shipments:
            tally(total, shipment)
        total.repeated_ids += repeated_ids(shipments)
    total.days = dict(sorted(total.days.items()))
    return total


def large_deliveries(plan: LargePlan) -> Iterator[LandedFile]:
    """Files of the large plan, day by day, an order file and an item file for each unit."""
    from lakehouse.demo.mrhealth import large

    return large.deliveries(plan)


def large_expected(plan: LargePlan) -> Expected:
    """What a correct platform ends with after all deliveries of the large plan."""
    from lakehouse.demo.mrhealth import large

    return large.expected(plan)


def write(plan: Plan | LargePlan, root: Path) -> int:
    """Put reference tables and deliveries below the root, with their times; gives the files.

    For folders that nobody watches: a file is seen while it grows.
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


def _shipments(plan: Plan, day: dt.date) -> Iterator[Shipment]:
    for unit in range(1, plan.units + 1):
        shipment = draw(plan, day, unit, error_of(plan, day, unit))
        plant(shipment)
        yield shipment

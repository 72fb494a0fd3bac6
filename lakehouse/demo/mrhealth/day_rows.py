"""Add up the shipments of a scenario by unit, channel and product, without files and tables.

For measuring alerts on many seeds: a few seconds for each seed instead of minutes. The same figures
come out of real deliveries, which a test compares.
"""

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import pyarrow as pa

from lakehouse.demo.mrhealth.business import (
    COUNTRIES,
    FIRST_PRODUCT,
    PRODUCT,
    PRODUCTS,
    QUANTITY,
    STATES,
    STATUS,
    city_of,
    state_of,
)
from lakehouse.demo.mrhealth.plan import amount, days_of
from lakehouse.demo.mrhealth.scenario import Scenario, shipments_of
from lakehouse.demo.mrhealth.shipments import Shipment

Rows = list[dict[str, Any]]
_STATES = {number: (name, country) for number, country, name in STATES}


def rows_of(scenario: Scenario) -> dict[str, Rows]:
    """Return the rows of the tables that alerts read, by the name of the table."""
    found: dict[str, Rows] = {
        name: []
        for name in ("unit_day", "unit_channel_day", "unit_product_day", "dim_product", "dim_unit")
    }
    for day in days_of(scenario.plan):
        found["dim_product"] += _menu(scenario, day)
        for shipment in shipments_of(scenario, day):
            _add(found, shipment)
    return found


def as_table(rows: Rows) -> pa.Table:
    """Return rows as an Arrow table; a column that some rows lack is null there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.Table.from_pylist([dict.fromkeys(names) | row for row in rows])


def _menu(scenario: Scenario, day: dt.date) -> Rows:
    retired = scenario.conditions.retired
    return [
        {"day": day, "product_id": number, "product_name": name}
        for number, (name, _) in enumerate(PRODUCTS, start=FIRST_PRODUCT)
        if day < retired.get(number, dt.date.max)
    ]


def _add(found: dict[str, Rows], shipment: Shipment) -> None:
    unit = shipment.unit
    state, country = _STATES[state_of(unit)]
    key = {"day": shipment.day, "unit_id": unit}
    named = {"unit_name": f"Mr Health - {city_of(unit)} {unit:02d}", "state_name": state}
    placed = {**key, **named, "country_name": dict(COUNTRIES)[country]}
    found["dim_unit"].append({**placed, "state_id": state_of(unit), "country_id": country})
    status: Counter[str] = Counter(order.fields[STATUS] for order in shipment.orders)
    finished = [o for o in shipment.orders if o.fields[STATUS] == "Finalizado"]
    found["unit_day"].append(
        {
            **placed,
            "orders": len(shipment.orders),
            "completed_orders": len(finished),
            "pending_orders": status["Pendente"],
            "cancelled_orders": status["Cancelado"],
            "revenue": amount(sum(order.cents for order in finished)),
            "delivery_fees": amount(sum(order.fee for order in finished)),
            "delivered": shipment.sent[0],
        }
    )
    channels = Counter("ONLINE" if order.fee else "PHYSICAL" for order in shipment.orders)
    found["unit_channel_day"] += [
        {**key, "order_type": name, "orders": count} for name, count in channels.items()
    ]
    sums: dict[int, Counter[str]] = {}
    for order in shipment.orders:
        is_finished = order.fields[STATUS] == "Finalizado"
        for product in {item.fields[PRODUCT] for item in order.items}:
            sums.setdefault(int(product), Counter())["orders"] += 1
        for item in order.items:
            one = sums[int(item.fields[PRODUCT])]
            one["lines"] += 1
            one["quantity"] += int(item.fields[QUANTITY])
            one["cents"] += item.cents
            one["completed"] += item.cents * is_finished
    found["unit_product_day"] += [
        {
            **key,
            "product_id": product,
            "orders": one["orders"],
            "lines": one["lines"],
            "quantity": one["quantity"],
            "line_revenue": amount(one["cents"]),
            "completed_line_revenue": amount(one["completed"]) or Decimal("0.00"),
        }
        for product, one in sums.items()
    ]

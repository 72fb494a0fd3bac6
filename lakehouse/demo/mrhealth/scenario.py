"""Some months of a chain with incidents, their labels, and harmless circumstances."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from lakehouse.demo.files import LandedFile
from lakehouse.demo.mrhealth.conditions import Conditions, conditions_of, with_more
from lakehouse.demo.mrhealth.incidents import FIRST, LATER, Incident, happen, incidents_of
from lakehouse.demo.mrhealth.plan import Plan, days_of
from lakehouse.demo.mrhealth.shipments import Shipment, draw, files_of
from lakehouse.demo.plans import require_between

QUIET_DAYS = 70
"""Days at the beginning without incidents, from which usual values can be learned."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What happens to a chain: its plan, its circumstances and its incidents."""

    plan: Plan
    conditions: Conditions
    incidents: tuple[Incident, ...]

    @property
    def first_incident_day(self) -> dt.date:
        """First day on which an incident can begin."""
        return self.plan.first + dt.timedelta(days=QUIET_DAYS)

    @property
    def last(self) -> dt.date:
        """Last day."""
        return days_of(self.plan)[-1]

    def units(self, day: dt.date) -> list[int]:
        """Return the units that exist on a day."""
        units = range(1, self.plan.units + 1)
        return [unit for unit in units if self.conditions.is_open(day, unit)]


def scenario_of(
    seed: int,
    *,
    first: dt.date,
    days: int = 160,
    units: int = 20,
    orders_per_unit: float = 60,
    rounds: int = 2,
    incidents: Sequence[Incident] | None = None,
    later: bool = False,
) -> Scenario:
    """Return the scenario of a seed; with zero rounds nothing is wrong on any day.

    Incidents hit units that exist all the time; `incidents` replaces those of the seed. With
    `later`, mechanisms and circumstances are those that were thought of after the first alerts.

    Raises:
        ValueError: there are too few days or units.
    """
    require_between("days", days, QUIET_DAYS + 40)
    require_between("units", units, 6)
    plan = Plan(
        units=units, first=first, days=days, seed=seed, orders_per_unit=orders_per_unit, errors=0
    )
    all_units = range(1, units + 1)
    begins, last = first + dt.timedelta(days=QUIET_DAYS), days_of(plan)[-1]
    conditions = conditions_of(seed, all_units, begins, last)
    if later:
        conditions = with_more(conditions, all_units, begins, last)
    lasting = [u for u in all_units if u not in {*conditions.opens, *conditions.closes}]
    if incidents is None:
        incidents = incidents_of(
            seed,
            lasting,
            begins,
            last,
            rounds,
            sold_out=tuple(conditions.retired),
            mechanisms=LATER if later else FIRST,
        )
    return Scenario(plan=plan, conditions=conditions, incidents=tuple(incidents))


def shipments_of(scenario: Scenario, day: dt.date) -> Iterator[Shipment]:
    """Yield the shipments of all units that exist on a day."""
    for unit in scenario.units(day):
        demand = scenario.conditions.demand(day, unit)
        shipment = draw(scenario.plan, day, unit, None, demand)
        scenario.conditions.apply(shipment)
        for incident in scenario.incidents:
            if incident.hits(day, unit):
                happen(incident, shipment)
        yield shipment


def deliveries(scenario: Scenario) -> Iterator[LandedFile]:
    """Yield the files of a scenario day by day, in the order of their arrival."""
    for day in days_of(scenario.plan):
        files = [file for each in shipments_of(scenario, day) for file in files_of(each)]
        yield from sorted(files, key=lambda file: file.modified_at)


def labels(scenario: Scenario) -> str:
    """Return the incidents as JSON lines; they belong beside the landing zone, not into it."""
    rows = (
        json.dumps(asdict(each), default=str, ensure_ascii=False) for each in scenario.incidents
    )
    return "".join(f"{row}\n" for row in rows)

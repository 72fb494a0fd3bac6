"""Units with their state and country, as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.silver.countries import countries as known_countries
from lakehouse.domains.mrhealth.silver.states import states as known_states
from lakehouse.domains.mrhealth.silver.units import units as known_units
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class DimUnit(TableModel, key=("day", "unit_id")):
    """One unit on one day."""

    day: dt.date = pa.Field(description="Day on which the row is valid")
    unit_id: int = pa.Field(description="Number of the unit")
    unit_name: str = pa.Field(description="Name of the unit")
    state_id: int = pa.Field(description="Number of the state in which the unit is located")
    state_name: str = pa.Field(
        nullable=True,
        description="Name of the state in which the unit is located; null when unknown",
    )
    country_id: str = pa.Field(
        nullable=True,
        description="Code of the country in which the unit is located; null when unknown",
    )
    country_name: str = pa.Field(
        nullable=True, description="Name of the country; null when unknown"
    )


@gold(contract=DimUnit, reads=[known_units, known_states, known_countries])
def dim_unit(units: ir.Table, states: ir.Table, countries: ir.Table) -> ir.Table:
    """Units with their state and country as of each day, also without orders or without a state."""
    placed = units.left_join(states, ["day", "state_id"])  # many units to one state of the day
    named = placed.left_join(countries, ["day", "country_id"])  # many to one country of the day
    return named.select(
        "day", "unit_id", "unit_name", "state_id", "state_name", "country_id", "country_name"
    )

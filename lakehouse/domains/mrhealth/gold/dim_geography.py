"""States with their country, as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.silver.countries import countries as known_countries
from lakehouse.domains.mrhealth.silver.states import states as known_states
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class DimGeography(TableModel, key=("day", "state_id")):
    """One state on one day."""

    day: dt.date = pa.Field(description="Day on which the row is valid")
    state_id: int = pa.Field(description="Number of the state")
    state_name: str = pa.Field(description="Name of the state")
    country_id: str = pa.Field(description="Code of the country, two letters")
    country_name: str = pa.Field(
        nullable=True, description="Name of the country; null when unknown"
    )


@gold(contract=DimGeography, reads=[known_states, known_countries])
def dim_geography(states: ir.Table, countries: ir.Table) -> ir.Table:
    """States with their country, as of each day."""
    named = states.left_join(countries, ["day", "country_id"])  # many states to one country
    return named.select("day", "state_id", "state_name", "country_id", "country_name")

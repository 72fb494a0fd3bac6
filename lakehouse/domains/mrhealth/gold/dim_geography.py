"""States with their country, as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.silver.countries import countries as known_countries
from lakehouse.domains.mrhealth.silver.states import states as known_states
from lakehouse.platform.tables.declare import gold


class DimGeography(pa.DataFrameModel):
    """One state as it was on one day."""

    day: dt.date = pa.Field(description="Day on which this was so")
    state_id: int = pa.Field(description="State number")
    state_name: str = pa.Field(description="State name")
    country_id: str = pa.Field(description="Country code, two letters")
    country_name: str = pa.Field(nullable=True, description="Country name; null when unknown")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "state_id"]


@gold(contract=DimGeography, reads=[known_states, known_countries])
def dim_geography(states: ir.Table, countries: ir.Table) -> ir.Table:
    """States and their country."""
    named = states.left_join(countries, ["day", "country_id"])  # many states to one country
    return named.select("day", "state_id", "state_name", "country_id", "country_name")

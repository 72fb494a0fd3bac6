"""Forecast what each restaurant will sell: the series, and the rows of the forecast tables.

`history` makes series of the sales by unit, day and product, `tables` the rows of the tables of
units and products, and `areas` those of states and the chain.
How series are forecast belongs to `lakehouse.platform.forecasting.panel`.
"""

from lakehouse.platform.forecasting.panel import MODULES as PANEL

MODULES = (
    *PANEL,
    "lakehouse.domains.mrhealth.demand.history",
    "lakehouse.domains.mrhealth.demand.tables",
    "lakehouse.domains.mrhealth.holidays",
)
"""Modules whose code is part of the definition of the forecast tables."""
KEEP_DAYS = 730
"""Days of history that are used."""

"""Forecasts: models are tried against moving averages, and the better of them is published.

A domain declares one in its module ``forecast``; what is learned from is a table of features like
any other. `declared` says what a forecast is, `examples` what is learned from, `models` by what,
`contest` who wins, `forecasting` reads, decides and stores, `report` tells people, `automation`
tells Dagster. Libraries of models are imported when a forecast is made, not before.
"""

HORIZON = 7
"""Days that are forecast when nobody says how many."""
LONGEST = 366
"""Days that may be forecast."""

"""Forecasts: models compete with moving averages, and the better one is published.

A domain declares a forecast in its module ``forecast``; the features are a table like any other.

- `declaration`: what a forecast is, and the tables it is stored in.
- `examples`: training, validation and test examples from the features.
- `models`: linear regression and XGBoost; their libraries are imported when a forecast is computed.
- `selection`: errors of models, and which model or average is published.
- `forecast`: read the features, compute the forecast, store it.
- `report`: the forecast as text, in the words that the domain declares.
- `replaced_methods`: a message when a method is replaced because its accuracy fell.

Dagster's asset of a forecast belongs to `lakehouse.platform.orchestration.forecasting`.
"""

HORIZON = 7
"""Default number of days to forecast."""
LONGEST = 366
"""Greatest number of days to forecast."""

"""The competing models, linear regression and XGBoost; the same data gives the same model."""

from collections.abc import Callable, Collection, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from lakehouse.platform.forecasting.declaration import ForecastError
from lakehouse.platform.forecasting.examples import Examples, Numbers

if TYPE_CHECKING:
    from xgboost import Booster

Predict = Callable[[Numbers], Numbers]
Learn = Callable[[Examples, Collection[str]], Predict]

ROUNDS = 100
PARAMETERS = {
    "objective": "reg:squarederror",
    "max_depth": 5,
    "eta": 0.2,
    "gamma": 4,
    "subsample": 0.8,
    "seed": 7,
    "nthread": 1,  # sums of several threads differ in their last digit
}


def require_libraries() -> None:
    """Check that the libraries of the models are installed.

    Raises:
        ForecastError: a library is missing; the message has the command to install it.
    """
    missing = [name for name in ("sklearn", "xgboost") if find_spec(name) is None]
    if missing:
        raise ForecastError(
            f"a forecast needs {' and '.join(missing)}, not installed here; hint:"
            " pip install 'lakehouse[forecast]'"
        )


def linear_regression(examples: Examples, categories: Collection[str]) -> Predict:
    """Fit least squares; a category gets one column per value, missing values the column's mean.

    A column without any value in the examples is left out.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    named = [n for n, name in enumerate(examples.columns) if name in categories]
    measured = [
        n
        for n, name in enumerate(examples.columns)
        if name not in categories and not np.isnan(examples.x[:, n]).all()
    ]
    fitted = make_pipeline(
        ColumnTransformer(
            [
                ("named", OneHotEncoder(handle_unknown="ignore", sparse_output=False), named),
                ("measured", make_pipeline(SimpleImputer(), StandardScaler()), measured),
            ]
        ),
        LinearRegression(),
    ).fit(examples.x, examples.y)
    return lambda x: np.asarray(fitted.predict(x), np.float64)


def xgboost(examples: Examples, _: Collection[str]) -> Predict:
    """Fit boosted trees, which handle missing values."""
    from xgboost import DMatrix

    trees: Booster = boosted(examples)
    return lambda x: np.asarray(trees.predict(DMatrix(x)), np.float64)


def boosted(examples: Examples) -> "Booster":
    """Return the trees trained on the examples."""
    from xgboost import DMatrix, train

    return train(PARAMETERS, DMatrix(examples.x, label=examples.y), num_boost_round=ROUNDS)


CANDIDATES: Mapping[str, Learn] = {
    "linear_regression": linear_regression,
    "xgboost": xgboost,
}

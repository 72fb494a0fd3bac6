"""The page of the forecast measures stored forecasts against what came, without a browser."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.forecast_words import MODELS
from lakehouse.dashboard.pages import tables
from lakehouse.dashboard.pages.previsao import ACCURACY, DAYS, QUALITY
from lakehouse.dashboard.pages.previsao import LEVELS as NAMED
from lakehouse.dashboard.snapshots import Snapshots
from lakehouse.domains.mrhealth.demand.tables import LEVELS
from lakehouse.domains.mrhealth.gold.area_forecast import area_forecast
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit
from lakehouse.domains.mrhealth.gold.forecast_accuracy import forecast_accuracy
from lakehouse.domains.mrhealth.gold.unit_forecast import unit_forecast
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.forecasting.panel.methods import BASELINES
from lakehouse.platform.forecasting.panel.methods import MODELS as METHODS
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings

DAY = dt.date(2026, 3, 20)


def compared(unit: int, expected: int, actual: int, *, inside: bool) -> dict[str, Any]:
    return {
        "target_day": DAY,
        "unit_id": unit,
        "measure": "revenue",
        "step": 1,
        "promised_day": DAY - dt.timedelta(days=1),
        "expected": Decimal(expected),
        "q05": Decimal(expected - 10),
        "q95": Decimal(expected + 10),
        "actual": Decimal(actual),
        "error": Decimal(actual - expected),
        "is_inside": inside,
        "model": "ma_7",
    }


def test_errors_are_shares_of_what_came_and_one_unit_has_its_interval(tmp_path: Path):
    lake = Lake(str(tmp_path))
    schema = arrow_schema(forecast_accuracy.contract.schema)
    schema = schema.remove(schema.get_field_index("day"))
    rows = [compared(1, 100, 105, inside=True), compared(2, 100, 95, inside=False)]
    rows = [dict.fromkeys(schema.names) | row for row in rows]
    table = pa.Table.from_pylist(rows, schema=schema)
    lake.table(forecast_accuracy.id).write({DAY: table}, schema=schema, note={"by": "test"})
    settings = replace(Settings(root=str(tmp_path)), threads=1)
    snapshot = Snapshots(lake, settings, names=tables()).current()

    everything, one = Selection(), Selection(values={"unidade": (2,)})
    (quality,) = snapshot.rows(everything.sql(QUALITY))
    assert (quality["comparacoes"], quality["dentro"], quality["vies"]) == (2, 0.5, 0)
    assert quality["erro"] == 0.05
    (both,) = snapshot.rows(everything.sql(ACCURACY))
    assert (both["veio"], both["previsto"], both["minimo"]) == (200, 200, None)
    (single,) = snapshot.rows(one.sql(ACCURACY))
    assert (single["veio"], single["minimo"], single["maximo"]) == (95, 90, 110)


def test_every_level_and_method_has_words():
    assert set(NAMED) == set(LEVELS)
    assert set(MODELS) == {*BASELINES, *METHODS}


UNITS = {1: "Paraná", 2: "Paraná", 3: "Bahia"}


def band(low: int) -> dict[str, Any]:
    """Revenue of a day with an interval that begins with a number."""
    values = {name: Decimal(low + n) for n, name in enumerate(("q05", "q25", "q50", "q75", "q95"))}
    later = {"target_day": DAY + dt.timedelta(days=1), "measure": "revenue"}
    return {**later, "expected": Decimal(100), "model": "ma_7", **values}


def test_the_chart_has_the_interval_of_the_chain_of_a_state_or_of_a_unit(tmp_path: Path):
    lake = Lake(str(tmp_path))
    areas = [("chain", None, 3, 50), ("state", "Paraná", 2, 40), ("state", "Bahia", 1, 30)]
    for table, rows in (
        (dim_unit, [{"unit_id": unit, "state_name": state} for unit, state in UNITS.items()]),
        (unit_forecast, [{"unit_id": unit, **band(unit)} for unit in UNITS]),
        (
            area_forecast,
            [
                {"level": level, "state_name": state, "units": units, **band(low)}
                for level, state, units, low in areas
            ],
        ),
    ):
        schema = arrow_schema(table.contract.schema)
        schema = schema.remove(schema.get_field_index("day"))
        given = pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in rows], schema)
        lake.table(table.id).write({DAY: given}, schema=schema, note={"by": "test"})
    settings = replace(Settings(root=str(tmp_path)), threads=1)
    snapshot = Snapshots(lake, settings, names=tables()).current()

    def shown(**values: tuple[Any, ...]) -> tuple[int, int | None, int | None]:
        selected = Selection(values=values, last=DAY)  # type: ignore[arg-type]  # names of filters
        (row,) = snapshot.rows(selected.sql(DAYS))
        return row["esperado"], row["minimo"], row["maximo"]

    assert shown() == (300, 50, 54)
    assert shown(uf=("Paraná",)) == (200, 40, 44)
    assert shown(unidade=(1, 2)) == (200, 40, 44)
    assert shown(unidade=(2,)) == (100, 2, 6)
    assert shown(uf=("Bahia",)) == (100, 3, 7)
    assert shown(unidade=(1, 3)) == (200, None, None)

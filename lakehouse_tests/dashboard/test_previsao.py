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
from lakehouse.dashboard.pages.previsao import ACCURACY, QUALITY
from lakehouse.dashboard.pages.previsao import LEVELS as NAMED
from lakehouse.dashboard.snapshots import Snapshots
from lakehouse.domains.mrhealth.demand.tables import LEVELS
from lakehouse.domains.mrhealth.gold.forecast_accuracy import forecast_accuracy
from lakehouse.platform.engines.session import arrow_schema
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


def test_every_level_and_baseline_has_words():
    assert set(NAMED) == set(LEVELS)
    assert {"seasonal_naive", "ma_7", "ma_14", "ma_30", "decomposition"} <= set(MODELS)

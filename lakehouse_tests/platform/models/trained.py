"""A small model for tests."""

import datetime as dt
from typing import Any

from lakehouse.platform.models.artefact import Form, TrainedModel, TrainingTable
from lakehouse.platform.models.store import register
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.ops_tables import ModelVersion

TODAY = dt.date(2026, 3, 20)
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
BOOK = TrainingTable(table="gold.cards_book_fatura", version=3, days=2, rows=10, digest="ab12")


def trained(content: bytes = b'{"bias": 0.5}', **values: Any) -> TrainedModel:
    given = {
        "name": "default_risk",
        "form": Form.JSON,
        "seed": 7,
        "code": "lakehouse 1 abc",
        "parameters": {"depth": 3},
        "metrics": {"test_brier": 0.18},
        "data": (BOOK,),
        **values,
    }
    return TrainedModel(content=content, **given)


def registered(lake: Lake, content: bytes, after: int = 0, **values: Any) -> ModelVersion:
    moment = NOW + dt.timedelta(minutes=after)
    model = trained(content, **values)
    return register(lake, "cards", model, run_id=None, now=moment, today=TODAY)

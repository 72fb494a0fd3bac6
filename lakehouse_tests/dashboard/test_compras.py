"""The page of purchases shows the recommended orders and their sums, without a browser."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.pages import tables
from lakehouse.dashboard.pages.compras import ORDERS, PAGE, SUMS, TERMS
from lakehouse.dashboard.snapshots import Snapshots
from lakehouse.domains.mrhealth.gold.purchase_recommendation import purchase_recommendation
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings

DAY = dt.date(2026, 3, 20)
KNOWN = {"unit_name": "Loja", "stock_known": True, "abc_class": "A", "xyz_class": "X"}


def line(unit: int, product: int, pieces: int, value: str | None) -> dict[str, Any]:
    return KNOWN | {
        "unit_id": unit,
        "product_id": product,
        "product_name": f"Produto {product}",
        "order_pieces": pieces,
        "order_value": Decimal(value) if value else None,
        "explanation": "demanda 10 + segurança 2",
    }


def test_the_list_has_what_is_to_be_ordered_and_the_terms_have_everything(tmp_path: Path):
    lake = Lake(str(tmp_path))
    schema = arrow_schema(purchase_recommendation.contract.schema)
    schema = schema.remove(schema.get_field_index("day"))
    rows = [line(1, 1, 12, "30.00"), line(1, 2, 0, None), line(2, 1, 6, "15.00")]
    given = [dict.fromkeys(schema.names) | row for row in rows]
    table = pa.Table.from_pylist(given, schema=schema)
    lake.table(purchase_recommendation.id).write({DAY: table}, schema=schema, note={"by": "test"})
    settings = replace(Settings(root=str(tmp_path)), threads=1)
    snapshot = Snapshots(lake, settings, names=tables()).current()

    everything, one = Selection(), Selection(values={"unidade": (1,)})
    (sums,) = snapshot.rows(everything.sql(SUMS))
    assert (sums["valor"], sums["pecas"], sums["linhas"]) == (Decimal("45.00"), 18, 2)
    listed = snapshot.rows(one.sql(ORDERS))
    assert [(row["product_id"], row["order_pieces"]) for row in listed] == [(1, 12)]
    assert listed[0]["explanation"] == "demanda 10 + segurança 2"
    assert len(snapshot.rows(one.sql(TERMS))) == 2
    assert PAGE.path == "/compras"

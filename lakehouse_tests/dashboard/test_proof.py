"""A figure can be computed again from its proof alone, by a reader that knows no SQL."""

import datetime as dt
import json
import random
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lakehouse.dashboard.declare import Measure
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.pages import measures
from lakehouse.dashboard.proof import proof, proof_csv
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.settings import Settings
from lakehouse_tests.dashboard.conftest import FIRST, LAST

FIGURES = 1_000


def recomputed(found: dict[str, Any], root: Path, read: dict[str, list[dict[str, Any]]]) -> Any:
    """Compute a figure from the Parquet files that its proof names."""
    rows = []
    for file in found["files"]:
        if file["path"] not in read:
            table = pq.ParquetFile(root / file["path"]).read().to_pylist()
            assert len(table) == file["rows"]
            read[file["path"]] = [row | {"day": file["day"]} for row in table]
        rows += read[file["path"]]
    kept = [row for row in rows if all(holds(condition, row) for condition in found["conditions"])]
    assert len(kept) == found["rows"]
    if not kept:
        return None
    upper = term(found["formula"]["numerator"], kept)
    if found["formula"]["denominator"] is None:
        return upper
    lower = term(found["formula"]["denominator"], kept)
    return upper / lower if lower else None


def holds(condition: dict[str, Any], row: dict[str, Any]) -> bool:
    value = row[condition["column"]]
    if "in" in condition:
        return value in condition["in"]
    return bool(condition["from"] <= value <= condition["to"])


def term(part: dict[str, Any], rows: list[dict[str, Any]]) -> Decimal:
    match part["operation"]:
        case "sum":
            return sum((Decimal(str(row[part["column"]])) for row in rows), Decimal(0))
        case "count rows":
            return Decimal(len(rows))
        case "count rows with value":
            return Decimal(sum(row[part["column"]] == part["value"] for row in rows))
    raise AssertionError(part)


def same(one: Decimal | None, other: str | None) -> bool:
    if one is None or other is None:
        return one is None and other is None
    places = Decimal("1e-18")
    return one.quantize(places, ROUND_HALF_EVEN) == Decimal(other).quantize(places, ROUND_HALF_EVEN)


def chosen(luck: random.Random, measure: Measure, snapshot: Snapshot) -> Selection:
    """Draw a selection: a period, and some values of the filters."""
    table = measure.source.table
    (bounds,) = snapshot.rows(f"SELECT min(day) AS oldest, max(day) AS newest FROM {table}")
    oldest, days = bounds["oldest"], (bounds["newest"] - bounds["oldest"]).days + 1
    first = oldest + dt.timedelta(days=luck.randrange(days))
    last = min(bounds["newest"], first + dt.timedelta(days=luck.choice([0, 0, 1, 6, days])))
    values: dict[Any, tuple[Any, ...]] = {}
    if luck.random() < 0.2:
        values["regiao"] = tuple(luck.sample(["Norte", "Sul", "Leste", "Oeste"], 2))
    if luck.random() < 0.4:
        values["unidade"] = tuple(luck.sample(range(1, 7), luck.randint(1, 3)))
    if luck.random() < 0.3:
        values["uf"] = (luck.choice(["Rio Grande do Sul", "Santa Catarina", "Paraná"]),)
    return Selection(first=first, last=last, values=values)


def test_random_figures_are_equal_to_those_recomputed_from_their_proofs(
    snapshot: Snapshot, company: Settings
):
    luck = random.Random(20)
    read: dict[str, list[dict[str, Any]]] = {}
    with_rows = 0
    for _ in range(FIGURES):
        measure = luck.choice(list(measures().values()))
        selection = chosen(luck, measure, snapshot)
        found = json.loads(json.dumps(proof(measure, selection, snapshot, gaps=False)))
        value = recomputed(found, Path(company.root), read)
        assert same(value, found["value"]), (measure.id, selection, found, value)
        with_rows += bool(found["rows"])
    assert with_rows > FIGURES // 3


def test_a_proof_counts_rejected_orders_and_missing_deliveries_with_their_value(snapshot: Snapshot):
    revenue = measures()["receita"]
    found = proof(revenue, Selection(first=FIRST, last=LAST), snapshot)
    rejected = snapshot.rows(
        "SELECT reasons[1] AS reason, count(*) AS rows FROM ops.quarantine WHERE layer = 'silver'"
        " AND \"table\" = 'orders' GROUP BY ALL ORDER BY ALL"
    )
    gaps = found["not_included"]
    shown = {g["reason"]: g["rows"] for g in gaps if g["kind"] == "quarantine"}
    assert shown == {row["reason"]: row["rows"] for row in rejected} != {}
    ((missing,),) = (
        row.values()
        for row in snapshot.rows(
            "SELECT count(*) FILTER (NOT delivered) FROM gold.mrhealth_unit_day"
        )
    )
    assert [g["rows"] for g in gaps if g["kind"] == "missing"] == [missing] != [0]
    assert all(g["would_add"] is not None for g in gaps if g["kind"] == "quarantine")
    assert any(Decimal(g["would_add"] or 0) > 0 for g in gaps)


@pytest.mark.parametrize("figure", ["receita", "ticket"])
def test_a_proof_can_be_downloaded_as_json_and_csv(client: Any, figure: str):
    address = f"/prova/{figure}?de={LAST}&ate={LAST}&uf=SC"
    found = client.get(address).get_json()
    assert found["conditions"][1] == {"column": "state_name", "in": ["Santa Catarina"]}
    text = client.get(f"{address}&formato=csv").get_data(as_text=True)
    assert text == proof_csv(found)
    assert f"value,,{found['value']}" in text.splitlines()
    assert client.get("/prova/lucro").status_code == 404
    assert client.get(f"/prova/{figure}?uf=XX").status_code == 400

"""Every chart and table can be computed again from the files and the SQL of its proof alone."""

import datetime as dt
import json
import math
import random
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from lakehouse.dashboard import callbacks, filters
from lakehouse.dashboard.declare import Page
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.pages import PAGES
from lakehouse.dashboard.proof import proof_csv
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.view_proof import column_of, plain, provable, view_proof
from lakehouse.settings import Settings
from lakehouse_tests.dashboard.company import CLIENT
from lakehouse_tests.dashboard.conftest import FIRST, LAST

TABLE = "gold.cards_clients"
FACT = "gold.sales_fact_sales"
VIEWS = 60
VIEWS_OF_PAGES = sorted((path, view) for path, page in PAGES.items() for view in provable(page))


def recomputed(found: dict[str, Any], root: Path) -> list[list[Any]]:
    """Run the SQL of a proof on the Parquet files that it names, in an empty database."""
    files: dict[str, list[str]] = {}
    for file in found["files"]:
        assert (root / file["path"]).stat().st_size == file["bytes"]
        files.setdefault(file["stored_as"], []).append(str(root / file["path"]))
    parts: dict[str, list[str]] = {}
    for table in found["tables"]:
        if paths := files.get(table["stored_as"]):
            read = f"read_parquet({paths!r}, hive_partitioning = true, union_by_name = true)"
            more = "*"
            if table["table"].startswith("ops."):
                constants = {"domain": "domain", "layer": "layer", "table": "dataset"}
                own = {
                    name for (name, *_) in duckdb.sql(f"DESCRIBE SELECT * FROM {read}").fetchall()
                }
                for column, key in constants.items():
                    if column not in own:
                        more += f", '{table[key]}' AS \"{column}\""
            parts.setdefault(table["table"], []).append(f"SELECT {more} FROM {read}")
    with duckdb.connect() as database:
        for table in found["given"]:
            create(database, table)
        for name, selects in parts.items():
            database.execute(f"CREATE SCHEMA IF NOT EXISTS {name.partition('.')[0]}")
            database.execute(f"CREATE VIEW {name} AS {' UNION ALL BY NAME '.join(selects)}")
        return [[plain(v) for v in row] for row in database.sql(found["sql"]).fetchall()]


def create(database: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> None:
    """Create a table whose rows are in the proof itself."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in table["columns"].items())
    schema, dot, _ = table["table"].partition(".")
    if dot:
        database.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    database.execute(f"CREATE TABLE {table['table']} ({columns})")
    values = [
        [None if v is None else str(v) for v in column]
        for column in zip(*table["rows"], strict=True)
    ]
    if values:
        texts = pa.table(dict(zip(table["columns"], values, strict=True)))
        database.from_arrow(texts).insert_into(table["table"])


def seen(page: Page, search: str, snapshot: Snapshot) -> Selection:
    """What an address selects for a person who sees personal columns."""
    bounds = callbacks.bounds_of(page, snapshot)
    return filters.read(page, search, snapshot, bounds, sees_personal=True)


def chosen(luck: random.Random, page: Page, snapshot: Snapshot) -> Selection:
    """Draw a selection that a page could show."""
    plain_page = seen(page, f"?cliente={CLIENT}&nome={TABLE}", snapshot)
    oldest, newest = plain_page.oldest, plain_page.newest
    assert oldest
    assert newest
    first = oldest + dt.timedelta(days=luck.randrange((newest - oldest).days + 1))
    last = min(newest, first + dt.timedelta(days=luck.choice([0, 6, 400])))
    search = f"?de={first}&ate={last}&cliente={CLIENT}&nome={TABLE}"
    for name in page.filters:
        known = filters.choices(page, name, snapshot)
        if known and luck.random() < 0.3:
            value, _ = luck.choice(known)
            search += f"&{name}={filters.written_value(name, value)}"
    found = seen(page, search, snapshot)
    assert not found.problems
    return found


def same(one: Any, other: Any) -> bool:
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-9)
    except (TypeError, ValueError):
        return bool(one == other)


def test_random_views_are_equal_to_those_recomputed_from_their_proofs(
    snapshot: Snapshot, company: Settings
):
    luck = random.Random(21)
    with_rows = 0
    for path, name in [*VIEWS_OF_PAGES, *(luck.choice(VIEWS_OF_PAGES) for _ in range(VIEWS))]:
        page = PAGES[path]
        view = provable(page)[name]
        found = view_proof(page, view, chosen(luck, page, snapshot), snapshot)
        found = json.loads(json.dumps(found))
        rows = recomputed(found, Path(company.root))
        assert len(rows) == found["rows"], (path, name)
        shown = sorted(found["result"], key=str)
        for row, expected in zip(sorted(rows, key=str), shown, strict=len(rows) <= 2_000):
            assert all(map(same, row, expected)), (path, name, row, expected)
        with_rows += bool(rows)
    assert with_rows > len(VIEWS_OF_PAGES) // 2


def test_a_changed_file_changes_the_answer(snapshot: Snapshot, company: Settings):
    page = PAGES["/vendas"]
    selection = callbacks.selection_of(page, "", snapshot)
    found = view_proof(page, provable(page)["produtos"], selection, snapshot)
    day = max(f["day"] for f in found["files"] if f["stored_as"] == FACT and f["rows"])
    kept = [f for f in found["files"] if f["stored_as"] != FACT or f["day"] != day]
    assert recomputed(found, Path(company.root)) == found["result"]
    assert recomputed(found | {"files": kept}, Path(company.root)) != found["result"]


def test_what_is_not_in_a_table_is_counted(snapshot: Snapshot):
    page = PAGES["/executivo"]
    selection = callbacks.selection_of(page, f"?de={FIRST}&ate={LAST}", snapshot)
    found = view_proof(page, provable(page)["dias"], selection, snapshot)
    gaps = {(gap["kind"], gap["reason"]): gap["rows"] for gap in found["not_included"]}
    rejected = snapshot.rows(
        "SELECT reasons[1] AS reason, count(*) AS rows FROM ops.quarantine"
        " WHERE domain = 'mrhealth' GROUP BY ALL"
    )
    quarantined = {reason: rows for (kind, reason), rows in gaps.items() if kind == "quarantine"}
    assert quarantined == {row["reason"]: row["rows"] for row in rejected} != {}
    ((missing,),) = (
        row.values()
        for row in snapshot.rows(
            "SELECT count(*) FILTER (NOT delivered) FROM gold.mrhealth_unit_day"
        )
    )
    assert gaps["missing", "no_delivery"] == missing > 0


@pytest.mark.parametrize(
    ("figure", "status"),
    [
        ("vendas.por-mes", 200),
        ("vendas.destaques.mes", 200),
        ("vendas.destaques.lucro", 404),
        ("vendas.lucro", 404),
        ("lucro.por-mes", 404),
        ("vendas.resumo", 404),
        ("vendas.por-mes?regiao=X", 400),
        ("cliente.faturas", 400),
    ],
)
def test_a_proof_of_a_view_can_be_downloaded(client: Any, figure: str, status: int):
    answer = client.get(f"/prova/{figure}")
    assert answer.status_code == status
    if status == 200:
        found = answer.get_json()
        joined = "&" if "?" in figure else "?"
        text = client.get(f"/prova/{figure}{joined}formato=csv").get_data(as_text=True)
        assert text == proof_csv(found)
        assert f"figure,,{figure}" in text.splitlines()


def test_a_figure_of_totals_has_its_value(snapshot: Snapshot):
    page = PAGES["/cartoes"]
    view = provable(page)["resumo"]
    selection = callbacks.selection_of(page, "", snapshot)
    found = view_proof(page, view, selection, snapshot, column_of(view, "vlr_aberto"))
    (kpis,) = snapshot.rows("SELECT vlr_aberto FROM gold.cards_kpis")
    assert found["value"] == str(kpis["vlr_aberto"])

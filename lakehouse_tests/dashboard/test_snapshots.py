"""A page shows one publication, follows the next one, and survives damage and an empty lake."""

import datetime as dt
import json
import shutil
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lakehouse.dashboard.pages import HELD, PAGES, tables
from lakehouse.dashboard.server import flask_app
from lakehouse.dashboard.snapshots import DataError, Snapshots
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish, publish_again, read_published
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings
from lakehouse_tests import lakes
from lakehouse_tests.dashboard.conftest import LAST

REVENUE = "SELECT sum(revenue) AS revenue FROM gold.mrhealth_unit_day"


@pytest.fixture
def copied(shop: Settings, tmp_path: Path) -> Settings:
    """A copy of the lake that a test may change."""
    shutil.copytree(shop.root, tmp_path / "lake")
    shutil.copytree(shop.landing, tmp_path / "landing")
    return replace(shop, root=str(tmp_path / "lake"), landing=str(tmp_path / "landing"))


def content(
    settings: Settings, path: str, search: str = "", today: dt.date = LAST + dt.timedelta(days=1)
) -> str:
    """Return what the callback of a page answers, as text."""
    return answered(flask_app(settings, lambda: today).test_client(), path, search)


def answered(client: Any, path: str, search: str = "") -> str:
    outputs = [
        ("cabecalho", "children"),
        ("conteudo-recebido", "data"),
        ("idiomas", "children"),
        ("versao", "data"),
        ("aviso-versao", "children"),
    ]
    body = {
        "output": ".." + "...".join(f"{name}.{prop}" for name, prop in outputs) + "..",
        "outputs": [{"id": name, "property": prop} for name, prop in outputs],
        "inputs": [
            {"id": "url", "property": "pathname", "value": path},
            {"id": "url", "property": "search", "value": search},
        ],
        "changedPropIds": ["url.pathname"],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200
    return json.dumps(answer.get_json(), ensure_ascii=False)


def test_a_snapshot_keeps_its_versions_until_others_are_published(copied: Settings):
    lake = Lake(copied.root)
    now = [0.0]
    snapshots = Snapshots(lake, copied, names=tables(), held=HELD, clock=lambda: now[0])
    first = snapshots.current()
    ((before,),) = (row.values() for row in first.rows(REVENUE))
    orders = next(Path(copied.landing).rglob(f"{LAST}/**/PEDIDO.csv"))
    orders.write_bytes(b"\n".join(orders.read_bytes().splitlines()[:2]) + b"\n")
    lakes.build([LAST], copied)
    now[0] = 10.0
    assert snapshots.current() is first, "a run that is not published is not shown"
    publish(lake, "mrhealth")
    now[0] = 20.0
    second = snapshots.current()
    ((after,),) = (row.values() for row in second.rows(REVENUE))
    assert after < before
    ((kept,),) = (row.values() for row in first.rows(REVENUE))
    assert kept == before, "a page in the middle of its queries keeps its snapshot"
    publish_again(lake, "mrhealth", 1, note={})
    now[0] = 30.0
    ((again,),) = (row.values() for row in snapshots.current().rows(REVENUE))
    assert again == before


def test_publications_have_the_duration_of_their_run(copied: Settings):
    publish_again(Lake(copied.root), "mrhealth", 1, note={"run_id": "r", "seconds": "12.5"})
    snapshots = Snapshots(Lake(copied.root), copied, names=tables(), held=HELD)
    rows = snapshots.current().rows("SELECT number, run_id, seconds FROM publications ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [(1, None, None), (2, "r", 12.5)]


def test_a_damaged_table_takes_only_its_own_views_down(copied: Settings):
    published = read_published(Lake(copied.root), "mrhealth")
    assert published is not None
    damaged = TableId.from_name("gold.mrhealth_unit_channel_day")
    shutil.rmtree(Path(copied.root) / damaged.path / "_delta_log")
    snapshots = Snapshots(Lake(copied.root), copied, names=tables(), held=HELD)
    with pytest.raises(DataError, match="unit_channel_day"):
        snapshots.current().rows(f"FROM {damaged.name}")
    shown = content(copied, "/executivo")
    assert "erro-receita-por-canal" in shown
    assert shown.count('"erro-') == 1
    assert f"A tabela {damaged.name} est" in shown
    assert "valor-receita" in shown


def test_an_empty_lake_says_that_there_is_no_data(tmp_path: Path):
    settings = Settings(root=str(tmp_path / "lake"), landing=str(tmp_path), threads=1)
    client = flask_app(settings, lambda: LAST).test_client()
    for path, page in PAGES.items():
        state = "filtro-desconhecido" if page.needs else "sem-dados"
        shown = answered(client, path)
        assert f'"{state}"' in shown, path
        assert ("Falta um filtro" in shown) == bool(page.needs), path
        assert '"erro-' not in shown, path


def test_pages_of_domains_that_are_not_loaded_say_so_beside_those_that_are(shop: Settings):
    client = flask_app(shop, lambda: LAST).test_client()
    shown = {path: answered(client, path) for path in PAGES}
    empty = {path for path, text in shown.items() if '"sem-dados"' in text}
    assert empty == {"/vendas", "/bicicletas", "/cartoes", "/pessoas"}
    assert [path for path, text in shown.items() if '"erro-' in text] == []


def test_old_data_is_marked_as_late(shop: Settings):
    assert "desatualizado" not in content(shop, "/executivo")
    assert "3 dias em atraso" in content(shop, "/executivo", today=LAST + dt.timedelta(days=4))


def test_text_of_the_data_stays_text(shop: Settings):
    shown = content(shop, "/executivo", "?uf=<script>alert(1)</script>")
    assert "filtro-desconhecido" in shown
    assert "Falta um filtro" not in shown
    assert "dangerously" not in shown


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"Host": "evil.example"}, 403), ({"Origin": "http://evil.example"}, 403)],
)
def test_the_guard_is_in_front_of_every_address(served: str, headers: dict[str, str], status: int):
    for path in ("/executivo", "/prova/receita", "/exportar/unidades.csv"):
        request = urllib.request.Request(f"{served}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found: Any = answer.status
        except urllib.error.HTTPError as error:
            found = error.code
        assert found == status

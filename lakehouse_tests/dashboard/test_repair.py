"""An operator corrects a rejected row in a browser: the figure moves, and moves back."""

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect

from lakehouse.cli import main
from lakehouse.dashboard import repair as repair_page
from lakehouse.dashboard import repair_view, snapshots
from lakehouse.dashboard.repair import mark_of
from lakehouse.dashboard.snapshots import Snapshots
from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.local_runtime.service_state import serving as serving_home
from lakehouse.platform.quarantine.correct_row import Author, Wish, correct
from lakehouse.platform.quarantine.listing import Rejection, RejectionKind, list_rejections
from lakehouse.platform.quarantine.selection import Selection
from lakehouse.platform.quarantine.trail import Correction, read_trail
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.ops_tables import CorrectionEvent, CorrectionStep
from lakehouse.platform.web.sessions import Sessions
from lakehouse.settings import Settings
from lakehouse_tests.dashboard.requests import JSON, answer_of, content_of, part_of
from lakehouse_tests.dashboard.test_pages import chromium  # noqa: F401  a fixture
from lakehouse_tests.dashboard.test_session import (
    accounts,  # noqa: F401  a fixture
    cookie_of,
    logged_in,
    serving,
)
from lakehouse_tests.platform.web.client import Answer, ask

WAIT = 240_000


@dg.op
def fails() -> None:
    raise OSError("no space left")


@dg.job
def mrhealth_arrivals() -> None:
    fails()


@pytest.fixture
def copied(shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A lake that a test may change, with a Dagster home of its own."""
    shutil.copytree(shop.root, tmp_path / "lake")
    shutil.copytree(shop.landing, tmp_path / "landing")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return replace(
        shop, root=str(tmp_path / "lake"), landing=str(tmp_path / "landing"), silence_days=0
    )


def rejected(settings: Settings, reason: str) -> Rejection:
    """Return a rejected finished order of a known amount."""
    rows = list_rejections(
        Lake(settings.root), Selection(domain="mrhealth", table="orders", reason=reason)
    )
    return next(
        row
        for row in rows
        if row.kind is RejectionKind.ROW and row.columns["Status"] == "Finalizado"
    )


def address(row: Rejection) -> str:
    mark = mark_of(row.file, row.digest)
    return f"{row.domain}/{row.table}/{row.day}/{row.line}/{mark}"


def trail(settings: Settings) -> list[Correction]:
    return read_trail(Lake(settings.root), "mrhealth")


def opened(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("#cabecalho h1")).to_be_visible()


def reconciled(settings: Settings) -> None:
    env = repair_page.variables(settings)
    done = CliRunner().invoke(main, ["reconcile", "--domain", "mrhealth"], env=dict(env))
    assert done.exit_code == 0, done.output


def test_a_corrected_row_moves_the_figure_and_undo_moves_it_back(
    copied: Settings,
    chromium: Browser,  # noqa: F811
):
    row = rejected(copied, "bad_date")
    right = str(row.delivery_day)
    with serving(copied) as port:
        page = chromium.new_page(base_url=f"http://127.0.0.1:{port}", locale="pt-BR")
        page.set_default_timeout(WAIT)
        expect.set_options(timeout=WAIT)
        opened(page, "/reparo?busca=bad_date")
        expect(page.locator("#tabela-dinheiro")).to_contain_text("data inválida")
        opened(page, f"/linha?busca={address(row)}")
        expect(page.locator("#fatos")).to_contain_text(row.file)
        expect(page.locator("#confirmar")).to_be_disabled()
        field = page.get_by_label("Data_Pedido")
        field.fill("31/02/2026")
        field.blur()
        expect(page.locator("#rejeitada")).to_contain_text(
            "data inválida – Data_Pedido: encontrado"
        )
        field.fill(right)
        field.blur()
        expect(page.locator("#aceita")).to_be_visible()
        page.click("#prever")
        after = page.locator(f"#depois-receita-{right}")
        expect(after).to_be_visible()
        foreseen = after.inner_text()
        assert not trail(copied), "a preview writes nothing"
        page.fill("#motivo", "data <b>errada</b> na unidade")
        page.click("#confirmar")
        estado = page.locator("#estado")
        expect(estado).to_have_attribute("data-passo", "loaded")
        expect(page.locator(f"#agora-receita-{right}")).to_have_text(foreseen)
        (done,) = trail(copied)
        assert (done.request.person, done.request.role) == ("local", "operador")
        assert done.request.reason == "data <b>errada</b> na unidade"
        reconciled(copied)

        opened(page, "/reparo")
        expect(page.locator("#trilha")).to_contain_text("data <b>errada</b> na unidade")
        page.locator("#trilha [data-correcao] button").first.click()
        expect(page.locator("#negado")).to_contain_text("motivo")
        page.fill("#motivo-desfazer", "era outra")
        page.locator("#trilha [data-correcao] button").first.click()
        expect(page.locator("#estado")).to_have_attribute("data-passo", "loaded")
        expect(page.locator("#estado")).to_have_attribute("data-publicado", "sim")
        opened(page, f"/executivo?de={right}&ate={right}")
        expect(page.locator("#valor-receita")).not_to_have_text(foreseen)
        assert rejected(copied, "bad_date").columns["Data_Pedido"] == row.columns["Data_Pedido"]
        assert [each.request.kind for each in trail(copied)] == ["undo", "correction"]
        reconciled(copied)
        page.close()


def followed(port: int, made: Correction, publication: int) -> str:
    """Return what the server answers when a page asks how far a correction is."""
    given = {
        "correcao.data": {
            "domain": "mrhealth",
            "correction": made.id,
            "figures": [],
            "publication": publication,
        },
        "lingua.data": "pt",
    }
    outputs = [
        {"id": "andamento", "property": "children"},
        {"id": "acompanhar", "property": "disabled"},
    ]
    body = {
        "output": "..andamento.children...acompanhar.disabled..",
        "outputs": outputs,
        "inputs": [{"id": "acompanhar", "property": "n_intervals", "value": 1}],
        "state": [
            {"id": name.partition(".")[0], "property": "data", "value": value}
            for name, value in given.items()
        ],
        "changedPropIds": ["acompanhar.n_intervals"],
    }
    return answer_of(port, {}, json.dumps(body).encode()).text


def test_the_last_answer_about_a_correction_knows_the_newest_publication(
    copied: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(snapshots, "LOOK_SECONDS", 3600.0)
    row = rejected(copied, "bad_date")
    with serving(copied) as port:
        page_of(port, {}, row)
        answer_of(port, {}, content_of("/executivo", ""))
        found = repair_page.Repair(settings=copied, sessions=Sessions()).find(address(row))
        wish = Wish(values={"Data_Pedido": str(row.delivery_day)})
        made = correct(
            found.workplace, found.key, wish, Author(person="ana", role="operador", reason="teste")
        )
        env = repair_page.variables(copied)
        done = CliRunner().invoke(main, ["ingest", "--domain", "mrhealth"], env=dict(env))
        assert done.exit_code == 0, done.output
        state = part_of(json.loads(followed(port, made, 1)), "estado")
    assert state is not None
    assert (state["data-passo"], state["data-publicado"]) == ("loaded", "sim")


def confirmed(port: int, headers: dict[str, str], row: Rejection, **to: Any) -> Answer:
    """Send what the button "Confirmar" sends, with other values."""
    dependencies = json.loads(ask(port, path="/_dash-dependencies", headers=headers).text)
    (callback,) = (
        each
        for each in dependencies
        if each["inputs"][0] == {"id": "confirmar", "property": "n_clicks"}
    )
    values = {name: value or "" for name, value in row.columns.items()} | to.get("values", {})
    given = {
        "remover.checked": False,
        "linha-endereco.data": address(row),
        "motivo.value": "teste",
        "previsto.data": {"digest": "0" * 64},
        "sinal.data": None,
        "lingua.data": "pt",
        "confirmar.n_clicks": 1,
    } | to.get("states", {})

    def part(each: dict[str, str]) -> Any:
        if each["id"].startswith("{"):
            return [
                {
                    "id": {"type": "campo", "column": name},
                    "property": each["property"],
                    "value": value
                    if each["property"] == "value"
                    else {"type": "campo", "column": name},
                }
                for name, value in values.items()
            ]
        return each | {"value": given[f"{each['id']}.{each['property']}"]}

    outputs = [
        {"id": name.rpartition(".")[0], "property": name.rpartition(".")[2]}
        for name in callback["output"].strip(".").split("...")
    ]
    body = {
        "output": callback["output"],
        "outputs": outputs,
        "inputs": [part(each) for each in callback["inputs"]],
        "state": [part(each) for each in callback["state"]],
        "changedPropIds": ["confirmar.n_clicks"],
    }
    given_headers = headers | JSON | to.get("more", {})
    sent = json.dumps(body).encode()
    return ask(port, "POST", "/_dash-update-component", given_headers, sent)


def page_of(port: int, headers: dict[str, str], row: Rejection) -> Answer:
    """Return what the server answers when a browser shows a row."""
    return answer_of(port, headers, content_of("/linha", f"?busca={address(row)}"))


def token_of(port: int, headers: dict[str, str], row: Rejection) -> str:
    """Return the token of the page of a row."""
    found = part_of(json.loads(page_of(port, headers, row).text), "sinal")
    assert found is not None
    return str(found["data"])


@pytest.fixture
def attacked(copied: Settings, accounts: Path) -> Iterator[tuple[int, Settings]]:  # noqa: F811
    settings = replace(copied, logins=str(accounts))
    with serving(settings) as port:
        yield port, settings


def test_a_reader_cannot_correct_and_sees_no_personal_value(attacked: tuple[int, Settings]):
    port, settings = attacked
    rows = list_rejections(Lake(settings.root), Selection(domain="mrhealth", table="orders"))
    row = next(each for each in rows if "Rua" in (each.columns.get("Endereco_Entrega") or ""))
    address_of_guest = json.dumps(row.columns["Endereco_Entrega"])
    reader, operator, privacy = (cookie_of(logged_in(port, n)) for n in ("leo", "ana", "eva"))
    for headers, may_correct, sees in (
        (reader, False, False),
        (operator, True, False),
        (privacy, True, True),
    ):
        page = page_of(port, headers, row)
        assert (part_of(json.loads(page.text), "confirmar") is not None) == may_correct
        assert (address_of_guest in page.text) == sees
    states = {"sinal.data": token_of(port, reader, row)}
    assert "Seu papel" in confirmed(port, reader, row, states=states).text
    assert trail(settings) == []


def test_a_request_without_the_token_of_the_session_changes_nothing(
    attacked: tuple[int, Settings],
):
    port, settings = attacked
    row = rejected(settings, "bad_date")
    operator, other = cookie_of(logged_in(port, "ana")), cookie_of(logged_in(port, "eva"))
    for given in (None, "", "0" * 64, token_of(port, other, row), {"a": 1}):
        answer = confirmed(port, operator, row, states={"sinal.data": given})
        assert "Carregue a p" in answer.text, given
    own = {"sinal.data": token_of(port, operator, row)}
    evil = {"Origin": "https://evil.example"}
    assert confirmed(port, operator, row, states=own, more=evil).status == 403
    assert (
        "Preveja de novo"
        in confirmed(
            port, operator, row, values={"Data_Pedido": str(row.delivery_day)}, states=own
        ).text
    )
    assert trail(settings) == []


@pytest.mark.parametrize(
    "place",
    ["../../../../etc/passwd", "mrhealth/orders/2026-01-05/1/0", "x" * 5000, "a/b/c/d/e", None],
)
def test_only_a_row_in_quarantine_can_be_named(attacked: tuple[int, Settings], place: str | None):
    port, settings = attacked
    row = rejected(settings, "bad_date")
    operator = cookie_of(logged_in(port, "ana"))
    states = {"linha-endereco.data": place, "sinal.data": token_of(port, operator, row)}
    answer = confirmed(port, operator, row, states=states)
    assert part_of(json.loads(answer.text), "problema") is not None
    assert trail(settings) == []


def test_corrections_of_one_person_are_limited(copied: Settings):
    shared = repair_page.Repair(settings=copied, sessions=Sessions())
    counted = [shared.corrections.count("ana") for _ in range(repair_page.MOST_CORRECTIONS + 1)]
    assert counted.count(False) == 1
    assert shared.corrections.count("rui")


def test_loading_says_who_loads_and_that_it_failed(
    copied: Settings, caplog: pytest.LogCaptureFixture
):
    loading = repair_page.Loading()
    with serving_home(copied.home):
        loading.start("mrhealth", copied)
        assert loading.state("mrhealth", copied) == "daemon"
    assert loading.state("mrhealth", copied) == "stopped", "no process was started beside it"
    loading.start("unknown", copied)
    loading.wait("unknown")
    assert loading.state("unknown", copied) == "failed"
    assert "unknown" in caplog.text


def test_a_failed_run_of_the_service_is_named_while_a_correction_waits(copied: Settings):
    begin = dt.datetime.now(dt.UTC)
    with prepare_instance(copied.home, "local") as instance:
        run = mrhealth_arrivals.execute_in_process(instance=instance, raise_on_error=False)
    found = repair_page.Loading().failed_run("mrhealth", copied, begin)
    assert found is not None
    event = CorrectionEvent(
        day=begin.date(), correction="c", step=CorrectionStep.LANDED, at=begin, person="ana",
        role="operador", table="orders", unit=1, file="f", line=2, digest="d", path="p",
        new_digest="n", kind="correction", undoes=None, before=None, after=None, reason="r",
        detail=None,
    )  # fmt: skip
    waiting = Correction(events=(event,))
    snapshot = Snapshots(Lake(copied.root), copied, names=()).current()
    given: Any = {"published": False, "failed": found}
    shown = json.dumps(
        repair_view.progress(waiting, True, "daemon", [], snapshot, "pt", **given),
        default=lambda part: part.to_plotly_json(),
        ensure_ascii=False,
    )
    assert f"A execução {run.run_id[:8]} (mrhealth_arrivals) do serviço falhou" in shown
    assert "no space left" in shown

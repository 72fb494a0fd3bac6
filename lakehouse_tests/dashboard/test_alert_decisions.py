"""An operator decides about alerts in a browser; others cannot."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Page, expect

from lakehouse.dashboard import repair as shared
from lakehouse.domains.mrhealth.gold.alerts import alerts
from lakehouse.platform.alerts.decisions import decisions
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish
from lakehouse.platform.web.sessions import Sessions
from lakehouse.settings import Settings
from lakehouse_tests.cli.test_alerts import SHOWN
from lakehouse_tests.dashboard.conftest import LAST
from lakehouse_tests.dashboard.requests import answer_of, callback_of, content_of, part_of
from lakehouse_tests.dashboard.test_pages import chromium  # noqa: F401  a fixture
from lakehouse_tests.dashboard.test_session import (
    accounts,  # noqa: F401  a fixture
    cookie_of,
    logged_in,
    serving,
)

ALERT = "volume-u2-20260128"


@pytest.fixture
def alarmed(shop: Settings, tmp_path: Path) -> Settings:
    """A lake with two open alerts that a test may change."""
    shutil.copytree(shop.root, tmp_path / "lake")
    settings = replace(shop, root=str(tmp_path / "lake"))
    lake = Lake(settings.root)
    days = {"first_day": LAST, "detected_day": LAST, "last_day": LAST, "unit_id": 2}
    rows = [SHOWN | days | {"alert_id": name} for name in (ALERT, "cancel-u2-20260128")]
    schema = arrow_schema(alerts.contract.schema)
    schema = schema.remove(schema.get_field_index("day"))
    table = pa.Table.from_pylist(rows, schema=schema)
    lake.table(alerts.id).write({LAST: table}, schema=schema, note={"by": "test"})
    publish(lake, "mrhealth")
    return settings


@pytest.fixture
def page(alarmed: Settings, chromium: Browser) -> Iterator[Page]:  # noqa: F811
    with serving(alarmed) as port:
        tab = chromium.new_page(base_url=f"http://127.0.0.1:{port}", locale="pt-BR")
        tab.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        yield tab
        tab.close()


def taken(settings: Settings) -> list[str]:
    return [each.step.value for each in decisions(Lake(settings.root), "mrhealth")]


def test_an_operator_takes_every_step_and_sees_the_table_move(page: Page, alarmed: Settings):
    page.goto("/executivo")
    notices = page.locator("#atencao .notice")
    expect(notices).to_have_count(2)
    expect(notices.first).to_contain_text("Loja 7: nenhum pedido")
    page.locator(f"#atencao [href$='{ALERT}']").click()
    expect(page.locator("#alerta")).to_contain_text("Sem pedidos")

    def press(step: str) -> None:
        page.get_by_role("button", name=step, exact=True).click()

    press("Explicar")
    expect(page.locator("#negado")).to_contain_text("nota")
    assert taken(alarmed) == []
    page.fill("#alerta-nota", "Obra <b>na rua</b>")
    press("Explicar")
    expect(page.locator("#decidido")).to_contain_text("explicado")
    expect(page.locator("#decisoes")).to_contain_text("Obra <b>na rua</b>")
    expect(page.locator("#tabela-abertos [col-id='state']").last).to_have_text("explicado")
    page.fill("#alerta-responsavel", "Bia")
    press("Passar adiante")
    expect(page.locator("#decidido")).to_contain_text("passado adiante")
    expect(page.locator("#alerta")).to_contain_text("Bia")
    page.fill("#alerta-resultado", "Caixa trocado")
    press("Encerrar")
    expect(page.locator("#tabela-outros")).to_contain_text("Caixa trocado")
    expect(page.locator("#vazio-abertos")).to_be_visible()
    press("Reabrir")
    expect(page.locator("#tabela-abertos")).to_contain_text("aberto")
    press("Estou vendo")
    expect(page.locator("#tabela-abertos")).to_contain_text("em análise")
    page.locator("#alerta-ate").click()
    page.locator(".mantine-DatePickerInput-day:not([data-disabled])").last.click()
    press("Adiar")
    expect(page.locator("#decidido")).to_contain_text("adiado")
    steps = ["explained", "assigned", "closed", "reopened", "acknowledged", "snoozed"]
    assert taken(alarmed) == steps
    assert {each.decided_by for each in decisions(Lake(alarmed.root), "mrhealth")} == {"local"}
    page.goto("/executivo")
    expect(notices).to_have_count(1)


def decided(port: int, headers: dict[str, str], token: Any, **given: Any) -> str:
    """Send what the button "Encerrar" sends."""
    states = {
        "alerta-nome.data": ALERT,
        "alerta-nota.value": "",
        "alerta-resultado.value": "feito",
        "alerta-ate.value": None,
        "alerta-responsavel.value": "",
        "url.search": f"?busca={ALERT}",
        "sinal.data": token,
        "lingua.data": "pt",
    } | given
    pressed = {"type": "decidir", "step": "closed"}
    callback = callback_of(port, headers, "alerta-andamento.children", pressed, states)
    return answer_of(port, headers, callback).text


def test_only_an_operator_with_the_token_of_the_session_decides(
    alarmed: Settings,
    accounts: Path,  # noqa: F811
):
    with serving(replace(alarmed, logins=str(accounts))) as port:
        reader, operator, other = (cookie_of(logged_in(port, n)) for n in ("leo", "ana", "eva"))
        tokens = {}
        for name, headers in (("leo", reader), ("ana", operator), ("eva", other)):
            shown = json.loads(
                answer_of(port, headers, content_of("/alertas", f"?busca={ALERT}")).text
            )
            tokens[name] = (part_of(shown, "sinal") or {})["data"]
            assert (part_of(shown, "alerta-nota") is not None) == (name != "leo")
        assert "Seu papel" in decided(port, reader, tokens["leo"])
        for token in (None, "", "0" * 64, tokens["eva"], {"a": 1}):
            assert "Carregue a p" in decided(port, operator, token), token
        missing = {"alerta-resultado.value": " \n\x00 "}
        assert "Escreva o resultado" in decided(port, operator, tokens["ana"], **missing)
        unknown = {"alerta-nome.data": "'; DROP TABLE x; --"}
        assert "Este alerta n" in decided(port, operator, tokens["ana"], **unknown)
        assert taken(alarmed) == []
        decided(port, operator, tokens["ana"])
    (made,) = decisions(Lake(alarmed.root), "mrhealth")
    assert (made.decided_by, made.step, made.outcome) == ("ana", "closed", "feito")


def test_decisions_of_one_person_are_limited(shop: Settings):
    made = shared.Repair(settings=shop, sessions=Sessions())
    counted = [made.decisions.count("ana") for _ in range(shared.MOST_DECISIONS + 1)]
    assert counted.count(False) == 1

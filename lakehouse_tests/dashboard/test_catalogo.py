"""An analyst finds each table, what it means, and rows that the role may see."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.words import written
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import OPS_TABLES
from lakehouse.platform.tables.registry import load_domain, load_domains
from lakehouse.platform.web.guard import PERSON
from lakehouse.platform.web.roles import Person, Role
from lakehouse_tests.dashboard.company import CLIENT
from lakehouse_tests.dashboard.requests import content_of
from lakehouse_tests.dashboard.test_pages import chromium, figure, opened, page

__all__ = ["chromium", "page"]

TABLE = "gold.cards_clients"


def test_every_declared_table_and_column_is_in_the_catalogue(snapshot: Snapshot):
    declared = {table.id.name: table for domain in load_domains() for table in domain.tables}
    found = {row["name"] for row in snapshot.rows("SELECT name FROM catalogue_tables")}
    assert declared.keys() <= found
    assert {f"ops.{name}" for name in OPS_TABLES} <= found
    columns = snapshot.rows(f"""SELECT * FROM catalogue_columns WHERE "table" = '{TABLE}'""")
    contract = load_domain("cards").table("gold", "clients").contract
    assert [row["name"] for row in columns] == [column.name for column in contract.columns]
    assert [r["description"] for r in columns] == [c.description for c in contract.columns]
    assert {row["name"] for row in columns if row["personal"]} == {"id_cliente"}
    assert {row["name"] for row in columns if row["is_key"]} == set(contract.key)
    reads = snapshot.rows(f"""SELECT upstream FROM catalogue_reads WHERE "table" = '{TABLE}'""")
    assert {row["upstream"] for row in reads} == {"gold.cards_invoices"}


def test_a_table_is_found_by_a_column_and_shows_what_is_published(page: Page, snapshot: Snapshot):
    opened(page, "/catalogo")
    (tables,) = snapshot.rows("SELECT count(*) AS n FROM catalogue_tables")
    assert figure(page, "resumo-tabelas") == str(tables["n"])
    page.locator("#filtro-busca").fill("qtd_sem_pagamento_recente")
    page.locator("#filtro-busca").press("Enter")
    expect(page).to_have_url(re.compile("busca=qtd_sem_pagamento_recente"))
    expect(page.locator("#tabela-colunas [row-index='0'] [col-id='coluna']")).to_have_text(
        "qtd_sem_pagamento_recente"
    )
    page.locator("#tabela-tabelas").get_by_role("link", name=TABLE, exact=True).click()
    published = snapshot.published("cards")
    assert published is not None
    entry = published.tables[TableId.from_name(TABLE)]
    expect(page.locator("#valor-estado-row_count")).to_have_text(written(entry.rows, "count", "pt"))
    expect(page.locator("#consulta")).to_contain_text(f"FROM {TABLE}")
    page.locator("#linhagem").get_by_role("link", name="gold.cards_invoices").click()
    expect(page.locator("#sobre")).to_contain_text("gold.cards_invoices")


@pytest.mark.parametrize(("role", "sees"), [(Role.READER, False), (Role.PRIVACY, True)])
def test_sample_rows_are_masked_by_the_role(client: Any, role: Role, sees: bool):
    text = shown(client, f"?nome={TABLE}", Person(name="eva", role=role))
    assert "linhas-de-amostra" in text
    assert (f'"children": "{CLIENT}"' in text) == sees
    assert ("•••" in text) != sees


def test_rows_below_gold_are_not_read(client: Any):
    text = shown(client, "?nome=bronze.people_people", Person(name="eva", role=Role.PRIVACY))
    assert "linhas-de-amostra" not in text
    assert "Zuleica" not in text


def test_a_table_that_does_not_exist_is_named(client: Any):
    text = shown(client, "?nome=gold.lucros", Person(name="eva", role=Role.READER))
    assert "filtro-desconhecido" in text


def shown(client: Any, search: str, who: Person) -> str:
    answer = client.post(
        "/_dash-update-component",
        data=content_of("/tabela", search),
        content_type="application/json",
        environ_overrides={"asgi.scope": {PERSON: who}},
    )
    assert answer.status_code == 200
    return json.dumps(answer.get_json(), ensure_ascii=False)

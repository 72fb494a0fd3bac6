"""A person is found in every place, and a finding says nothing else about them."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pyarrow as pa

from lakehouse.platform.orchestration.metadata import preview
from lakehouse.platform.privacy.findings import FindingKind
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.platform.privacy.people_lake import (
    ADDRESS,
    FRIDAY,
    MONDAY,
    SECRETS,
    ZULEIKA,
    People,
)


def test_a_person_is_found_by_address_in_every_layer_and_kind_of_place(made: People) -> None:
    found = made.found(emails=[ADDRESS.upper()])
    rows: Counter[tuple[str, str]] = Counter()
    for each in found:
        rows[each.table, each.what.value] += each.rows
    assert rows == {
        ("landing", "record"): 6,
        ("landing", "line"): 4,
        ("landing", "mention"): 1,
        ("raw.people_people", "record"): 6,
        ("raw.people_people", "line"): 3,
        ("raw.people_people", "mention"): 1,
        ("bronze.people_people", "record"): 6,
        ("bronze.people_people", "mention"): 1,
        ("bronze.people_people__quarantine", "record"): 1,
        ("silver.people_people_all", "record"): 4,
        ("silver.people_people_all", "mention"): 1,
        ("silver.people_people_all__quarantine", "record"): 1,
        ("gold.people_people_without_duplicates", "record"): 1,
    } | {key: number for key, number in rows.items() if key[1] == "old version"}
    assert any(each.what is FindingKind.OLD for each in found)
    of_copy = {(e.table, e.day, e.line) for e in found if e.file == f"people/{MONDAY}/copy.csv"}
    day = dt.date.fromisoformat(MONDAY)
    assert of_copy == {
        (t, day, 2)
        for t in (
            "landing",
            "raw.people_people",
            "bronze.people_people",
            "silver.people_people_all",
        )
    }
    other_address = [e for e in found if e.file == f"people/{FRIDAY}/new_address.csv"]
    assert other_address, "the id beside the address is searched too"
    text = repr(found).lower()
    assert not any(secret.lower() in text for secret in SECRETS)


def test_a_search_by_id_finds_the_same_records_as_by_address(made: People) -> None:
    records = {FindingKind.RECORD, FindingKind.LINE}
    by_id = {e for e in made.found(ids=[ZULEIKA]) if e.what in records and e.table != "landing"}
    by_email = {e for e in made.found(emails=[ADDRESS]) if e.what in records}
    assert by_id == {e for e in by_email if e.table != "landing"}
    assert made.found(ids=[ZULEIKA.upper()]) == [], "upper and lower case differ in this id"
    assert made.found(emails=["nobody@example.org"]) == []


def test_the_preview_of_a_partition_hides_personal_columns(made: People) -> None:
    days = [dt.date.fromisoformat(MONDAY)]
    for layer, name in (("bronze", "people"), ("silver", "people_all")):
        shown = str(preview(made.lake, TableId(layer, "people", name), days).value)
        assert "Engineer" not in shown
        assert "example.org" not in shown
        assert MONDAY in shown, "days are shown"


def test_a_preview_shows_no_text_no_undeclared_column_and_no_rejected_value(tmp_path: Path) -> None:
    cpf, day = "123.456.789-09", dt.date.fromisoformat(MONDAY)
    lake = Lake(str(tmp_path))
    stored = pa.table(
        {
            "_file": ["cafe/![x](http://evil.example/x)|<b>.csv"],
            "_rescued": [f'{{"cpf": "{cpf}"}}'],
            "Endereco_Entrega": [f"Rua {cpf}"],
            "Not_Declared": [123_456_789],
        }
    )
    for table in (
        TableId("bronze", "mrhealth", "orders"),
        TableId("bronze", "nobody", "orders"),
        TableId("silver", "mrhealth", "orders", "quarantine"),
    ):
        lake.table(table).write({day: stored}, schema=stored.schema)
        shown = str(preview(lake, table, [day]).value)
        assert "123" not in shown.replace(MONDAY, "")
        assert r"\!\[x\](http" in shown
        assert r"\|\<b\>" in shown
    numbers = pa.table({"order_id": [77], "delivery_address": ["Rua A"]})
    gold = TableId("gold", "mrhealth", "fact_orders")
    lake.table(gold).write({day: numbers}, schema=numbers.schema)
    shown = str(preview(lake, gold, [day]).value)
    assert "77" in shown
    assert "Rua" not in shown

"""Files are processed only with their control file, and each file once."""

import datetime as dt
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lakehouse.domains.cards.control import ControlFileMissing, both_registered
from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.orchestration import local_runs
from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings
from lakehouse_tests import lakes
from lakehouse_tests.children import child, ended
from lakehouse_tests.domains.cards.files import (
    INVOICES,
    PAYMENTS,
    Tables,
    invoices_name,
    lines,
    payments_name,
)
from lakehouse_tests.stories.driver import Driver

DAY, BUSINESS_DAY = dt.date(2024, 3, 2), dt.date(2023, 1, 1)
INVOICE, OTHER = "1-1,1,2023-01-01,2023-01-10,100.0,30.0", "1-2,1,2023-01-01,2023-01-10,9.5,2.85"
PAYMENT = "PG-1-1,1-1,1,2023-01-01,40.0"
FATURAS = "Arquivo de Controle não encontrado para assunto tb_faturas"
PAGAMENTOS = "Arquivo de Controle não encontrado para assunto tb_pagamentos"
REGISTER = "ops.cards_ctl_processed_filenames"


@pytest.fixture
def cards(tmp_path: Path) -> Tables:
    return Tables("cards", tmp_path)


def land(cards: Tables, *invoices: str, payments: Sequence[str] = ()) -> None:
    cards.land(f"{DAY}/{invoices_name()}", lines(INVOICES, *invoices))
    if payments:
        cards.land(f"{DAY}/{payments_name()}", lines(PAYMENTS, *payments))


def control_files(cards: Tables) -> dict[str, int]:
    """Control files below their folder, with their sizes."""
    folder = "raw/cards/control/"
    return {e.path.removeprefix(folder): e.size for e in cards.lake.store.entries(folder)}


def registered(cards: Tables) -> list[tuple[object, ...]]:
    return cards.rows(
        f"select tb_name, dt_proc, qtd_registros, qtd_lidos from {REGISTER} order by all"
    )


def waiting(dataset: str, name: str) -> str:
    return f"{dataset}/{DAY}/{name.replace('.csv', '.ctl')}"


def consumed(dataset: str, name: str) -> str:
    return f"consumed/{waiting(dataset, name)}"


def ingest_files(cards: Tables) -> None:
    lakes.ingest_days(cards.domain, [DAY], cards.settings)


def compute(cards: Tables, dataset: str) -> None:
    table = cards.domain.table("silver", dataset)
    stage_days(table, [BUSINESS_DAY], cards.lake, cards.settings)


def test_a_complete_data_file_gets_an_empty_control_file_of_its_name(cards: Tables):
    land(cards, INVOICE, payments=[PAYMENT])
    cards.land(f"{DAY}/{invoices_name('20240302000001')}", lines(INVOICES, OTHER)[:-1])
    ingest_files(cards)
    assert control_files(cards) == {
        waiting("tb_faturas", invoices_name()): 0,
        waiting("tb_pagamentos", payments_name()): 0,
    }


def test_a_file_is_registered_and_its_control_file_consumed_when_every_row_has_an_outcome(
    cards: Tables,
):
    land(cards, INVOICE, OTHER.replace("9.5", "-9.5"), payments=[PAYMENT])
    cards.ingest()
    assert control_files(cards) == {
        consumed("tb_faturas", invoices_name()): 0,
        consumed("tb_pagamentos", payments_name()): 0,
    }
    assert registered(cards) == [
        ("tb_faturas", "20240302000000", 1, 2),
        ("tb_pagamentos", "20240302000000", 1, 1),
    ]


def test_files_with_one_name_in_two_folders_have_separate_control_files(cards: Tables):
    later = OTHER.replace("2023-01-01", "2023-01-02")
    for folder, row in (("a", INVOICE), ("b", later)):
        cards.land(f"{DAY}/{folder}/{invoices_name()}", lines(INVOICES, row))
    ingest_files(cards)
    driver = Driver(domain=cards.domain, settings=cards.settings)
    driver.run(Work.REFRESH, [BUSINESS_DAY])
    driver.run(Work.REFRESH, [BUSINESS_DAY + dt.timedelta(days=1)])
    assert [row[2:] for row in registered(cards)] == [(1, 1), (1, 1)]
    assert control_files(cards) == {
        consumed("tb_faturas", f"{folder}/{invoices_name()}"): 0 for folder in "ab"
    }


@pytest.mark.parametrize("end", [".csv.gz", ".CSV"])
def test_the_control_file_has_the_name_of_the_data_file_with_any_ending(cards: Tables, end: str):
    data = lines(INVOICES, INVOICE).encode()
    packed = gzip.compress(data) if end.endswith("gz") else data
    cards.land(f"{DAY}/{invoices_name().replace('.csv', end)}", packed)
    cards.ingest()
    assert control_files(cards) == {consumed("tb_faturas", invoices_name()): 0}
    assert [row[:2] for row in registered(cards)] == [("tb_faturas", "20240302000000")]


def test_a_file_is_not_registered_while_some_of_its_days_are_missing(cards: Tables):
    land(cards, INVOICE, OTHER.replace("2023-01-01", "2023-01-02"))
    ingest_files(cards)
    driver = Driver(domain=cards.domain, settings=cards.settings)
    driver.run(Work.REFRESH, [BUSINESS_DAY])
    assert control_files(cards) == {waiting("tb_faturas", invoices_name()): 0}
    driver.run(Work.REFRESH, [BUSINESS_DAY + dt.timedelta(days=1)])
    assert control_files(cards) == {consumed("tb_faturas", invoices_name()): 0}
    assert registered(cards) == [("tb_faturas", "20240302000000", 2, 2)]


@pytest.mark.parametrize(
    ("dataset", "name", "message"),
    [
        ("tb_faturas", invoices_name(), FATURAS),
        ("tb_pagamentos", payments_name(), PAGAMENTOS),
    ],
)
def test_without_its_control_file_a_dataset_is_not_processed_until_it_is_ingested_again(
    cards: Tables, dataset: str, name: str, message: str
):
    land(cards, INVOICE, payments=[PAYMENT])
    ingest_files(cards)
    cards.lake.store.delete([f"raw/cards/control/{waiting(dataset, name)}"])
    with pytest.raises(ControlFileMissing) as raised:
        compute(cards, dataset)
    assert str(raised.value) == message
    assert name.replace(".csv", ".ctl") in raised.value.__notes__[0]
    ingest_files(cards)
    compute(cards, dataset)


def test_a_processed_file_needs_no_control_file_and_is_registered_once(cards: Tables):
    land(cards, INVOICE, payments=[PAYMENT])
    cards.ingest()
    before = registered(cards)
    register = cards.lake.table(TableId("ops", "cards", "ctl_processed_filenames"))
    version = register.snapshot().version
    driver = Driver(domain=cards.domain, settings=cards.settings)
    driver.run(Work.ARRIVALS, [DAY])
    driver.run(Work.REFRESH, [BUSINESS_DAY])
    assert registered(cards) == before
    assert register.snapshot().version == version
    assert not [path for path in control_files(cards) if not path.startswith("consumed/")]


def test_other_bytes_under_a_known_name_must_be_processed_again(cards: Tables):
    land(cards, INVOICE)
    cards.ingest()
    land(cards, INVOICE, OTHER)
    ingest_files(cards)
    assert waiting("tb_faturas", invoices_name()) in control_files(cards)
    cards.ingest()
    assert registered(cards) == [
        ("tb_faturas", "20240302000000", 1, 1),
        ("tb_faturas", "20240302000000", 2, 2),
    ]
    assert control_files(cards) == {consumed("tb_faturas", invoices_name()): 0}


def test_an_invoice_of_the_next_day_does_not_delay_the_registration_of_its_file(cards: Tables):
    today = dt.datetime.now(cards.settings.zone).date()
    tomorrow = OTHER.replace("2023-01-01,2023-01-10", f"{today + dt.timedelta(days=1)},2099-01-01")
    cards.land(f"{today}/{invoices_name()}", lines(INVOICES, INVOICE, tomorrow))
    cards.ingest()
    assert registered(cards) == [("tb_faturas", "20240302000000", 1, 2)]


def missing_for_the_book(cards: Tables) -> tuple[str, str] | None:
    """Message and hint of the hook that the book runs before it is computed."""
    try:
        both_registered(cards.lake, [dt.date(2024, 2, 1)])
    except ControlFileMissing as error:
        (note,) = error.__notes__
        return str(error), note.partition("lakehouse ")[2]
    return None


def test_the_book_needs_both_datasets_landed_and_processed(cards: Tables):
    assert missing_for_the_book(cards) == (FATURAS, "land cards FILE, then lakehouse ingest")
    land(cards, INVOICE)
    cards.ingest()
    assert missing_for_the_book(cards) == (PAGAMENTOS, "land cards FILE, then lakehouse ingest")
    land(cards, INVOICE, payments=[PAYMENT])
    ingest_files(cards)
    assert missing_for_the_book(cards) == (PAGAMENTOS, "ingest --domain cards")
    cards.ingest()
    assert missing_for_the_book(cards) is None


def test_without_payments_the_book_fails_once_and_not_once_per_month(
    cards: Tables, monkeypatch: pytest.MonkeyPatch
):
    land(cards, INVOICE)
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(cards.settings.root))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(cards.settings.landing))
    home = cards.folder / "dagster"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    settings, instance = Settings.from_env(), prepare_instance(home)
    runs = list(local_runs.ingest(load_domain("cards"), settings, instance))
    as_of = runs.pop()
    assert (as_of.work, as_of.succeeded) == ("cards_as_of", True)
    assert [ran.succeeded for ran in runs] == [True, True, *[False] * settings.attempts]
    assert len({(ran.first, ran.last) for ran in runs if not ran.succeeded}) == 1
    assert runs[-1].first < runs[-1].last
    assert PAGAMENTOS in str(runs[-1].problem)
    assert "lakehouse land cards FILE" in str(runs[-1].problem)


def ingest(folder: str) -> None:
    Tables("cards", Path(folder)).ingest()


def dead_runs() -> Iterator[tuple[str, int]]:
    """Steps around the writing of control files, and the number of control files after each."""
    yield "ingest.deliveries_committed", 0
    yield "materialize.committed", 2


@pytest.mark.parametrize(("step", "left"), list(dead_runs()))
def test_the_run_after_a_killed_run_registers_every_file_once(cards: Tables, step: str, left: int):
    land(cards, INVOICE, payments=[PAYMENT])
    assert ended(child(ingest, str(cards.folder), LAKEHOUSE_FAILPOINT=step)) == -9
    deliveries = read_deliveries(cards.lake, "cards", "tb_faturas")
    assert [d.file for d in deliveries] == [f"cards/{DAY}/{invoices_name()}"]
    assert len(control_files(cards)) == left
    cards.ingest()
    assert sorted(control_files(cards)) == [
        consumed("tb_faturas", invoices_name()),
        consumed("tb_pagamentos", payments_name()),
    ]
    assert registered(cards) == [
        ("tb_faturas", "20240302000000", 1, 1),
        ("tb_pagamentos", "20240302000000", 1, 1),
    ]

"""Nothing is processed without its control file, and everything once."""

import datetime as dt
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lakehouse.domains.cards.control import ControlFileMissing, both_registered
from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.orchestration import local_runs as foreground
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


def take_in(cards: Tables) -> None:
    lakes.take_in(cards.domain, [DAY], cards.settings)


def compute(cards: Tables, dataset: str) -> None:
    table = cards.domain.table("silver", dataset)
    stage_days(table, [BUSINESS_DAY], cards.lake, cards.settings)


def test_a_data_file_gets_an_empty_control_file_of_its_name_when_it_is_whole(cards: Tables):
    land(cards, INVOICE, payments=[PAYMENT])
    cards.land(f"{DAY}/{invoices_name('20240302000001')}", lines(INVOICES, OTHER)[:-1])
    take_in(cards)
    assert control_files(cards) == {
        waiting("tb_faturas", invoices_name()): 0,
        waiting("tb_pagamentos", payments_name()): 0,
    }


def test_a_control_file_is_consumed_and_its_file_registered_when_all_of_it_is_kept_or_rejected(
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


def test_files_of_one_name_in_two_folders_have_a_control_file_each(cards: Tables):
    later = OTHER.replace("2023-01-01", "2023-01-02")
    for folder, row in (("a", INVOICE), ("b", later)):
        cards.land(f"{DAY}/{folder}/{invoices_name()}", lines(INVOICES, row))
    take_in(cards)
    driver = Driver(domain=cards.domain, settings=cards.settings)
    driver.run(Work.REFRESH, [BUSINESS_DAY])
    driver.run(Work.REFRESH, [BUSINESS_DAY + dt.timedelta(days=1)])
    assert [row[2:] for row in registered(cards)] == [(1, 1), (1, 1)]
    assert control_files(cards) == {
        consumed("tb_faturas", f"{folder}/{invoices_name()}"): 0 for folder in "ab"
    }


@pytest.mark.parametrize("end", [".csv.gz", ".CSV"])
def test_the_control_file_has_the_name_of_the_data_file_however_that_ends(cards: Tables, end: str):
    data = lines(INVOICES, INVOICE).encode()
    packed = gzip.compress(data) if end.endswith("gz") else data
    cards.land(f"{DAY}/{invoices_name().replace('.csv', end)}", packed)
    cards.ingest()
    assert control_files(cards) == {consumed("tb_faturas", invoices_name()): 0}
    assert [row[:2] for row in registered(cards)] == [("tb_faturas", "20240302000000")]


def test_it_is_not_registered_while_some_of_its_days_wait(cards: Tables):
    land(cards, INVOICE, OTHER.replace("2023-01-01", "2023-01-02"))
    take_in(cards)
    driver = Driver(domain=cards.domain, settings=cards.settings)
    driver.run(Work.REFRESH, [BUSINESS_DAY])
    assert control_files(cards) == {waiting("tb_faturas", invoices_name()): 0}
    driver.run(Work.REFRESH, [BUSINESS_DAY + dt.timedelta(days=1)])
    assert control_files(cards) == {consumed("tb_faturas", invoices_name()): 0}
    assert registered(cards) == [("tb_faturas", "20240302000000", 2, 2)]


@pytest.mark.parametrize(
    ("dataset", "name", "said"),
    [
        ("tb_faturas", invoices_name(), FATURAS),
        ("tb_pagamentos", payments_name(), PAGAMENTOS),
    ],
)
def test_without_its_control_file_a_dataset_is_not_processed_until_it_is_ingested_again(
    cards: Tables, dataset: str, name: str, said: str
):
    land(cards, INVOICE, payments=[PAYMENT])
    take_in(cards)
    cards.lake.store.delete([f"raw/cards/control/{waiting(dataset, name)}"])
    with pytest.raises(ControlFileMissing) as raised:
        compute(cards, dataset)
    assert str(raised.value) == said
    assert name.replace(".csv", ".ctl") in raised.value.__notes__[0]
    take_in(cards)
    compute(cards, dataset)


def test_what_was_processed_needs_no_control_file_again_and_is_registered_once(cards: Tables):
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


def test_other_bytes_under_a_known_name_are_another_file_to_process(cards: Tables):
    land(cards, INVOICE)
    cards.ingest()
    land(cards, INVOICE, OTHER)
    take_in(cards)
    assert waiting("tb_faturas", invoices_name()) in control_files(cards)
    cards.ingest()
    assert registered(cards) == [
        ("tb_faturas", "20240302000000", 1, 1),
        ("tb_faturas", "20240302000000", 2, 2),
    ]
    assert control_files(cards) == {consumed("tb_faturas", invoices_name()): 0}


def test_an_invoice_of_tomorrow_does_not_keep_its_file_waiting(cards: Tables):
    today = dt.datetime.now(cards.settings.zone).date()
    tomorrow = OTHER.replace("2023-01-01,2023-01-10", f"{today + dt.timedelta(days=1)},2099-01-01")
    cards.land(f"{today}/{invoices_name()}", lines(INVOICES, INVOICE, tomorrow))
    cards.ingest()
    assert registered(cards) == [("tb_faturas", "20240302000000", 1, 2)]


def missing_for_the_book(cards: Tables) -> tuple[str, str] | None:
    """What the book's gate says, and how it goes on."""
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
    take_in(cards)
    assert missing_for_the_book(cards) == (PAGAMENTOS, "ingest --domain cards")
    cards.ingest()
    assert missing_for_the_book(cards) is None


def test_without_payments_the_book_fails_as_a_whole_and_not_month_by_month(
    cards: Tables, monkeypatch: pytest.MonkeyPatch
):
    land(cards, INVOICE)
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(cards.settings.root))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(cards.settings.landing))
    home = cards.folder / "dagster"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    settings, instance = Settings.from_env(), prepare_instance(home)
    runs = list(foreground.ingest(load_domain("cards"), settings, instance))
    assert [ran.succeeded for ran in runs] == [True, True, *[False] * settings.attempts]
    assert len({(ran.first, ran.last) for ran in runs if not ran.succeeded}) == 1
    assert runs[-1].first < runs[-1].last
    assert PAGAMENTOS in str(runs[-1].problem)
    assert "lakehouse land cards FILE" in str(runs[-1].problem)


def ingest(folder: str) -> None:
    Tables("cards", Path(folder)).ingest()


def dead_runs() -> Iterator[tuple[str, int]]:
    """Steps of a run around those that write control files, and how many are there after it."""
    yield "ingest.deliveries_committed", 0
    yield "materialize.committed", 2


@pytest.mark.parametrize(("step", "left"), list(dead_runs()))
def test_a_killed_run_is_finished_by_the_next_with_every_file_registered_once(
    cards: Tables, step: str, left: int
):
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

"""What a person does in DagsterUI, done by a browser: look, materialize, backfill, find a fault."""

import datetime as dt
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from lakehouse.demo.files import LandedFile
from lakehouse.demo.mrhealth import Plan, deliveries, reference
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.e2e.dagster_ui import QUIET, DagsterUI, Run, browser, served

WAIT = 60_000
"""Milliseconds until an element has to be there; a busy machine is slow."""

FIRST = dt.datetime.now(ZoneInfo("America/Sao_Paulo")).date() - dt.timedelta(days=9)
GOOD = [FIRST + dt.timedelta(days=n) for n in range(3)]
SILENT = FIRST + dt.timedelta(days=3)
"""Nobody delivers for it."""
BROKEN = FIRST + dt.timedelta(days=4)
"""Unit 2 sends half a file."""
UNITS = 4
PLAN = Plan(units=UNITS, first=FIRST, days=5, orders_per_unit=8, errors=0)
LAYERS = ("raw", "bronze", "silver", "gold", "ops")
PICTURES = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture(scope="module")
def dagit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterUI]:
    with served(tmp_path_factory.mktemp("dagit")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = browser()
    if program is None:
        reason = "no Chromium on PATH; `apt install chromium`, or run .ci/run as root, brings it"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    docs = os.environ.get("LAKEHOUSE_SCREENSHOTS") == "docs"
    folder = PICTURES if docs else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def page(
    chromium: Browser, dagit: DagsterUI, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A tab of 1400 × 900; a failed test leaves a picture of what it saw."""
    tab = chromium.new_page(base_url=dagit.url, viewport={"width": 1400, "height": 900})
    tab.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    failed = request.session.testsfailed
    yield tab
    if request.session.testsfailed > failed:
        tab.screenshot(path=tmp_path / "failed.png")
    tab.close()


@pytest.fixture(scope="module")
def arrived(dagit: DagsterUI) -> Run:
    """Three good days, landed as files and nothing else; the run that the sensor made of them."""
    land(reference(PLAN), dagit)
    land(of_days(*GOOD), dagit)
    return dagit.ended(lambda run: run.job == "mrhealth_arrivals" and run.days[1] == text(GOOD[-1]))


@pytest.fixture(scope="module")
def broken(dagit: DagsterUI, arrived: Run) -> str:
    """Path of a landed file that was cut inside its last line."""
    files = list(of_days(BROKEN))
    cut = next(f for f in files if "unidade_002/" in f.path and "item" not in f.path.lower())
    whole = [file for file in files if file is not cut]
    half = LandedFile(cut.path, cut.data[: len(cut.data) * 2 // 3].rstrip(), cut.modified_at)
    land([*whole, half], dagit)
    dagit.ended(lambda run: run.days[1] == text(BROKEN))
    return cut.path


def of_days(*days: dt.date) -> Iterable[LandedFile]:
    return (file for file in deliveries(PLAN) if any(text(day) in file.path for day in days))


def land(files: Iterable[LandedFile], dagit: DagsterUI) -> None:
    for file in files:
        place = dagit.landing / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.data)
        os.utime(place, (file.modified_at.timestamp(),) * 2)


def text(day: dt.date) -> str:
    return day.isoformat()


def unit_days(dagit: DagsterUI, day: dt.date) -> list[dict[str, object]]:
    table = Lake(str(dagit.lake)).table(TableId("gold", "mrhealth", "unit_day"))
    rows: list[dict[str, object]] = table.read([day]).to_pylist()
    return rows


def shown(page: Page, words: str, *, exact: bool = True) -> Locator:
    """What a person can see of these words."""
    return page.get_by_text(words, exact=exact).locator("visible=true").first


def launch(page: Page, button: str, days: str, launches: str) -> None:
    """The dialog that asks for the days of a run."""
    page.get_by_role("button", name=button).first.click()
    dialog = page.get_by_role("dialog")
    asked = dialog.get_by_role("textbox").first
    asked.fill(days)
    asked.press("Enter")
    start = dialog.get_by_role("button", name=launches)
    expect(start).to_be_enabled()
    start.click()
    expect(dialog).to_be_hidden()


def test_the_graph_shows_every_layer_of_the_system(page: Page, dagit: DagsterUI) -> None:
    page.goto("/")
    page.get_by_role("link", name="Lineage").click()
    for layer in LAYERS:
        expect(shown(page, f"mrhealth_{layer}")).to_be_visible()


def test_jobs_schedules_and_the_sensor_say_what_they_do_and_are_on(
    page: Page, pictures: Path
) -> None:
    page.goto("/")
    page.get_by_role("link", name="Automation").click()
    for name, when in (
        ("landing", "Standard sensor"),
        ("midnight_arrival", "12:15 AM GMT-3"),
        ("daily_pipeline", "02:00 AM GMT-3"),
        ("data_quality", "03:00 AM GMT-3"),
    ):
        line = page.locator("[data-index]").filter(has_text=f"mrhealth_{name}")
        expect(line).to_contain_text(when)
        expect(line.get_by_role("checkbox").last).to_be_checked()
    page.screenshot(path=pictures / "automation.png")
    page.goto("/locations/lakehouse/jobs/mrhealth_arrivals")
    expect(shown(page, "Take in what landed", exact=False)).to_be_visible()


def test_a_landed_file_is_taken_in_without_anyone_asking(
    page: Page, arrived: Run, dagit: DagsterUI, pictures: Path
) -> None:
    assert arrived.status == "SUCCESS"
    assert arrived.days == (text(GOOD[0]), text(GOOD[-1]))
    page.goto("/runs")
    expect(shown(page, arrived.id[:8])).to_be_visible()
    expect(shown(page, f"lakehouse/days: {text(GOOD[0])}", exact=False)).to_be_visible()
    page.screenshot(path=pictures / "runs.png")
    assert all(row["delivered"] for day in GOOD for row in unit_days(dagit, day))


def test_a_table_tells_its_columns_its_origin_its_sql_and_its_state(
    page: Page, arrived: Run, pictures: Path
) -> None:
    page.goto("/locations/lakehouse/asset-groups/mrhealth_gold/lineage")
    shown(page, "unit_day").click()
    expect(page.get_by_text("Each row is one active unit on one day.").first).to_be_visible()
    page.goto("/assets/gold/mrhealth/unit_day")
    for words in (
        "The spine of alerts",
        "Each row is one active unit on one day.",
        "Share of cancelled orders, 0 to 1; null without orders",
        "gold.mrhealth_unit_day",
        "mrhealth_gold",
        "DuckDB",
        "Delta Lake",
        "Freshness policy",
    ):
        expect(shown(page, words, exact=False)).to_be_visible()
    expect(shown(page, "mrhealth")).to_be_visible()
    page.screenshot(path=pictures / "table.png")
    sql = page.get_by_role("row").filter(has_text="lakehouse/sql")
    sql.get_by_text("Show Markdown", exact=False).click()
    expect(page.get_by_role("dialog")).to_contain_text("silver__mrhealth__deliveries")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Lineage").click()
    for upstream in ("dim_unit", "fact_orders", "deliveries"):
        expect(shown(page, upstream)).to_be_visible()
    page.get_by_role("tab", name="Partitions").click()
    expect(page.get_by_text(re.compile(r"Materialized \([1-9]\)"))).to_be_visible()
    shown(page, text(GOOD[0])).click()
    expect(shown(page, "lakehouse/changed_days")).to_be_visible()
    page.screenshot(path=pictures / "days.png")


def test_a_day_is_materialized_by_hand(page: Page, arrived: Run, dagit: DagsterUI) -> None:
    page.goto("/locations/lakehouse/jobs/mrhealth_arrivals")
    launch(page, "Materialize all", text(SILENT), "Launch 1 run")
    run = dagit.ended(lambda run: run.days == (text(SILENT), text(SILENT)))
    assert run.status == "SUCCESS"
    assert len(unit_days(dagit, SILENT)) == UNITS
    assert not any(row["delivered"] for row in unit_days(dagit, SILENT))
    page.goto(f"/runs/{run.id}")
    expect(shown(page, "Success")).to_be_visible()
    page.get_by_role("button", name="stderr").click()
    page.get_by_role("combobox").click()
    shown(page, "pid: ", exact=False).click()
    expect(shown(page, "STEP_SUCCESS", exact=False)).to_be_visible()


def test_a_range_is_backfilled_in_a_single_run(
    page: Page, arrived: Run, dagit: DagsterUI, pictures: Path
) -> None:
    before = {run.id for run in dagit.runs()}
    page.goto("/locations/lakehouse/asset-groups/mrhealth_gold/lineage")
    days = f"[{text(GOOD[0])}...{text(GOOD[-1])}]"
    launch(page, "Materialize all", days, "Launch backfill")
    run = dagit.ended(lambda run: run.id not in before and "dagster/backfill" in run.tags)
    assert run.status == "SUCCESS"
    assert run.days == (text(GOOD[0]), text(GOOD[-1]))
    assert "gold/mrhealth/unit_day" in run.assets
    backfill = run.tags["dagster/backfill"]
    page.goto("/runs")
    page.get_by_role("tab", name="Backfills").click()
    shown(page, backfill).click()
    expect(page.get_by_text("100% completed")).to_have_count(len(run.assets))
    expect(shown(page, "unit_day", exact=False)).to_be_visible()
    page.screenshot(path=pictures / "backfill.png")
    assert sum(other.tags.get("dagster/backfill") == backfill for other in dagit.runs()) == 1


def test_a_failed_check_names_the_file_the_reason_and_the_hint(
    page: Page, broken: str, pictures: Path
) -> None:
    page.goto("/assets/raw/mrhealth/orders")
    page.get_by_role("tab", name="Checks").click()
    shown(page, "files").click()
    for words in (broken, "truncated", "quarantine list"):
        expect(shown(page, words, exact=False)).to_be_visible()
    expect(shown(page, "Failed")).to_be_visible()
    page.screenshot(path=pictures / "check.png")
    page.goto("/assets/gold/mrhealth/unit_day")
    page.get_by_role("tab", name="Checks").click()
    shown(page, "completeness").click()
    expect(shown(page, "did not deliver: 2 ", exact=False)).to_be_visible()
    page.screenshot(path=pictures / "completeness.png")


def test_the_gold_tables_are_a_picture_for_the_pages(
    page: Page, broken: str, pictures: Path
) -> None:
    page.goto("/locations/lakehouse/asset-groups/mrhealth_gold/lineage")
    page.get_by_role("button", name="Hide navigation").click()
    expect(shown(page, "unit_day")).to_be_visible()
    for _ in range(5):
        page.get_by_role("button", name="zoom_out").click()
    expect(page.get_by_text("Loading").locator("visible=true")).to_have_count(0)
    expect(shown(page, "Asset checks")).to_be_visible()
    page.screenshot(path=pictures / "graph.png")


def test_what_the_services_say_stays_where_it_is(dagit: DagsterUI, arrived: Run) -> None:
    assert (dagit.home / "services" / "daemon.log").stat().st_size
    assert not any((dagit.home / ".logs_queue").glob("*"))

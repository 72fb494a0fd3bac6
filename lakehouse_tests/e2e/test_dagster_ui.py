"""A browser uses the Dagster UI as an operator does: look, materialize, backfill, find an error."""

import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from lakehouse.demo.files import LandedFile
from lakehouse.demo.mrhealth import Plan, deliveries, reference
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.e2e.dagster_ui import BROWSER_OPTIONS, DagsterUI, Run, browser, served

WAIT = 60_000
"""Milliseconds until an element must be visible; a busy machine is slow."""

FIRST = dt.datetime.now(ZoneInfo("America/Sao_Paulo")).date() - dt.timedelta(days=9)
GOOD = [FIRST + dt.timedelta(days=n) for n in range(3)]
SILENT = FIRST + dt.timedelta(days=3)
"""A day without any delivery."""
BROKEN = FIRST + dt.timedelta(days=4)
"""A day on which unit 2 delivers a truncated file."""
UNITS = 4
PLAN = Plan(units=UNITS, first=FIRST, days=5, orders_per_unit=8, errors=0)
LAYERS = ("raw", "bronze", "silver", "gold", "ops")
PICTURES = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterUI]:
    with served(tmp_path_factory.mktemp("ui")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = browser()
    if program is None:
        reason = "no Chromium on PATH. hint: `apt install chromium`, or run .ci/run as root"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(BROWSER_OPTIONS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    docs = os.environ.get("LAKEHOUSE_SCREENSHOTS") == "docs"
    folder = PICTURES if docs else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def page(
    chromium: Browser, ui: DagsterUI, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Open a tab of 1400 × 900 pixels; a failed test leaves a screenshot."""
    tab = chromium.new_page(base_url=ui.url, viewport={"width": 1400, "height": 900})
    tab.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    failed = request.session.testsfailed
    yield tab
    if request.session.testsfailed > failed:
        tab.screenshot(path=tmp_path / "failed.png")
    tab.close()


@pytest.fixture(scope="module")
def arrived(ui: DagsterUI) -> Run:
    """Deliver the files of three good days; return the run that the sensor requested last.

    A tick of the sensor in the middle of the delivery requests a run for the files until then.
    """
    land(reference(PLAN), ui)
    land(of_days(*GOOD), ui)
    return ui.finished_run(
        lambda run: run.job == "mrhealth_arrivals" and run.days[1] == text(GOOD[-1])
    )


@pytest.fixture(scope="module")
def broken(ui: DagsterUI, arrived: Run) -> str:
    """Deliver a file that is truncated inside its last line; return its path."""
    files = list(of_days(BROKEN))
    file = next(f for f in files if "unidade_002/" in f.path and "item" not in f.path.lower())
    data = file.data[: len(file.data) * 2 // 3].rstrip()
    truncated = LandedFile(file.path, data, file.modified_at)
    land([*(other for other in files if other is not file), truncated], ui)
    ui.finished_run(lambda run: run.days[1] == text(BROKEN))
    return file.path


def of_days(*days: dt.date) -> Iterable[LandedFile]:
    return (file for file in deliveries(PLAN) if any(text(day) in file.path for day in days))


def land(files: Iterable[LandedFile], ui: DagsterUI) -> None:
    for file in files:
        path = ui.landing / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        os.utime(path, (file.modified_at.timestamp(),) * 2)


def text(day: dt.date) -> str:
    return day.isoformat()


def unit_days(ui: DagsterUI, day: dt.date) -> list[dict[str, object]]:
    table = Lake(str(ui.lake)).table(TableId("gold", "mrhealth", "unit_day"))
    rows: list[dict[str, object]] = table.read([day]).to_pylist()
    return rows


def visible(page: Page, text: str, *, exact: bool = True) -> Locator:
    """Return the first visible element with this text."""
    return page.get_by_text(text, exact=exact).locator("visible=true").first


def launch(page: Page, button: str, days: str, launches: str) -> None:
    """Enter the days of a run in the dialog of a button, and launch it."""
    page.get_by_role("button", name=button).first.click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_role("textbox").first
    field.fill(days)
    field.press("Enter")
    start = dialog.get_by_role("button", name=launches)
    expect(start).to_be_enabled()
    start.click()
    expect(dialog).to_be_hidden()


def lakehouse(ui: DagsterUI, *words: str) -> None:
    """Run a command with the folders of the services."""
    environment = os.environ | {
        "LAKEHOUSE_ROOT": str(ui.lake),
        "LAKEHOUSE_LANDING": str(ui.landing),
        "DAGSTER_HOME": str(ui.home),
    }
    command = [sys.executable, "-c", "from lakehouse.cli import main; main()", *words]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_the_lineage_graph_shows_every_layer_of_the_domain(page: Page, ui: DagsterUI) -> None:
    page.goto("/")
    page.get_by_role("link", name="Lineage").click()
    for layer in LAYERS:
        expect(visible(page, f"mrhealth_{layer}")).to_be_visible()


def test_the_sensor_and_the_schedules_are_on_and_jobs_are_described(
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
    expect(visible(page, "Load the files delivered for these days", exact=False)).to_be_visible()


def test_the_sensor_starts_a_run_for_delivered_files(
    page: Page, arrived: Run, ui: DagsterUI, pictures: Path
) -> None:
    assert arrived.status == "SUCCESS"
    assert arrived.days[1] == text(GOOD[-1])
    page.goto("/runs")
    expect(visible(page, arrived.id[:8])).to_be_visible()
    expect(visible(page, f"lakehouse/days: {arrived.days[0]}", exact=False)).to_be_visible()
    page.screenshot(path=pictures / "runs.png")
    assert all(row["delivered"] for day in GOOD for row in unit_days(ui, day))


def test_a_table_page_shows_columns_lineage_sql_and_partitions(
    page: Page, arrived: Run, pictures: Path
) -> None:
    page.goto("/locations/lakehouse/asset-groups/mrhealth_gold/lineage")
    table = page.get_by_text("unit_day", exact=True).locator("visible=true")
    expect(page.get_by_role("button", name="zoom_out")).to_be_visible()
    for _ in range(20):  # only what is inside the window is drawn
        page.wait_for_timeout(500)
        if table.count():
            break
        page.get_by_role("button", name="zoom_out").click()
    table.first.dispatch_event("click")  # a toolbar may lie over it
    expect(page.get_by_text("Each row is one active unit on one day.").first).to_be_visible()
    page.goto("/assets/gold/mrhealth/unit_day")
    for expected in (
        "Sales of every active unit on every day",
        "Each row is one active unit on one day.",
        "Share of cancelled orders, 0 to 1; null without orders",
        "gold.mrhealth_unit_day",
        "mrhealth_gold",
        "DuckDB",
        "Delta Lake",
        "Freshness policy",
    ):
        expect(visible(page, expected, exact=False)).to_be_visible()
    expect(visible(page, "mrhealth")).to_be_visible()
    page.screenshot(path=pictures / "table.png")
    sql = page.get_by_role("row").filter(has_text="lakehouse/sql")
    sql.get_by_text("Show Markdown", exact=False).click()
    expect(page.get_by_role("dialog")).to_contain_text("silver__mrhealth__deliveries")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Lineage").click()
    for upstream in ("dim_unit", "fact_orders", "deliveries"):
        expect(visible(page, upstream)).to_be_visible()
    page.get_by_role("tab", name="Partitions").click()
    expect(page.get_by_text(re.compile(r"Materialized \([1-9]\)"))).to_be_visible()
    visible(page, text(GOOD[0])).click()
    expect(visible(page, "lakehouse/changed_days")).to_be_visible()
    page.screenshot(path=pictures / "days.png")


def test_a_user_materializes_one_day(page: Page, arrived: Run, ui: DagsterUI) -> None:
    page.goto("/locations/lakehouse/jobs/mrhealth_arrivals")
    launch(page, "Materialize all", text(SILENT), "Launch 1 run")
    run = ui.finished_run(lambda run: run.days == (text(SILENT), text(SILENT)))
    assert run.status == "SUCCESS"
    assert len(unit_days(ui, SILENT)) == UNITS
    assert not any(row["delivered"] for row in unit_days(ui, SILENT))
    page.goto(f"/runs/{run.id}")
    expect(visible(page, "Success")).to_be_visible()
    page.get_by_role("button", name="stderr").click()
    page.get_by_role("combobox").click()
    visible(page, "pid: ", exact=False).click()
    expect(visible(page, "STEP_SUCCESS", exact=False)).to_be_visible()


def test_a_user_backfills_a_range_of_days_in_one_run(
    page: Page, arrived: Run, ui: DagsterUI, pictures: Path
) -> None:
    before = {run.id for run in ui.runs()}
    page.goto("/locations/lakehouse/asset-groups/mrhealth_gold/lineage")
    days = f"[{text(GOOD[0])}...{text(GOOD[-1])}]"
    launch(page, "Materialize all", days, "Launch backfill")
    run = ui.finished_run(lambda run: run.id not in before and "dagster/backfill" in run.tags)
    assert run.status == "SUCCESS"
    assert run.days == (text(GOOD[0]), text(GOOD[-1]))
    assert "gold/mrhealth/unit_day" in run.assets
    backfill = run.tags["dagster/backfill"]
    page.goto("/runs")
    page.get_by_role("tab", name="Backfills").click()
    visible(page, backfill).click()
    expect(page.get_by_text("100% completed")).to_have_count(len(run.assets))
    expect(visible(page, "unit_day", exact=False)).to_be_visible()
    page.screenshot(path=pictures / "backfill.png")
    assert sum(other.tags.get("dagster/backfill") == backfill for other in ui.runs()) == 1


def test_a_failed_check_shows_file_reason_and_hint(page: Page, broken: str, pictures: Path) -> None:
    page.goto("/assets/raw/mrhealth/orders")
    page.get_by_role("tab", name="Checks").click()
    visible(page, "files").click()
    for expected in (broken, "truncated", "quarantine list"):
        expect(visible(page, expected, exact=False)).to_be_visible()
    expect(visible(page, "Failed")).to_be_visible()
    page.screenshot(path=pictures / "check.png")
    page.goto("/assets/gold/mrhealth/unit_day")
    page.get_by_role("tab", name="Checks").click()
    visible(page, "completeness").click()
    expect(visible(page, "did not deliver: 2 ", exact=False)).to_be_visible()
    page.screenshot(path=pictures / "completeness.png")


def test_a_run_of_the_command_line_is_on_the_timeline(
    page: Page, arrived: Run, ui: DagsterUI, pictures: Path
) -> None:
    lakehouse(ui, "materialize", "--domain", "people", "--from", text(FIRST), "--to", text(FIRST))
    run = ui.finished_run(lambda run: run.job == "people_arrivals")
    assert run.status == "SUCCESS"
    page.goto("/overview/timeline")
    for job in ("mrhealth_arrivals", "people_arrivals"):
        expect(visible(page, job)).to_be_visible()
    page.screenshot(path=pictures / "timeline.png")


def test_the_graph_of_the_gold_tables_can_be_photographed(
    page: Page, broken: str, pictures: Path
) -> None:
    page.goto("/locations/lakehouse/asset-groups/mrhealth_gold/lineage")
    page.get_by_role("button", name="Hide navigation").click()
    expect(visible(page, "Asset checks")).to_be_visible()
    expect(page.get_by_text("Loading").locator("visible=true")).to_have_count(0)
    details = page.get_by_text("Asset checks", exact=True).locator("visible=true")
    for _ in range(5):
        page.get_by_role("button", name="zoom_out").click()
        if not details.count():  # a small graph shows names only
            page.get_by_role("button", name="zoom_in").click()
            break
    expect(visible(page, "Asset checks")).to_be_visible()
    page.screenshot(path=pictures / "graph.png")


def test_service_logs_stay_in_the_dagster_home(ui: DagsterUI, arrived: Run) -> None:
    assert (ui.home / "services" / "daemon.log").stat().st_size
    assert not any((ui.home / ".logs_queue").glob("*"))

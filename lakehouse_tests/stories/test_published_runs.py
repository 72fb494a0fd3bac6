"""SQL shows the tables of one finished run, also while another one executes or after its end."""

import datetime as dt
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.orchestration import local_runs
from lakehouse.platform.orchestration.publishing import publish_tables
from lakehouse.platform.serving.sql_catalog import connect, names_in, query
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import ShownVersions, read_published
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.domains.sales.files import file, sale
from lakehouse_tests.stories.fork_server import ForkServer, fork_server

MONDAY, TUESDAY = dt.date(2023, 1, 2), dt.date(2023, 1, 3)
SQL = """
    SELECT (SELECT sum(total_value) FROM gold.sales_fact_sales),
           (SELECT sum(total_sales) FROM gold.sales_daily_sales),
           (SELECT sum(total_sales) FROM gold.sales_monthly_sales)
"""


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServer]:
    with fork_server() as started:
        yield started


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAKEHOUSE_QUIET_SECONDS", "0")
    monkeypatch.delenv("LAKEHOUSE_SALES_DSN", raising=False)
    return Settings.from_env()


def deliver(settings: Settings, day: dt.date, price: int) -> None:
    place = Path(settings.landing) / "sales" / day.isoformat() / "sales.csv"
    place.parent.mkdir(parents=True)
    values = {"sale_date": day, "unit_price": f"{price}.00", "total_value": f"{2 * price}.00"}
    place.write_text(file(sale(price, **values)))


def ingest(home: str) -> None:
    """Run what is due; called in a process of its own."""
    settings = Settings.from_env()
    with prepare_instance(Path(home)) as instance:
        for done in local_runs.ingest(load_domain("sales"), settings, instance):
            assert done.succeeded, done.problem


def sums(settings: Settings, *, latest: bool = False) -> tuple[object, ...]:
    lake = Lake(settings.root)
    shown = ShownVersions(lake, latest=latest)
    with connect(lake, settings, names=names_in(SQL), shown=shown) as connection:
        return query(connection, SQL).fetchall()[0]


@pytest.mark.parametrize("at", ["materialize.committed:2", "publish.writing", "publish.written"])
def test_a_killed_run_shows_all_of_its_tables_or_none(
    settings: Settings, tmp_path: Path, processes: ForkServer, at: str
) -> None:
    home = str(tmp_path / "home")
    deliver(settings, MONDAY, 10)
    assert processes.run(ingest, home) == 0
    assert sums(settings) == (20, 20, 20)
    deliver(settings, TUESDAY, 100)
    assert processes.run(ingest, home, LAKEHOUSE_FAILPOINT=at) == -signal.SIGKILL
    assert sums(settings) == ((220, 220, 220) if at == "publish.written" else (20, 20, 20))
    assert sums(settings, latest=True) != (20, 20, 20)
    assert processes.run(ingest, home) == 0
    assert sums(settings) == (220, 220, 220)


def test_a_publication_names_every_table_of_the_domain_and_its_run(
    settings: Settings, tmp_path: Path, processes: ForkServer
) -> None:
    deliver(settings, MONDAY, 10)
    assert processes.run(ingest, str(tmp_path / "home")) == 0
    lake = Lake(settings.root)
    published = read_published(lake, "sales")
    assert published is not None
    assert set(published.tables) == set(lake.tables(domain="sales"))
    assert published.note["job"] == "sales_as_of"
    assert float(published.note["seconds"]) > 0
    assert published.number == 1


def test_the_first_publication_of_a_lake_names_every_table_whoever_makes_it(
    settings: Settings, tmp_path: Path, processes: ForkServer
) -> None:
    deliver(settings, MONDAY, 10)
    assert processes.run(ingest, str(tmp_path / "home")) == 0
    shutil.rmtree(tmp_path / "lake" / "_published")
    lake = Lake(settings.root)
    only = [TableId("gold", "sales", "forecast")]
    published = publish_tables(lake, "sales", only, note={})
    assert set(published.tables) == set(lake.tables(domain="sales"))
    assert sums(settings) == (20, 20, 20)

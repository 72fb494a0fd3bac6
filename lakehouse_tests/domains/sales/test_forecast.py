"""A forecast of the sales, from received files to tables and reports."""

import datetime as dt
import math
import subprocess
import sys
from collections.abc import Callable, Collection
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from lakehouse.cli import main
from lakehouse.domains.sales.forecast import FORECAST
from lakehouse.domains.sales.gold.fact_sales import fact_sales
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.forecasting import models, report
from lakehouse.platform.forecasting.declaration import ForecastError
from lakehouse.platform.forecasting.examples import Examples
from lakehouse.platform.forecasting.forecast import compute_forecasts, store_forecasts
from lakehouse.platform.orchestration.io_manager import commit
from lakehouse.platform.orchestration.publishing import publish_tables
from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.sales.files import SAMPLE, file, sale

pytest.importorskip("sklearn", reason="pip install 'lakehouse[forecast]'")
pytest.importorskip("xgboost", reason="pip install 'lakehouse[forecast]'")

Call = Callable[..., Result]

FIRST = dt.date(2023, 1, 2)
"""First day of the data, a Monday."""
SOLD = (3, 1, 1, 2, 5, 9, 0)
"""Pieces sold on each weekday; none on Sundays."""
VALUES, MODELS = "gold.sales_forecast", "gold.sales_forecast_models"


def weeks(days: int) -> str:
    """An export of days that follow their weekday with a small variation."""
    lines = []
    for n in range(days):
        day, units = FIRST + dt.timedelta(days=n), SOLD[n % 7]
        if units:
            pieces = units + (n // 7) % 2
            lines.append(sale(n + 1, sale_date=day, quantity=pieces, total_value=f"{pieces}0.00"))
    return file(*lines)


@pytest.fixture(scope="module")
def weekly(tmp_path_factory: pytest.TempPathFactory) -> Business:
    """A shop of 160 days that follow the weekday; the last day is a Saturday."""
    return ingested(tmp_path_factory.mktemp("weekly"), weeks(160))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Business:
    """A shop with the shared file of one invented year."""
    if not SAMPLE.is_file():
        pytest.skip("no sample file at ../shared/data/sales")
    return ingested(tmp_path_factory.mktemp("sample"), SAMPLE.read_text())


def ingested(folder: Path, export: str) -> Business:
    shop = Business("sales", folder)
    shop.land("2024-06-01/sales_all.csv", export)
    shop.ingest()
    return shop


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call `lakehouse` over the lake of a shop."""

    def lakehouse(shop: Business, *words: str, code: int = 0) -> Result:
        monkeypatch.setenv("LAKEHOUSE_ROOT", shop.settings.root)
        monkeypatch.setenv("LAKEHOUSE_LANDING", shop.settings.landing)
        result = CliRunner().invoke(main, words)
        assert result.exit_code == code, f"{words}\n{result.output}\n{result.exception!r}"
        return result

    return lakehouse


def made(shop: Business, **asked: Any) -> list[tuple[Any, ...]]:
    """Compute and store a forecast; return every row of both tables."""
    outcomes = list(compute_forecasts(FORECAST, shop.lake, shop.settings, **asked))
    store_forecasts(FORECAST, outcomes, shop.lake, shop.settings)
    publish_tables(shop.lake, "sales", [table.id for table in FORECAST.tables], note={})
    return [
        row
        for table in (VALUES, MODELS)
        for row in shop.rows(f"select * from {table} order by all")
    ]


def test_a_model_with_lower_error_than_every_average_is_published_and_uses_the_weekday(
    weekly: Business, call: Call
):
    output = call(weekly, "forecast", "sales", "--days", "14").stdout
    assert output.startswith("Previsão de vendas: 2023-06-11 a 2023-06-24\n")
    assert output.count("Vencedor: ") == 2
    assert "Nenhum modelo é publicado" not in output
    winners = weekly.rows(
        f"select target, model, rmse from {MODELS} where is_published and part = 'test' order by 1"
    )
    assert [target for target, *_ in winners] == ["total_quantity", "total_sales"]
    for target, model, rmse in winners:
        assert (
            f"Vencedor: {report.model_name(model, FORECAST.words)}. No teste (RMSE {rmse}, MAE "
            in output
        )
        better = weekly.rows(
            f"select m.model from {MODELS} as m join {MODELS} as p using (target, part)"
            " where p.is_published and m.model like 'ma%' and part = 'test'"
            f" and target = '{target}' and (p.rmse >= m.rmse or p.mae >= m.mae)"
        )
        assert better == []
    values = weekly.rows(
        f"select forecast_day, step, value from {VALUES} where target = 'total_quantity' order by 1"
    )
    assert [(day, step) for day, step, _ in values] == [
        (dt.date(2023, 6, 10) + dt.timedelta(days=n), n) for n in range(1, 15)
    ]
    for day, _, value in values:
        sold = SOLD[day.weekday()]
        assert sold - 1 <= value <= sold + 2, f"{day}: {value} where {sold} or one more are sold"


def test_models_are_evaluated_on_unseen_days_and_the_published_one_is_trained_on_all_days(
    weekly: Business, monkeypatch: pytest.MonkeyPatch
):
    learned_from: list[int] = []

    def counting(learn: models.Learn) -> models.Learn:
        def counted(examples: Examples, categories: Collection[str]) -> models.Predict:
            learned_from.append(len(examples.y))
            return learn(examples, categories)

        return counted

    wrapped = {name: counting(learn) for name, learn in models.CANDIDATES.items()}
    monkeypatch.setattr(models, "CANDIDATES", wrapped)
    list(compute_forecasts(FORECAST, weekly.lake, weekly.settings, days=1))
    every_day = 160 - 30
    train = round(every_day * 0.7)
    assert learned_from == 2 * [train, train, every_day]


def test_every_value_is_a_row_of_the_report(weekly: Business, call: Call):
    output = call(weekly, "forecast", "sales", "--days", "3").stdout
    rows = weekly.rows(f"select forecast_day, value from {VALUES}")
    assert len(rows) == 2 * 3
    for day, value in rows:
        assert any(line.split() == [str(day), str(value)] for line in output.splitlines())


def test_for_the_random_sample_the_average_is_published_and_the_report_states_it(
    sample: Business, call: Call
):
    output = call(sample, "forecast", "sales").stdout
    assert output.startswith("Previsão de vendas: 2023-12-31 a 2024-01-06\n")
    assert output.count("Nenhum modelo é publicado: o melhor na validação, ") == 2
    published = sample.rows(
        f"select distinct target, model, value from {VALUES} order by target, model, value"
    )
    mean = sample.rows(
        "select round(sum(total_quantity) / 30, 2), round(sum(total_sales) / 30, 2)"
        " from gold.sales_daily_sales where day between date '2023-12-01' and date '2023-12-30'"
    )
    assert published == [
        ("total_quantity", "ma_30", Decimal(str(mean[0][0]))),
        ("total_sales", "ma_30", Decimal(str(mean[0][1]))),
    ]


@pytest.mark.parametrize("length", [7, 30])
def test_the_errors_of_an_average_equal_those_of_plain_sql(sample: Business, length: int):
    made(sample, days=7)
    stored = sample.rows(
        f"select part, first_day, last_day, forecasts, mae, rmse, mape_pct from {MODELS}"
        f" where target = 'total_sales' and model = 'ma_{length}' order by part"
    )
    assert [part for part, *_ in stored] == ["test", "validation"]
    for _, first, last, forecasts_, *errors in stored:
        (expected,) = sample.rows(f"""
            with days as (
                select cast(range as date) as day from range(date '2023-01-01', date '2024-01-01',
                interval 1 day)
            ), sold as (
                select day, coalesce(total_sales, 0) as value
                from days left join gold.sales_daily_sales using (day)
            ), due as (
                select a.day, a.value, avg(b.value) as forecast
                from sold as a, range(1, 8) as steps(step), sold as b
                where b.day between a.day - step::int - {length - 1} and a.day - step::int
                and a.day between '{first}' and '{last}'
                group by a.day, a.value, step
            )
            select count(*), avg(abs(value - forecast)), sqrt(avg((value - forecast) ** 2)),
                100 * avg(abs(value - forecast) / value) filter (value > 0) from due
        """)
        assert expected[0] == forecasts_
        for mine, theirs in zip(errors, expected[1:], strict=True):
            assert math.isclose(mine, theirs, abs_tol=0.0051)


def test_a_repeated_forecast_gives_the_same_rows_and_writes_nothing(sample: Business):
    first = made(sample, days=7)
    versions = [sample.lake.table(t.id).snapshot().version for t in FORECAST.tables]
    assert made(sample, days=7) == first
    assert [sample.lake.table(t.id).snapshot().version for t in FORECAST.tables] == versions


def test_another_horizon_from_the_same_day_replaces_the_first_forecast(weekly: Business):
    made(weekly, days=9)
    made(weekly, days=2)
    assert weekly.rows(f"select count(*), max(step) from {VALUES}") == [(4, 2)]
    assert weekly.rows(f"select distinct horizon from {MODELS}") == [(2,)]


def test_a_forecast_as_of_a_day_equals_that_of_a_lake_without_later_days(
    weekly: Business, tmp_path: Path
):
    until = FIRST + dt.timedelta(days=144)
    earlier = ingested(tmp_path, weeks(145))
    assert SOLD[until.weekday()], "a day with sales, or the lake would not know this day"
    known, alone = (
        [
            (each.last_known, each.values, each.errors, each.selection)
            for each in compute_forecasts(FORECAST, shop.lake, shop.settings, days=3, until=asked)
        ]
        for shop, asked in ((weekly, until), (earlier, None))
    )
    assert [last for last, *_ in known] == [until, until]
    assert known == alone


def test_too_few_days_and_no_days_give_an_error_of_one_line(
    weekly: Business, tmp_path: Path, call: Call
):
    result = call(weekly, "forecast", "sales", "--until", "2023-03-01", code=1)
    assert "error: only 23 days are usable for training and tests" in result.stderr
    result = call(weekly, "forecast", "sales", "--until", "2022-12-31", code=1)
    assert "gold.sales_forecast_features has no day up to 2022-12-31" in result.stderr
    result = call(Business("sales", tmp_path), "forecast", "sales", code=1)
    assert "lakehouse ingest --domain sales" in result.stderr


def test_the_error_for_a_domain_without_a_forecast_names_those_with_one(
    weekly: Business, call: Call
):
    result = call(weekly, "forecast", "people", code=1)
    assert "domain 'people' declares no forecast" in result.stderr
    assert "hint: domains that do: mrhealth, sales" in result.stderr


def test_without_the_libraries_the_command_names_what_to_install(
    weekly: Business, call: Call, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        models, "find_spec", lambda name: None if name == "xgboost" else find_spec(name)
    )
    result = call(weekly, "forecast", "sales", code=1)
    assert "a forecast needs xgboost, not installed here" in result.stderr
    assert "hint: pip install 'lakehouse[forecast]'" in result.stderr


def test_rows_that_break_their_contract_are_not_stored(weekly: Business):
    made(weekly, days=2)
    (outcome, *_) = compute_forecasts(FORECAST, weekly.lake, weekly.settings, days=2)
    day = outcome.values[0][0]
    twice = type(outcome)(**{**vars(outcome), "values": ((day, Decimal(-1)), (day, Decimal(1)))})
    before = weekly.rows(f"from {VALUES}")
    with pytest.raises(ForecastError, match="nothing was stored"):
        store_forecasts(FORECAST, [twice], weekly.lake, weekly.settings)
    assert weekly.rows(f"from {VALUES}") == before


def test_a_forecast_is_computed_and_stored_on_disk_and_on_s3(lake_root: str):
    lake, settings = Lake(lake_root), Settings(root=lake_root)
    schema = arrow_schema(fact_sales.contract.schema)
    unit = {field.name: 1 for field in schema} | {"region": "Sul", "total_value": Decimal(10)}
    days = {FIRST + dt.timedelta(days=n): SOLD[n % 7] for n in range(110)}
    kept = schema.remove(schema.get_field_index("day"))
    rows = {
        day: pa.Table.from_pylist([{**unit, "sale_date": day}] * units, schema=kept)
        for day, units in days.items()
    }
    lake.table(fact_sales.id).write(rows, schema=kept)
    commit(stage_days(FORECAST.features, [max(days)], lake, settings), lake, note={})
    stored = store_forecasts(
        FORECAST, list(compute_forecasts(FORECAST, lake, settings, days=7)), lake, settings
    )
    assert stored == {VALUES: 14, MODELS: 16}
    with catalog.connect(lake, settings, names={VALUES}) as connection:
        asked = f"select forecast_day, value from {VALUES} where target = 'total_quantity'"
        values = dict(catalog.query(connection, asked).fetchall())
    assert {day: round(value) for day, value in values.items()} == {
        day: SOLD[day.weekday()] for day in values
    }


@pytest.fixture
def definitions(weekly: Business, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    """The code location over the lake of the weekly shop."""
    monkeypatch.setenv("LAKEHOUSE_ROOT", weekly.settings.root)
    monkeypatch.setenv("LAKEHOUSE_LANDING", weekly.settings.landing)
    from lakehouse.definitions import defs

    return defs


def test_dagster_computes_the_forecast_after_its_features(
    weekly: Business, definitions: dg.Definitions
):
    values = dg.AssetKey(["gold", "sales", "forecast"])
    graph = definitions.resolve_asset_graph()
    assert graph.get(values).parent_keys == {dg.AssetKey(["gold", "sales", "forecast_features"])}
    config = dg.RunConfig(ops={"sales_forecast_step": {"config": {"days": 5}}})
    job = definitions.resolve_job_def("sales_forecast")
    (known,) = weekly.rows(f"select max(date) - 1 from {FORECAST.features.id.name}")[0]
    done = job.execute_in_process(run_config=config, partition_key=known.isoformat())
    rows = {
        event.materialization.asset_key.path[-1]: event.materialization.metadata[
            "dagster/row_count"
        ].value
        for event in done.get_asset_materialization_events()
    }
    assert rows == {"forecast": 10, "forecast_models": 16}
    assert weekly.rows(f"select max(step), count(*) from {VALUES}") == [(5, 10)]
    assert weekly.rows(f"select distinct day from {VALUES}") == [(known,)]
    assert graph.get(values).partitions_def is not None
    checked = {(event.partition, event.passed) for event in done.get_asset_check_evaluations()}
    assert checked == {(known.isoformat(), True)}


def test_a_forecast_of_an_unknown_day_fails_and_names_the_last_known_day(
    weekly: Business, definitions: dg.Definitions
):
    (first_unknown,) = weekly.rows(f"select max(date) from {FORECAST.features.id.name}")[0]
    later = first_unknown + dt.timedelta(days=3)
    done = definitions.resolve_job_def("sales_forecast").execute_in_process(
        partition_key=later.isoformat(), raise_on_error=False
    )
    assert not done.success
    (failure,) = done.filter_events(lambda event: event.is_step_failure)
    assert "choose the partition" in str(failure.step_failure_data)


def test_the_daily_runs_of_sales_compute_no_forecast(definitions: dg.Definitions):
    for job in ("sales_arrivals", "sales_refresh"):
        keys = definitions.resolve_job_def(job).asset_layer.executable_asset_keys
        assert not [key for key in keys if "forecast" in key.path[-1]]


@pytest.mark.parametrize("module", ["lakehouse.definitions", "lakehouse.cli.forecast"])
def test_importing_the_domain_does_not_import_the_libraries_of_the_models(module: str):
    program = (
        f"import sys, {module}\n"
        "sys.exit(', '.join({'sklearn', 'scipy', 'xgboost'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()

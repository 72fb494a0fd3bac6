"""Dagster's sensor requests extractions of a legacy table, and its job runs them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.orchestration.extraction import extraction_definitions
from lakehouse.platform.tables.registry import load_domain
from lakehouse_tests.platform.legacy_shop import Shop, added, shop

pytestmark = pytest.mark.postgres


@pytest.fixture
def captured(postgres: str, tmp_path: Path) -> Iterator[Shop]:
    """The shop after its first snapshot is in the lake; its slot waits for changes."""
    with shop(postgres, str(tmp_path), rows=3) as made:
        made.extract("cdc")
        made.ingest()
        yield made


def test_the_sensor_requests_an_extraction_only_when_something_changed(
    captured: Shop, monkeypatch: pytest.MonkeyPatch
):
    settings = replace(
        captured.settings,
        domain_variables={
            "LAKEHOUSE_SALES_DSN": captured.dsn,
            "LAKEHOUSE_SALES_EXTRACTION": "cdc",
        },
    )
    monkeypatch.setenv("LAKEHOUSE_SALES_DSN", captured.dsn)
    monkeypatch.setenv("LAKEHOUSE_SALES_EXTRACTION", "cdc")
    monkeypatch.setenv("LAKEHOUSE_ROOT", settings.root)
    monkeypatch.setenv("LAKEHOUSE_LANDING", settings.landing)
    nothing = extraction_definitions(load_domain("sales"), replace(settings, domain_variables={}))
    assert not nothing.sensors
    definitions = extraction_definitions(load_domain("sales"), settings).get_repository_def()
    sensor = definitions.get_sensor_def("sales_extraction")
    job = definitions.get_job("sales_extraction")

    def tick(instance: dg.DagsterInstance) -> bool:
        context = dg.build_sensor_context(instance=instance)
        return bool(sensor.evaluate_tick(context).run_requests)

    with dg.DagsterInstance.ephemeral() as instance:
        assert tick(instance)
        assert job.execute_in_process(instance=instance).success
        assert not tick(instance)
        captured.execute(added(10))
        assert tick(instance)
        assert job.execute_in_process(instance=instance).success
        assert captured.landed()[3:] == [("10", "insert", "Sul")]
        assert not tick(instance)
        captured.ingest()
        assert tick(instance)
        captured.execute("alter table sales drop column region")
        failed = job.execute_in_process(instance=instance, raise_on_error=False)
        assert not failed.success

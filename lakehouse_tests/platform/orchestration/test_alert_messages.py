"""A finished run sends alerts and replaced methods of its domain that nobody has received yet."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from lakehouse.platform.alerts.stored import alerts_table
from lakehouse.platform.forecasting.replaced_methods import methods_table
from lakehouse.platform.orchestration.run_messages import has_alerts, send_run_messages
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.platform.forecasting.test_replaced_methods import GOOD, WORSE
from lakehouse_tests.receiver import receiver


@dg.op(config_schema={"fails": bool})
def works(context: dg.OpExecutionContext) -> None:
    if context.op_config["fails"]:
        raise RuntimeError("no memory")


@dg.job(tags={"lakehouse/domain": "mrhealth"})
def mrhealth_as_of() -> None:
    works()


def store(settings: Settings) -> None:
    today = dt.datetime.now(settings.zone).date()
    row = {
        "alert_id": "volume-u7",
        "severity": "high",
        "state": "open",
        "last_day": today,
        "message": "Loja 7: nenhum pedido.",
        "action": "Ligar.",
        "owner": "TI",
    }
    table = pa.Table.from_pylist([row])
    stored = Lake(settings.root).table(alerts_table("mrhealth"))
    stored.write({today: table}, schema=table.schema, note={"by": "test"})
    stored = Lake(settings.root).table(methods_table("mrhealth"))
    for day, rows in ((today - dt.timedelta(days=1), GOOD), (today, WORSE)):
        table = pa.Table.from_pylist(rows)
        stored.write({day: table}, schema=table.schema, note={"by": "test"})


@pytest.mark.parametrize(("fails", "sent"), [(False, 1), (True, 0)])
def test_only_a_successful_run_sends_alerts_and_replaced_methods_and_runs_after_it_do_not(
    tmp_path: Path, fails: bool, sent: int
):
    with receiver() as hook, dg.DagsterInstance.ephemeral() as instance:
        settings = replace(Settings(root=str(tmp_path)), webhook=hook.url)
        store(settings)
        for _ in range(2):
            config = {"ops": {"works": {"config": {"fails": fails}}}}
            result = mrhealth_as_of.execute_in_process(
                instance=instance, raise_on_error=False, run_config=config
            )
            run = instance.get_run_by_id(result.run_id)
            assert run is not None
            send_run_messages(instance, run, settings)
        about = [text for text in hook.texts if "volume-u7" in text]
        assert len(about) == sent
        assert len([text for text in hook.texts if "previsão" in text]) == sent


def test_only_a_domain_with_a_table_of_alerts_has_alerts():
    assert has_alerts(load_domain("mrhealth"))
    assert not has_alerts(load_domain("bikes"))

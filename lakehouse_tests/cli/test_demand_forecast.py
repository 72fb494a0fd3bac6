"""`lakehouse forecast` of a domain whose runs compute a demand forecast."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from lakehouse.cli import main
from lakehouse.domains.mrhealth.gold.demand_forecast import demand_forecast
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.transform.definition import definition_of

DAY = dt.date(2026, 3, 20)


def test_the_stored_forecast_is_added_up_by_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path))
    runner = CliRunner()
    empty = runner.invoke(main, ["forecast", "mrhealth"])
    assert empty.exit_code == 1
    assert "lakehouse ingest --domain mrhealth" in empty.stderr
    none = runner.invoke(main, ["forecast", "cards"])
    assert none.exit_code == 1
    assert "domains that do: mrhealth, sales" in none.stderr
    schema = arrow_schema(demand_forecast.contract.schema)
    number = dict.fromkeys(("expected", "q05", "q25", "q50", "q75", "q95"), Decimal("2.50"))
    rows = [
        {"target_day": DAY + dt.timedelta(days=n), "unit_id": 1, "product_id": product}
        | {"model": "decomposition", "day": DAY, **number}
        for n in range(1, 29)
        for product in (301, 302)
    ]
    stored = pa.Table.from_pylist(rows, schema=schema).drop_columns(["day"])
    table = Lake(str(tmp_path)).table(demand_forecast.id)
    table.write({DAY: stored}, schema=stored.schema, definition=definition_of(demand_forecast))
    shown = runner.invoke(main, ["forecast", "mrhealth", "--days", "2"])
    assert shown.exit_code == 0, shown.output
    lines = [line.split() for line in shown.stdout.splitlines() if line]
    assert ["2026-03-21", "5", "2"] in lines
    assert ["2026-03-22", "5", "2"] in lines
    assert ["2026-03-23", "5", "2"] not in lines
    assert ["decomposition", "2"] in lines

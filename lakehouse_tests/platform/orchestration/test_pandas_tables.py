"""Tables computed by pandas have the contract, checks and storage of any other table."""

import datetime as dt
from decimal import Decimal

import dagster as dg
import ibis
import ibis.expr.types as ir
import pandas as pd
import pandera.ibis as pa
import pytest
from ibis.expr.datatypes import Decimal as DecimalType

from lakehouse.platform.orchestration.code_location import shared_definitions
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.declare import declare_table
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table, TableOptions
from lakehouse.settings import Settings

DAY, NEXT = dt.date(2026, 1, 5), dt.date(2026, 1, 6)


class Sales(pa.DataFrameModel):
    """Sales of a day."""

    day: dt.date = pa.Field(description="Day")
    amount: DecimalType(14, 2) = pa.Field(ge=0, description="Amount in R$")

    class Config:
        """One row a day."""

        strict = True
        unique = ["day"]


def sales() -> ir.Table:
    """Two days of sales."""
    rows = ibis.range(0, 2).unnest().name("n").as_table()
    day = (ibis.literal(DAY) + rows.n.as_interval("D")).cast("date")
    return rows.select(day=day, amount=(rows.n * 10).cast("decimal(14, 2)"))


def trend(sales: pd.DataFrame) -> pd.DataFrame:
    """A tenth of the sales, as a stand-in for a forecast."""
    return pd.DataFrame(
        {"day": sales["day"], "amount": [float(value) / 10 for value in sales["amount"]]}
    )


def below_zero(sales: pd.DataFrame) -> pd.DataFrame:
    """A forecast that breaks its contract."""
    return pd.DataFrame({"day": sales["day"], "amount": [-1.0] * len(sales)})


def without_amount(sales: pd.DataFrame) -> pd.DataFrame:
    """A forecast without the column of its contract."""
    return pd.DataFrame({"day": sales["day"]})


def run(transform, root, monkeypatch):
    """Materialize the sales and the pandas table for both days."""
    from lakehouse.platform.orchestration.computed_assets import computed_asset

    monkeypatch.setenv("LAKEHOUSE_ROOT", str(root))
    base = declare_table(sales, table=TableId("gold", "toy", "sales"), contract=Sales)
    forecast = declare_table(
        transform,
        table=TableId("gold", "toy", "trend"),
        contract=Sales,
        reads=[base],
        options=TableOptions(pandas=True),
    )
    domain = Domain(
        spec=DomainSpec(name="toy", title="Toy", since=DAY), sources=(), tables=(base, forecast)
    )
    settings = Settings.from_env()
    defs = dg.Definitions.merge(
        shared_definitions(),
        dg.Definitions(
            assets=[computed_asset(table, domain, settings) for table in (base, forecast)],
            jobs=[dg.define_asset_job("all", "*")],
        ),
    )
    tags = {
        "dagster/asset_partition_range_start": str(DAY),
        "dagster/asset_partition_range_end": str(NEXT),
    }
    return defs.resolve_job_def("all").execute_in_process(
        instance=dg.DagsterInstance.ephemeral(), tags=tags, raise_on_error=False
    )


def test_a_pandas_table_is_stored_by_day_in_the_types_of_its_contract(tmp_path, monkeypatch):
    assert run(trend, tmp_path, monkeypatch).success

    rows = Lake(str(tmp_path)).table(TableId("gold", "toy", "trend")).read().to_pylist()
    assert rows == [
        {"amount": Decimal("0.00"), "day": DAY},
        {"amount": Decimal("1.00"), "day": NEXT},
    ]


@pytest.mark.parametrize(
    "transform", [below_zero, without_amount], ids=["invalid value", "missing column"]
)
def test_a_pandas_table_that_breaks_its_contract_stores_nothing(transform, tmp_path, monkeypatch):
    result = run(transform, tmp_path, monkeypatch)

    assert not result.success
    assert not Lake(str(tmp_path)).table(TableId("gold", "toy", "trend")).exists()


def test_the_contract_of_a_pandas_table_must_have_a_day():
    class Timeless(pa.DataFrameModel):
        """No day."""

        amount: int = pa.Field(description="Amount")

    def timeless():
        """Nothing."""

    with pytest.raises(Exception, match=r"gold\.toy_timeless .*'day' is missing"):
        declare_table(
            timeless,
            table=TableId("gold", "toy", "timeless"),
            contract=Timeless,
            options=TableOptions(pandas=True),
        )


def test_a_pandas_table_is_declared_like_any_other_table():
    table = declare_table(
        trend,
        table=TableId("gold", "toy", "trend"),
        contract=Sales,
        options=TableOptions(pandas=True),
    )
    assert isinstance(table, Table)
    assert table.options.pandas

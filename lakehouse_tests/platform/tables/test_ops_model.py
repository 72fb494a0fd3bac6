"""An ops table is declared once; types, contract and text follow from its row."""

import datetime as dt
from dataclasses import fields
from typing import Any

import ibis.expr.schema as sch
import pandera.ibis
import pyarrow as pa
import pytest

from lakehouse.platform.tables.contract import contract_of
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Status
from lakehouse.platform.tables.ops_model import OpsTable, column, ops_row
from lakehouse.platform.tables.ops_tables import OPS_TABLES, QUARANTINE

LANDED_AT = dt.datetime(2026, 1, 5, 9, tzinfo=dt.timezone(dt.timedelta(hours=-3)))


HELD = Delivery(
    day=dt.date(2026, 1, 5),
    unit=None,
    file="a.csv",
    digest="ab",
    size=3,
    landed_at=LANDED_AT,
    status=Status.HELD,
)


def test_a_row_is_frozen_and_a_field_without_a_default_is_required():
    with pytest.raises(TypeError, match="digest"):
        Delivery(day=HELD.day, unit=1, file="a", size=1, landed_at=LANDED_AT)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        HELD.file = "b.csv"  # type: ignore[misc]


def test_moments_are_stored_in_utc_and_read_back_aware_with_the_enums_of_the_row():
    stored = DELIVERIES.to_arrow([HELD])
    assert stored.schema == DELIVERIES.schema
    assert stored["landed_at"].to_pylist() == [LANDED_AT.astimezone(dt.UTC).replace(tzinfo=None)]
    (read,) = DELIVERIES.from_arrow(stored.append_column("other", pa.array([1])))
    assert read == HELD
    assert isinstance(read.status, Status)
    assert read.landed_at.tzinfo is dt.UTC


@pytest.mark.parametrize("table", OPS_TABLES.values(), ids=OPS_TABLES)
def test_schema_and_view_have_the_columns_of_the_row(table: OpsTable[Any]):
    names = [field.name for field in fields(table.row)]
    assert table.schema.names == names
    assert table.stored.names == [name for name in names if name != "day"]
    assert list(table.sql_types) == list(table.descriptions)
    assert set(names) <= set(table.sql_types)


@pytest.mark.parametrize(
    "table",
    [table for table in OPS_TABLES.values() if table is not QUARANTINE],
    ids=lambda table: table.name,
)
def test_the_contract_promises_the_columns_of_the_row(table: OpsTable[Any]):
    contract = contract_of(table.model)
    assert contract.schema == sch.Schema.from_pyarrow(table.schema)
    assert [each.nullable for each in contract.columns] == [c.nullable for c in table.columns]
    assert contract.key == table.key


@pytest.mark.parametrize("table", OPS_TABLES.values(), ids=OPS_TABLES)
def test_every_ops_table_and_column_is_described(table: OpsTable[Any]):
    assert table.description.endswith(".")
    assert all(table.descriptions.values())


def test_checks_of_a_column_and_the_members_of_an_enum_become_rules():
    @ops_row
    class Sample:
        """One sample."""

        day: dt.date = column("Day")
        status: Status = column("Status")
        size: int = column("Bytes", ge=0)

    table = OpsTable(name="samples_of_files", row=Sample)
    assert issubclass(table.model, pandera.ibis.DataFrameModel)
    rules = {
        rule.column: rule for rule in contract_of(table.model).rules if rule.check != "not_null"
    }
    assert rules["status"].statistics == {"allowed_values": tuple(Status)}
    assert rules["size"].statistics == {"min_value": 0}
    assert table.model.__name__ == "SamplesOfFiles"

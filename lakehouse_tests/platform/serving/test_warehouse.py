"""Declarations of a warehouse and their DDL; loading is tested with the warehouse of bikes."""

from dataclasses import replace

import pandera.ibis as pa
import pytest
from ibis.expr.datatypes import Binary, Float64, Int16, Time, UInt64

from lakehouse.platform.serving.warehouse.ddl import Dialect, create_table, ddl
from lakehouse.platform.serving.warehouse.declaration import (
    Warehouse,
    references,
    warehouse_of,
    warehouse_table,
)
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.domains import domain_names
from lakehouse.platform.tables.registry import load_domain

DOMAIN = load_domain("mrhealth")
UNIT_DAY = DOMAIN.table("gold", "unit_day")
COUNTRIES = DOMAIN.table("silver", "countries")
PARENT = warehouse_table(
    COUNTRIES,
    name="country",
    columns={"code": "country_id", "label": "country_name"},
    distribution="code",
    text_lengths={"country_name": 50},
)
CHILD = warehouse_table(UNIT_DAY, references("country", "country_name", key=("label",)))
WAREHOUSE = Warehouse(schema="published", tables=(PARENT, CHILD))


def test_a_table_has_the_name_columns_and_key_of_the_lake_by_default():
    assert CHILD.name == "unit_day"
    assert list(CHILD.columns) == list(UNIT_DAY.contract.schema.names)
    assert CHILD.key == CHILD.sort == ("day", "unit_id")


def test_renamed_columns_rename_the_key_and_omitted_columns_are_not_part_of_it():
    assert COUNTRIES.contract.key == ("day", "country_id")
    assert PARENT.key == ("code",)


def test_a_snapshot_is_loaded_from_its_newest_day_and_other_tables_from_all_days():
    assert PARENT.current_rows.endswith("QUALIFY day = max(day) OVER ()")
    assert CHILD.current_rows == "SELECT * FROM gold.mrhealth_unit_day"


def test_tables_are_filled_after_the_tables_they_refer_to():
    assert WAREHOUSE.waves() == [[PARENT], [CHILD]]


def test_the_ddl_drops_in_reverse_order_and_adds_foreign_keys_last():
    statements = ddl(WAREHOUSE, Dialect.POSTGRESQL).split(";\n")
    assert [statement.split(" (")[0] for statement in statements] == [
        'DROP TABLE IF EXISTS "unit_day"',
        'DROP TABLE IF EXISTS "country"',
        'CREATE TABLE "country"',
        'CREATE TABLE "unit_day"',
        'ALTER TABLE "unit_day" ADD CONSTRAINT "unit_day_country" FOREIGN KEY',
        "",
    ]
    assert '"label" TEXT' in statements[2]


def test_the_ddl_for_redshift_has_text_lengths_distribution_and_sort_keys():
    text = ddl(WAREHOUSE, Dialect.REDSHIFT)
    assert '"label" VARCHAR(50)' in text
    assert '"unit_name" VARCHAR(1000) NOT NULL' in text
    assert 'DISTSTYLE KEY DISTKEY ("code")\nSORTKEY ("code");' in text
    assert 'DISTSTYLE ALL\nSORTKEY ("day", "unit_id");' in text


class Kinds(TableModel):
    """A column of each kind."""

    number: Int16 = pa.Field(description="Number")
    large: UInt64 = pa.Field(description="Large number")
    share: Float64 = pa.Field(description="Share")
    at: Time = pa.Field(description="Time of day")
    photo: Binary = pa.Field(description="Photo")


def test_a_column_has_a_type_that_keeps_its_values_or_is_not_allowed():
    table = replace(COUNTRIES, model=Kinds)
    columns = {name: name for name in ("number", "large", "share", "at")}
    text = create_table(replace(PARENT, table=table, columns=columns), Dialect.POSTGRESQL)
    for column in ("number BIGINT", "large DECIMAL(20, 0)", "share DOUBLE PRECISION", "at TIME"):
        name, _, kind = column.partition(" ")
        assert f'"{name}" {kind}' in text
    with pytest.raises(ValueError, match="binary has no type in a warehouse"):
        create_table(replace(PARENT, table=table, columns={"photo": "photo"}), Dialect.POSTGRESQL)


def test_a_warehouse_is_found_by_the_domain_that_declares_it():
    found = [name for name in domain_names() if warehouse_of(name) is not None]
    assert found == ["bikes"]

"""A table that contradicts its contract is rejected when it is declared, before data is read."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
import pytest

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.as_of import order_of
from lakehouse.platform.tables.contract import ContractError
from lakehouse.platform.tables.declare import declare_table, table_id_of
from lakehouse.platform.tables.registry import in_dependency_order, load_domain
from lakehouse.platform.tables.table import (
    LastDays,
    PythonRows,
    ReadScope,
    Table,
    TableOptions,
    last_days,
    relation_name,
)


class Visits(pa.DataFrameModel):
    day: dt.date = pa.Field(description="Day of the visit")
    guests: int = pa.Field(ge=0, description="Guests that came")

    class Config:
        strict = True
        unique = ["day"]


class Counted(pa.DataFrameModel):
    guests: int = pa.Field(description="Guests that came")


def id_of(layer: str, name: str, domain: str = "cafe") -> TableId:
    return TableId(layer, domain, name)


def table(
    layer: str = "silver", name: str = "visits", domain: str = "cafe", **values: Any
) -> Table:
    return Table(id=id_of(layer, name, domain), model=Visits, description="Visits.", **values)


def declare(transform: Callable[..., Any], *reads: Table | LastDays, **values: Any) -> Table:
    given = {"table": id_of("gold", "busy_days"), "contract": Visits, "reads": reads}
    return declare_table(transform, **{**given, **values})


def busy_days(visits: ir.Table) -> ir.Table:
    """Days with many guests."""
    return visits.filter(visits.guests > 9)


def test_a_table_that_fulfills_its_contract_is_declared_with_its_expression():
    made = declare(busy_days, table())
    assert made.description == "Days with many guests."
    assert made.expression.schema() == made.contract.schema
    assert [read.name for read in made.reads] == ["silver__cafe__visits"]
    assert not made.validates_rows


def test_a_missing_column_is_named_with_its_table():
    def transform(visits: ir.Table) -> ir.Table:
        """Days."""
        return visits.select("day")

    with pytest.raises(ContractError, match=r"gold\.cafe_busy_days.*'guests' is missing"):
        declare(transform, table())


def test_a_wrong_type_is_named_with_both_types():
    def transform(visits: ir.Table) -> ir.Table:
        """Days."""
        return visits.mutate(guests=visits.guests.cast("string"))

    with pytest.raises(ContractError, match=r"'guests': expected int64, found string"):
        declare(transform, table())


def test_a_column_that_upstream_lacks_is_reported_with_the_upstream_table():
    def transform(visits: ir.Table) -> ir.Table:
        """Days."""
        return visits.select("day", guests=visits.people)

    with pytest.raises(ContractError, match=r"silver\.cafe_visits.*people"):
        declare(transform, table())


def test_only_python_code_is_given_trained_models():
    def transform(visits: ir.Table) -> ir.Table:
        """Days."""
        return visits

    with pytest.raises(ContractError, match="only Python code is given trained models"):
        declare(transform, table(), options=TableOptions(models=("visits",)))


def test_a_table_without_a_docstring_is_rejected():
    with pytest.raises(ContractError, match="docstring"):
        declare(lambda visits: visits, table())


def test_a_table_needs_a_day_column_and_an_as_of_table_is_given_one():
    def counted(visits: ir.Table) -> ir.Table:
        """All guests."""
        return visits.agg(guests=visits.guests.sum())

    with pytest.raises(ContractError, match="'day' is missing"):
        declare(counted, table(), contract=Counted)
    made = declare(counted, table(), contract=Counted, as_of=True)
    assert made.contract.schema.names == ("guests", "day")
    assert made.expression.schema().names == ("guests", "day")
    with pytest.raises(ContractError, match="the day as of which"):
        declare(lambda visits: visits, table(), as_of=True)


def test_an_as_of_table_reads_as_of_tables_without_their_day():
    def counted(visits: ir.Table) -> ir.Table:
        """All guests."""
        return visits.agg(guests=visits.guests.sum()).order_by(ibis.desc("guests"))

    upstream = declare(counted, table(), contract=Counted, as_of=True)
    made = declare(same_rows, upstream, contract=Counted, as_of=True)
    assert made.expression.schema().names == ("guests", "day")
    assert list(order_of(upstream)) == ["guests"]


def test_an_as_of_table_reads_the_last_days_of_another_one_with_their_day():
    def counted(visits: ir.Table) -> ir.Table:
        """All guests."""
        return visits.agg(guests=visits.guests.sum())

    def newest(rows: ir.Table) -> ir.Table:
        """Guests of the newest day."""
        return rows.agg(guests=rows.guests.argmax(rows.day))

    upstream = declare(counted, table(), contract=Counted, as_of=True)
    made = declare(newest, last_days(upstream, 7), contract=Counted, as_of=True)
    assert (made.reads[0].scope, made.reads[0].days) == (ReadScope.LAST_DAYS, 7)
    with pytest.raises(ContractError, match="reads the last days of"):
        declare(newest, last_days(table(), 7), contract=Counted, as_of=True)


def test_python_code_computes_as_of_tables_in_the_process_of_the_run():
    def counted(visits: ir.Table) -> PythonRows:
        """All guests."""
        return PythonRows(inputs={"visits": visits}, compute=lambda _, inputs: inputs["visits"])

    embedded = TableOptions(python=(__name__,), embedded=True)
    made = declare(counted, table(), contract=Counted, as_of=True, options=embedded)
    assert not made.has_expression
    assert list(made.python_rows.inputs) == ["visits"]
    with pytest.raises(ContractError, match="hint: use @gold_as_of and the option embedded"):
        declare(counted, table(), contract=Counted, as_of=True, options=TableOptions(python=("x",)))
    with pytest.raises(ContractError, match="expected PythonRows"):
        declare(busy_days, table(), contract=Counted, as_of=True, options=embedded)


def same_rows(rows: ir.Table) -> ir.Table:
    """The same rows."""
    assert rows.columns == ("guests",)
    return rows


@pytest.mark.parametrize(
    ("layer", "upstream", "allowed"),
    [
        ("silver", table("bronze"), True),
        ("silver", table("silver"), True),
        ("gold", table("gold"), True),
        ("gold", table("bronze"), False),
        ("silver", table("raw"), False),
        ("bronze", table("silver"), False),
        ("gold", table("gold", domain="bar"), True),
        ("silver", table("gold", domain="bar"), True),
        ("gold", table("silver", domain="bar"), False),
        ("silver", table("silver", as_of=True), False),
    ],
    ids=str,
)
def test_a_layer_reads_itself_the_layer_before_and_gold_of_other_domains(layer, upstream, allowed):
    if allowed:
        made = declare(busy_days, upstream, table=id_of(layer, "busy_days"))
        assert made.reads[0].table is upstream
    else:
        with pytest.raises(ContractError, match=upstream.id.name):
            declare(busy_days, upstream, table=id_of(layer, "busy_days"))


def test_only_tables_can_be_read():
    with pytest.raises(ContractError, match="which is not a table"):
        declare(busy_days, "silver.cafe_visits")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("module", "name", "place"),
    [
        ("lakehouse.domains.cafe.gold.busy_days", "busy_days", "gold.cafe_busy_days"),
        ("lakehouse.domains.cafe.silver", "visits", "silver.cafe_visits"),
    ],
)
def test_the_path_of_a_module_gives_the_name_of_the_table(module, name, place):
    assert table_id_of(module, name).name == place


@pytest.mark.parametrize(
    ("module", "name"),
    [("lakehouse.domains.cafe.gold.busy_days", "busy"), ("lakehouse.platform.x", "x")],
)
def test_a_table_outside_a_layer_or_with_another_name_than_its_file_is_rejected(module, name):
    with pytest.raises(ContractError, match=name):
        table_id_of(module, name)


def test_tables_are_ordered_so_that_each_comes_after_those_it_reads():
    visits = table()
    busy = declare(busy_days, visits)
    assert in_dependency_order([busy, visits]) == [visits, busy]
    with pytest.raises(ContractError, match=r"reads silver\.cafe_visits, which does not exist"):
        in_dependency_order([busy])


def test_silver_reads_bronze_rows_by_touching_days_or_by_snapshot():
    mrhealth = load_domain("mrhealth")
    scopes = {
        name: [read.scope for read in mrhealth.table("silver", name).reads]
        for name in ("order_items", "units", "deliveries")
    }
    assert scopes == {
        "order_items": [
            ReadScope.TOUCHING_DAYS,
            ReadScope.TOUCHING_DAYS,
            ReadScope.SAME_DAY,
            ReadScope.SAME_DAY,
        ],
        "units": [ReadScope.SNAPSHOT, ReadScope.NAMING],
        "deliveries": [ReadScope.SAME_DAY],
    }


def test_a_silver_table_over_bronze_rows_must_keep_their_provenance():
    landed = load_domain("mrhealth").table("bronze", "units")

    def transform(units: ir.Table) -> ir.Table:
        """Units."""
        return units.select("day", guests=ibis.literal(1))

    with pytest.raises(ContractError, match="has no columns _file, _line, _digest"):
        declare(transform, landed, table=id_of("silver", "units", "mrhealth"))


def test_a_relation_has_the_name_of_layer_domain_and_table():
    assert relation_name(id_of("gold", "busy_days")) == "gold__cafe__busy_days"


def test_columns_that_differ_in_case_only_are_rejected():
    class Lowered(pa.DataFrameModel):
        """A day and a status."""

        day: dt.date = pa.Field(description="Day")
        status: str = pa.Field(description="Status")

    def lowered() -> ir.Table:
        """One row whose status is computed from a column that differs in case only."""
        rows = ibis.range(0, 1).unnest().name("n").as_table()
        given = rows.select(day=ibis.literal(dt.date(2026, 1, 5)), Status=ibis.literal("a"))
        return given.mutate(status=given.Status.lower()).select("day", "status")

    with pytest.raises(ContractError, match="'Status' and 'status' are the same name in SQL"):
        declare_table(lowered, table=TableId("gold", "toy", "lowered"), contract=Lowered)

"""Rows of raw, bronze and ops tables are compared with their contract without an engine."""

import datetime as dt

import pandera.ibis as pa
import pyarrow as arrow
import pytest

from lakehouse.platform.tables.contract import ContractError, TableModel, contract_of
from lakehouse.platform.tables.deliveries_model import DELIVERIES
from lakehouse.platform.tables.ops_tables import AS_OF_DAYS, DATA_QUALITY_LOG, RECONCILIATION
from lakehouse.platform.tables.registry import load_domains
from lakehouse.platform.tables.stored_rows import broken_rules, require_comparable


class Marks(TableModel, key=("day", "code")):
    """One mark."""

    day: dt.date = pa.Field(description="Day")
    code: str = pa.Field(isin=["A", "B"], description="Code")
    size: int = pa.Field(ge=0, nullable=True, description="Size")


VALID = {"code": ["A", "B"], "size": [0, None]}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (VALID, ""),
        ({"code": [], "size": []}, ""),
        (VALID | {"code": ["A", None]}, "1 rows break not_null on 'code'"),
        (VALID | {"code": ["A", "C"]}, "1 rows break isin on 'code'"),
        (VALID | {"size": [-1, -2]}, "2 rows break greater_than_or_equal_to on 'size'"),
        (VALID | {"code": ["A", "A"]}, "1 rows repeat a key (day, code)"),
        ({"code": ["A"]}, "column 'size' is missing"),
        (VALID | {"more": [1, 2]}, "column 'more' is not in the contract"),
    ],
)
def test_each_broken_rule_is_named_with_its_rows(rows: dict[str, list[object]], problem: str):
    types = {"code": arrow.string(), "size": arrow.int64(), "more": arrow.int64()}
    table = arrow.table({name: arrow.array(values, types[name]) for name, values in rows.items()})
    assert broken_rules(contract_of(Marks), table) == problem


def test_every_rule_of_the_tables_that_the_platform_makes_can_be_compared():
    contracts = [contract_of(each.model) for each in (RECONCILIATION, DATA_QUALITY_LOG, AS_OF_DAYS)]
    contracts.append(contract_of(DELIVERIES.model))
    contracts += [
        table.contract
        for domain in load_domains()
        for table in domain.tables
        if table.transform is None
    ]
    for contract in contracts:
        require_comparable(contract)


class Sized(TableModel):
    """A rule that only an engine can compare."""

    day: dt.date = pa.Field(description="Day")
    name: str = pa.Field(str_length={"max_value": 3}, description="Name")


def test_a_rule_that_needs_an_engine_stops_the_definitions():
    with pytest.raises(ContractError, match=r"Sized.name: 'str_length' has no form without"):
        require_comparable(contract_of(Sized))

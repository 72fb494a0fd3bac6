"""One declaration of a landed dataset yields its CSV format, its raw and its bronze table."""

from typing import Any

import pytest

from lakehouse.platform.tables.contract import ContractError
from lakehouse.platform.tables.csv_format import CsvDialect
from lakehouse.platform.tables.provenance import Provenance
from lakehouse.platform.tables.source import Column, Source

COLUMNS = {
    "User Id": Column("Number of the guest", personal="identifier", aliases=("guest",)),
    "spent": Column("Amount spent in BRL", decimal_comma=True),
    "note": Column("Note; null when there is none", optional=True),
    "paid_on": "Date of the payment",
}


def source(**values: Any) -> Source:
    given = {
        "domain": "cafe",
        "dataset": "guest_visits",
        "description": "Visits, one row per guest.",
        "files": r"visits\.csv",
        "columns": COLUMNS,
    }
    return Source(**{**given, **values})


def test_bronze_has_the_provenance_columns_then_the_columns_of_the_source_as_text():
    bronze = source().bronze
    provenance = Provenance.to_schema().columns
    assert bronze.id.name == "bronze.cafe_guest_visits"
    assert bronze.contract.schema.names == (*provenance, *COLUMNS)
    for column in bronze.contract.columns[len(provenance) :]:
        assert column.type.is_string()
        assert column.nullable


def test_bronze_keeps_descriptions_kinds_of_personal_data_and_earlier_headers():
    by_name = {column.name: column for column in source().bronze.contract.columns}
    assert by_name["User Id"].description == "Number of the guest"
    assert by_name["User Id"].tags == {"personal": "identifier", "renamed_from": ("guest",)}
    assert by_name["paid_on"].description == "Date of the payment"
    assert by_name["paid_on"].tags == {}


def test_raw_has_one_row_per_received_file():
    raw = source().raw
    assert raw.id.name == "raw.cafe_guest_visits"
    assert {"file", "digest", "status"} <= set(raw.contract.schema.names)


def test_the_csv_format_follows_from_columns_and_dialect():
    wanted = source(dialect=CsvDialect(delimiters=";", strip=True)).format
    assert wanted.columns == tuple(COLUMNS)
    assert wanted.aliases == {"guest": "User Id"}
    assert wanted.optional == ("note",)
    assert wanted.decimal_comma == ("spent",)
    assert (wanted.delimiters, wanted.strip) == (";", True)


@pytest.mark.parametrize(
    "option",
    [
        {"key": ("c",)},
        {"affects": {"tips": ("c",)}},
        {"ignored_parts": {"c": "^0"}},
        {"business_day": "c"},
    ],
    ids=lambda option: next(iter(option)),
)
def test_an_option_that_names_an_unknown_column_is_an_error(option: dict[str, Any]):
    with pytest.raises(ValueError, match=r"cafe\.guest_visits: .*\['c'\].*not among"):
        source(**option)


def test_a_column_cannot_have_the_name_of_a_provenance_column():
    with pytest.raises(ContractError, match=r"\['_line'\] have names of provenance columns"):
        source(columns={"_line": "Line"}).bronze  # noqa: B018  the contract is built when read

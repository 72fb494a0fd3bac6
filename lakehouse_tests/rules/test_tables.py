"""Rules that hold for every table of every domain."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.platform.privacy.personal_columns import PERSONAL, personal_columns
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.lineage import column_lineage
from lakehouse.platform.tables.registry import load_domains
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings
from tools.language import flags_of_name, flags_of_text

TABLES = [table for domain in load_domains() for table in domain.tables]
COMPUTED = [table for table in TABLES if table.transform is not None]
PERSONAL_COLUMNS = {table.id: personal_columns(table).names for table in TABLES}
PROVENANCE = re.compile(r"delivery_(?:day|unit)|_[a-z_]+")
NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
ORIGINAL = re.compile(r"original_")
"""Tables that repeat the output of the previous system, headings included."""
LONGEST_DESCRIPTION = 400
SHARE = re.compile(r"(?:^|_)(?:pct|perc|share|ratio|rate)(?:_|$)")
SCALE = re.compile(r"0 to 1|in percent|integer percentage|percentual")
UNIT = re.compile(
    rf"{SCALE.pattern}|BRL|USD|R\$|[Nn]umber of|in the (?:unit|measure)|quantidade|dias"
)
"""The variables of the book are described in the words of the business."""


def named(tables: list[Table]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("table", tables, ids=[table.id.name for table in tables])


@named(TABLES)
def test_the_first_line_of_a_description_is_a_plain_sentence(table: Table) -> None:
    first = table.description.strip().splitlines()[0]
    assert len(first) >= 15
    assert first[0].isupper()
    assert first.endswith((".", ":"))
    assert not list(flags_of_text(Path(table.id.name), table.description))


@named(TABLES)
def test_every_column_is_described_in_words_that_stand_alone(table: Table) -> None:
    undescribed = [
        column.name
        for column in table.contract.columns
        if len((column.description or "").split()) < 2
    ]
    assert undescribed == []
    banned = {
        column.name: [str(flag) for flag in flags_of_text(Path("column"), column.description)]
        for column in table.contract.columns
    }
    assert {name: flags for name, flags in banned.items() if flags} == {}
    too_long = [c.name for c in table.contract.columns if len(c.description) > LONGEST_DESCRIPTION]
    assert too_long == []


@named([table for table in COMPUTED if table.layer in (Layer.SILVER, Layer.GOLD)])
def test_a_share_says_its_scale_and_a_decimal_number_its_unit(table: Table) -> None:
    kinds = table.contract.schema
    unclear = [
        f"{column.name}: {column.description}"
        for column in table.contract.columns
        if kinds[column.name].is_decimal()
        and not (SCALE if SHARE.search(column.name) else UNIT).search(column.description)
    ]
    assert unclear == []


@named(TABLES)
def test_a_stored_table_is_partitioned_by_day(table: Table) -> None:
    assert str(table.contract.schema["day"]) in ("date", "!date")


@named([table for table in COMPUTED if table.has_expression])
def test_a_computed_table_has_a_contract_that_its_expression_meets(table: Table) -> None:
    made = table.contracted_expression.schema()
    assert list(made.names) == list(table.contract.schema.names)


@named([table for table in COMPUTED if table.layer in (Layer.SILVER, Layer.GOLD)])
def test_the_key_of_a_table_consists_of_its_columns(table: Table) -> None:
    assert set(table.contract.key) <= set(table.contract.schema.names)
    if table.layer is Layer.SILVER:
        assert table.contract.key, "a silver table has one row per key"


@named([table for table in COMPUTED if table.reads])
def test_a_table_reads_its_own_layer_or_the_one_before(table: Table) -> None:
    for read in table.reads:
        upstream = read.table
        if upstream.id.domain != table.id.domain:
            assert upstream.layer is Layer.GOLD
        else:
            assert table.layer.may_read(upstream.layer)


@named(TABLES)
def test_names_are_lower_case_words_and_use_the_glossary(table: Table) -> None:
    assert NAME.fullmatch(table.id.table)
    assert not list(flags_of_name(Path("table"), 1, table.id.table))
    if table.layer in (Layer.SILVER, Layer.GOLD) and not ORIGINAL.match(table.id.table):
        odd = [
            name
            for name in table.contract.schema.names
            if not NAME.fullmatch(name) and not PROVENANCE.fullmatch(name)
        ]
        assert odd == []


@named([table for table in COMPUTED if table.has_expression])
def test_text_that_is_made_of_personal_data_is_tagged(table: Table) -> None:
    tagged = {column.name for column in table.contract.columns if column.tags.get(PERSONAL)}
    untagged = {
        column: [f"{upstream.name}.{name}" for upstream, name in origins]
        for column, origins in column_lineage(table).items()
        if table.contract.schema[column].is_string()
        and column not in tagged
        and any(name in PERSONAL_COLUMNS.get(upstream, ()) for upstream, name in origins)
    }
    assert untagged == {}


@named(COMPUTED)
def test_a_computed_table_is_in_a_module_of_its_own_name(table: Table) -> None:
    assert table.transform is not None
    assert table.transform.__name__ == table.id.table


@named([table for table in TABLES if table.as_of])
def test_an_as_of_table_without_data_fulfills_its_contract(table: Table, tmp_path: Path) -> None:
    day = dt.date(2026, 1, 5)
    settings = Settings(root=str(tmp_path), threads=1)
    ready = replace(table, options=replace(table.options, before_compute=None))
    assert stage_days(ready, [day], Lake(settings.root), settings).failed_days == {}

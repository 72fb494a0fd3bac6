"""The specification of a domain."""

import datetime as dt

import pytest

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.domain_spec import DomainSpec, Schedule

NOT_ONE_WORD = ["", "Cafe", "my_cafe", "my-cafe", "7cafe", "café", "c" * 32, "objects"]


@pytest.mark.parametrize("name", NOT_ONE_WORD)
def test_a_domain_name_is_one_word_everywhere(name: str):
    with pytest.raises(ValueError, match="name"):
        DomainSpec(name=name, title="Café", since=dt.date(2024, 1, 1))
    with pytest.raises(ValueError, match="name"):
        TableId("gold", name, "visits")


def test_the_number_of_retries_is_not_negative():
    with pytest.raises(ValueError, match="expected 0 or more, found -1"):
        Schedule(name="nightly", cron="@daily", description="Nightly.", retries=-1)


def test_a_domain_has_a_word_for_its_unit_folders():
    with pytest.raises(ValueError, match="unit_folders"):
        DomainSpec(name="cafe", title="Café", since=dt.date(2024, 1, 1), unit_folders=())

"""What a URL selects."""

import datetime as dt
from typing import Any

import pytest

from lakehouse.dashboard import filters
from lakehouse.dashboard.declare import Query
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.pages import PAGES
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse_tests.dashboard.conftest import FIRST, LAST

PAGE = PAGES["/executivo"]


def read(search: str, snapshot: Snapshot) -> Selection:
    return filters.read(PAGE, search, snapshot, (FIRST, LAST))


def test_without_parameters_the_last_day_is_shown(snapshot: Snapshot):
    found = read("", snapshot)
    assert (found.first, found.last, found.values, found.language) == (LAST, LAST, {}, "pt")


def test_values_are_read_and_written_to_the_same_address(snapshot: Snapshot):
    address = "?de=2026-01-06&ate=2026-01-08&uf=SC&uf=RS&unidade=2&idioma=en"
    found = read(address, snapshot)
    assert found.values == {"uf": ("Santa Catarina", "Rio Grande do Sul"), "unidade": (2,)}
    assert found.address("/executivo") == f"/executivo{address}"
    assert not found.problems


@pytest.mark.parametrize(
    "search",
    ["?uf=XX", "?unidade=99", "?unidade=2%27%20OR%201=1", "?de=2026-13-01", "?ate=x", "?idioma=fr"],
)
def test_a_value_that_does_not_exist_is_a_problem(search: str, snapshot: Snapshot):
    (problem,) = read(search, snapshot).problems
    assert problem.parameter == search[1:].partition("=")[0]


def test_a_period_that_ends_before_it_starts_is_a_problem(snapshot: Snapshot):
    (problem,) = read("?de=2026-01-09&ate=2026-01-08", snapshot).problems
    assert problem.parameter == "de"


def test_conditions_quote_texts_and_leave_out_unknown_filters():
    values: Any = {"uf": ("D'Oeste",), "produto": (7,)}
    selection = Selection(first=FIRST, last=FIRST + dt.timedelta(days=1), values=values)
    query = Query(sql="{where} / {scope}", columns={"periodo": "day", "uf": "state_name"})
    period = "day BETWEEN DATE '2026-01-05' AND DATE '2026-01-06'"
    state = "state_name IN ('D''Oeste')"
    assert selection.sql(query) == f"{period}\n  AND {state} / {state}"

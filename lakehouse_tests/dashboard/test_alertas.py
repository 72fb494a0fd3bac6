"""The page of alerts shows them with their present state, without a browser."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.dashboard.alert_words import KINDS
from lakehouse.dashboard.declare import Query
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.pages import HELD, tables
from lakehouse.dashboard.pages.alertas import COUNTS, OPEN, OTHERS
from lakehouse.dashboard.pages.executivo import ATTENTION
from lakehouse.dashboard.snapshots import Snapshots
from lakehouse.domains.cards.alert_rules import KINDS as CARDS
from lakehouse.domains.mrhealth.alert_rules import KINDS as MRHEALTH
from lakehouse.domains.mrhealth.gold.alerts import alerts
from lakehouse.domains.people.alert_rules import KINDS as PEOPLE
from lakehouse.domains.sales.alert_rules import KINDS as SALES
from lakehouse.platform.alerts.decisions import decide
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish
from lakehouse.platform.tables.ops_tables import AlertStep
from lakehouse.settings import Settings
from lakehouse_tests.cli.test_alerts import DAY, SHOWN

KNOWN = {"mrhealth": MRHEALTH, "sales": SALES, "cards": CARDS, "people": PEOPLE}
FAR = dt.date(2999, 1, 1)
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def shown(tmp_path: Path) -> Callable[[Query], list[dict[str, Any]]]:
    """Return the rows of a query after steps about alerts a, b, c and an ended one d."""
    settings = replace(Settings(root=str(tmp_path)), threads=1)
    lake = Lake(settings.root)
    rows = [SHOWN | {"alert_id": name, "severity": "high"} for name in "abc"]
    rows += [SHOWN | {"alert_id": "d", "state": "ended"}, SHOWN | {"alert_id": "e"}]
    schema = arrow_schema(alerts.contract.schema)
    schema = schema.remove(schema.get_field_index("day"))
    table = pa.Table.from_pylist(rows, schema=schema)
    lake.table(alerts.id).write({DAY: table}, schema=schema, note={"by": "test"})
    given: dict[str, Any] = {"by": "ana", "now": NOW, "today": DAY}
    decide(lake, "mrhealth", "a", AlertStep.ACKNOWLEDGED, **given)
    decide(lake, "mrhealth", "b", AlertStep.CLOSED, outcome="ok", **given)
    decide(lake, "mrhealth", "c", AlertStep.SNOOZED, until=FAR, **given)
    decide(lake, "mrhealth", "d", AlertStep.ACKNOWLEDGED, **given)
    publish(lake, "mrhealth")
    snapshot = Snapshots(lake, settings, names=tables(), held=HELD).current()

    def run(query: Query) -> list[dict[str, Any]]:
        return snapshot.rows(Selection().sql(query))

    return run


def test_alerts_that_wait_are_shown_first_and_the_most_urgent_before_others(shown):
    found = {row["alert_id"]: row["state"] for row in shown(OPEN)}
    assert found == {"e": "open", "a": "acknowledged"}
    assert list(found) == ["e", "a"]


def test_closed_snoozed_and_ended_alerts_do_not_wait(shown):
    found = {row["alert_id"]: (row["state"], row["outcome"]) for row in shown(OTHERS)}
    assert found == {
        "b": ("closed", "ok"),
        "c": ("snoozed", None),
        "d": ("acknowledged", None),
    }
    (counts,) = shown(COUNTS)
    assert (counts["abertos"], counts["criticos"], counts["outros"]) == (2, 1, 3)


def test_what_needs_attention_on_the_executive_page_are_the_alerts_that_wait(shown):
    assert [row["link"] for row in shown(ATTENTION)] == [
        "/alertas?busca=e",
        "/alertas?busca=a",
    ]


def test_an_alert_leads_to_its_unit_and_days(shown):
    links = {row["link"] for row in shown(OPEN)}
    assert links == {"/unidades?unidade=7&de=2026-03-20&ate=2026-03-20"}


def test_every_kind_of_alert_has_a_name_for_people():
    assert set(KINDS) == {kind for kinds in KNOWN.values() for kind in kinds}


def test_no_identifier_of_an_alert_can_be_in_two_domains():
    families = [{kind.family for kind in kinds.values()} for kinds in KNOWN.values()]
    assert sum(len(each) for each in families) == len(set().union(*families))

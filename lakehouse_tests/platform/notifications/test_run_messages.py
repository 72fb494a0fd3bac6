"""A run report becomes messages: layer by layer, each with the cause that it is sent once for."""

import datetime as dt
from dataclasses import replace

import pytest

from lakehouse.platform.notifications.run_messages import (
    LayerReport,
    Message,
    MessageTemplates,
    RunReport,
    messages_of,
)
from lakehouse.settings import Settings

DAY = dt.date(2024, 4, 22)
REPORT = RunReport(
    domain="cafe",
    title="Café",
    job="cafe_arrivals",
    run_id="r1",
    origin="files",
    settings=Settings(),
    first=DAY,
    last=DAY,
    reports_success=True,
)
DONE = LayerReport(name="bronze", succeeded=True, changed=True)
TEMPLATES = MessageTemplates(layer_succeeded=lambda _, layer: (Message(text=f"{layer} done"),))


def causes(report: RunReport, templates: MessageTemplates = TEMPLATES) -> list[str]:
    return [message.cause for message in messages_of(report, templates)]


def test_successful_layers_and_failed_steps_are_reported_in_the_order_of_layers():
    failed = LayerReport(name="silver", errors=("no memory", "no disk"))
    first, second, third = messages_of(replace(REPORT, layers=(DONE, failed)), TEMPLATES)
    assert (first.text, first.hint) == ("bronze done", "")
    assert second.text == "*[Café: Silver]*\n\nThis error occurred:\n\nno memory"
    assert "lakehouse materialize --domain cafe --from 2024-04-22 --to 2024-04-22" in second.hint
    assert third.text.endswith("no disk")
    assert len({first.cause, second.cause, third.cause}) == 3


@pytest.mark.parametrize(
    ("report", "templates"),
    [
        (replace(REPORT, layers=(replace(DONE, changed=False),)), TEMPLATES),
        (replace(REPORT, layers=(replace(DONE, succeeded=False),)), TEMPLATES),
        (replace(REPORT, layers=(DONE,), reports_success=False), TEMPLATES),
        (replace(REPORT, layers=(DONE,)), MessageTemplates()),
    ],
    ids=["no new rows", "a step did not run", "a refresh", "a domain that reports failures only"],
)
def test_a_layer_is_not_reported(report: RunReport, templates: MessageTemplates):
    assert messages_of(report, templates) == []


def test_a_message_with_a_cause_of_its_own_needs_no_new_rows():
    rejected = MessageTemplates(layer_succeeded=lambda *_: (Message(text="x", cause="file"),))
    assert causes(replace(REPORT, layers=(replace(DONE, changed=False),)), rejected) == ["file"]


def test_the_same_error_of_the_same_files_has_the_same_cause_in_every_run():
    failed = replace(REPORT, layers=(LayerReport(name="gold", errors=("no memory",)),))
    assert causes(failed) == causes(replace(failed, run_id="r2"))
    assert causes(failed) != causes(replace(failed, origin="other files"))


def test_a_run_that_failed_outside_of_its_steps_is_reported_by_its_job():
    (message,) = messages_of(replace(REPORT, error="the process ended"), TEMPLATES)
    assert message.text == "*[cafe_arrivals]*\n\nThis error occurred:\n\nthe process ended"
    assert "run r1" in message.hint


def test_figures_come_last_and_name_every_step():
    report = replace(
        REPORT,
        layers=(DONE,),
        steps={"cafe_visits_landed": "SUCCESS", "gold_cafe_day": ""},
        rows=8,
        rejected_rows=1,
        loaded_files=1,
        seconds=1.25,
    )
    *_, figures = messages_of(report, TEMPLATES, with_figures=True)
    assert figures.text.splitlines() == [
        "*[Café: run succeeded]*",
        "",
        "Days: 2024-04-22 to 2024-04-22",
        "Duration: 1.2 s",
        "Volume: 8 rows in 1 files",
        "Error rate: 12.50% (1 rows rejected)",
        "• cafe_visits_landed: SUCCESS",
        "• gold_cafe_day: not run",
    ]


def test_errors_and_figures_lead_to_the_dashboard_and_successes_stay_word_for_word():
    failed = LayerReport(name="silver", errors=("no memory",))
    there = Settings(dashboard_url="https://lake.example.com/")
    report = replace(REPORT, layers=(DONE, failed), settings=there)
    done, error, figures = messages_of(report, TEMPLATES, with_figures=True)
    assert done.text == "bronze done"
    assert error.hint.endswith("\n\nhttps://lake.example.com/pipeline?dominio=cafe")
    asked = "dominio=cafe&de=2024-04-22&ate=2024-04-22"
    assert figures.text.splitlines()[-1] == f"https://lake.example.com/qualidade?{asked}"


def test_a_disk_that_is_full_is_one_cause_for_all_domains_runs_and_layers_of_a_day():
    full = "a disk is full ({}). hint: free space on it"
    layers = (
        LayerReport(name="bronze", errors=(full.format("/lake/a"),)),
        LayerReport(name="gold", errors=(full.format("/lake/b"),)),
    )
    report = replace(REPORT, reported_on=dt.date(2026, 3, 4), layers=layers)
    other = replace(report, domain="other", origin="other", layers=(), error=full.format("/x"))
    found = {*causes(report), *causes(other)}
    assert found == {"outage/2026-03-04/a disk is full/0"}
    tomorrow = replace(report, reported_on=dt.date(2026, 3, 5))
    assert not found & set(causes(tomorrow))

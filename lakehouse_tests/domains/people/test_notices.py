"""Messages about real runs reach a real receiver, word for word."""

import datetime as dt
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from click.testing import CliRunner

from lakehouse.cli import main
from lakehouse.domains.notices import MESSAGES as DEFAULT
from lakehouse.domains.people.notices import MESSAGES
from lakehouse.platform.notifications.run_messages import RunReport
from lakehouse.platform.orchestration import local_runs
from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
from lakehouse.platform.orchestration.run_tags import Work, job_name
from lakehouse.platform.orchestration.schedules import retry_request
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.domains.people.files import HEADER, file, person, row
from lakehouse_tests.mailbox import mailbox
from lakehouse_tests.receiver import Receiver, receiver

BRONZE = "*[Camada Bronze]*\n\nEtapa concluída com sucesso!\n\nSerão processados {} arquivos"
NOTHING = "Nenhum arquivo para processar!"
SILVER = (
    '*[Camada Silver]*\n\nEtapa concluída com sucesso!\n\nDados atualizados no arquivo "{}.parquet"'
)
GOLD = (
    "*[Camada Gold]*\n\nEtapa concluída com sucesso!\n\n"
    'Dados atualizados no arquivo "{}.parquet"\n\n{} registros duplicados foram removidos'
)
ERROR = "*[Camada {}]*\n\nOcorreu o erro abaixo:\n\n{}"
DAY = dt.date(2024, 4, 22)
NEXT = DAY + dt.timedelta(days=1)


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return dg.Definitions.merge(
        shared_definitions(), definitions_of(load_domain("people"), Settings())
    )


@dataclass
class World:
    folder: Path
    instance: dg.DagsterInstance
    hook: Receiver
    defs: dg.Definitions

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def land(self, path: str, text: str) -> None:
        file = self.folder / "landing" / "people" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def ingest(self) -> list[bool]:
        """Run `lakehouse ingest`; return whether each run of days succeeded."""
        runs = local_runs.ingest(load_domain("people"), Settings.from_env(), self.instance)
        return [ran.succeeded for ran in runs if ran.work != job_name("people", Work.AS_OF)]

    def run(
        self, first: dt.date, last: dt.date, tables: list[dg.AssetKey] | None = None
    ) -> local_runs.RunResult:
        """Run `lakehouse materialize`."""
        people = load_domain("people")
        return local_runs.materialize(people, self.instance, first=first, last=last, tables=tables)

    def requested(self, schedule: str, at: dt.datetime) -> dg.RunRequest | dg.SkipReason:
        """Return what a schedule requests at a moment."""
        context = dg.build_schedule_context(
            instance=self.instance, scheduled_execution_time=at.replace(tzinfo=dt.UTC)
        )
        found = self.defs.resolve_schedule_def(schedule).evaluate_tick(context)
        if found.skip_message is not None:
            return dg.SkipReason(found.skip_message)
        (request,) = found.run_requests or ()
        return request

    def texts(self) -> list[str]:
        """Return the messages received since the last call."""
        texts = self.hook.texts
        self.hook.bodies.clear()
        return texts


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, defs: dg.Definitions) -> Iterator[World]:
    monkeypatch.setitem(sys.modules, "lakehouse.definitions", SimpleNamespace(defs=defs))
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(tmp_path / "landing"))
    (tmp_path / "landing").mkdir(exist_ok=True)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAKEHOUSE_NOTIFY_ATTEMPTS", "1")
    with receiver() as hook:
        monkeypatch.setenv("LAKEHOUSE_SLACK_WEBHOOK", hook.url)
        instance = dg.DagsterInstance.ephemeral()
        yield World(tmp_path, instance, hook, defs)
        instance.dispose()


def test_each_layer_is_reported_once_and_a_run_without_changes_is_not_reported(world: World):
    world.land(f"{DAY}/people.csv", file(row(person(1)), row(person(2))))
    world.land(f"{DAY}/people_v2.csv", file(row(person(1)), row(person(2))))
    assert world.ingest() == [True]
    assert world.texts() == [
        BRONZE.format(2),
        SILVER.format("people_all"),
        GOLD.format("people_without_duplicates", 2),
    ]
    assert world.run(DAY, DAY).succeeded
    assert world.run(DAY - dt.timedelta(days=1), DAY).succeeded
    assert world.texts() == []


def test_the_sensor_reports_the_layers_of_a_successful_run_of_the_daemon(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.land(f"{DAY}/people.csv", file(row(person(1)), row(person(1))))
    with monkeypatch.context() as silent:
        silent.delenv("LAKEHOUSE_SLACK_WEBHOOK")
        assert world.ingest() == [True]
    run = world.instance.get_runs()[-1]
    (success,) = world.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_SUCCESS)
    assert success.dagster_event is not None
    for _ in range(2):
        context = dg.build_run_status_sensor_context(
            sensor_name="succeeded_runs",
            dagster_event=success.dagster_event,
            dagster_instance=world.instance,
            dagster_run=run,
        )
        world.defs.resolve_sensor_def("succeeded_runs")(context)
    assert world.texts() == [
        BRONZE.format(1),
        SILVER.format("people_all"),
        GOLD.format("people_without_duplicates", 1),
    ]


def test_a_run_over_many_days_reports_each_layer_once_with_the_duplicates_of_all_days(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LAKEHOUSE_PEOPLE_FILENAME_SILVER", "todas")
    monkeypatch.setenv("LAKEHOUSE_PEOPLE_FILENAME_GOLD", "unicas-2024")
    world.land(f"{DAY}/a.csv", file(row(person(1)), row(person(2))))
    world.land(f"{NEXT}/b.csv", file(row(person(2))))
    world.land(f"{NEXT + dt.timedelta(days=2)}/c.csv", file(row(person(2))))
    assert world.ingest() == [True]
    assert world.texts() == [
        BRONZE.format(3),
        SILVER.format("todas"),
        GOLD.format("unicas-2024", 2),
    ]


def test_the_refresh_after_a_delivery_is_not_reported(world: World):
    world.land(f"{DAY}/a.csv", file(row(person(1))))
    world.ingest()
    world.texts()
    world.land(f"{NEXT}/b.csv", file(row(person(1))))
    assert world.ingest() == [True, True]
    assert world.texts() == [
        BRONZE.format(1),
        SILVER.format("people_all"),
        GOLD.format("people_without_duplicates", 1),
    ]


def test_an_erasure_reports_no_success_and_erased_lines_are_not_errors(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LAKEHOUSE_NOTIFY_METRICS", "1")
    world.land(f"{DAY}/a.csv", file(row(person(1)), row(person(2))))
    assert world.ingest() == [True]
    assert "Taxa de erro: 0,00% (0 linhas recusadas)" in world.texts()[-1]
    erased = CliRunner().invoke(main, ["privacy", "erase", "--id", person(1), "--yes"])
    assert erased.exit_code == 0, erased.output
    assert world.texts() == []
    world.land(f"{DAY}/b.csv", file(row(person(3))))
    assert world.ingest() == [True]
    figures = world.texts()[-1]
    assert "Volume: 2 linhas em 2 arquivos" in figures
    assert "Taxa de erro: 0,00% (0 linhas recusadas)" in figures


def test_a_day_without_files_is_reported_once(world: World):
    assert world.ingest() == world.ingest() == []
    assert world.texts() == [NOTHING]


def test_the_schedule_skips_days_without_files_and_reports_that_once(world: World):
    midnight = dt.datetime.combine(NEXT, dt.time(3))
    for _ in range(2):
        assert isinstance(world.requested("people_pipeline", midnight), dg.SkipReason)
    assert world.run(DAY, NEXT).succeeded
    assert world.texts() == [NOTHING]
    world.land(f"{DAY}/a.csv", file(row(person(1))))
    assert isinstance(world.requested("people_pipeline", midnight), dg.RunRequest)
    assert world.texts() == []


def test_the_schedule_is_daily_and_retries_once_after_five_minutes(
    world: World,
):
    schedule = world.defs.resolve_schedule_def("people_pipeline")
    people = load_domain("people").spec
    assert (schedule.cron_schedule, people.since) == ("@daily", dt.date(2024, 4, 21))
    world.land(f"{DAY}/a.csv", file(row(person(1))))
    request: object = world.requested("people_pipeline", dt.datetime.combine(NEXT, dt.time(3)))
    (declared,) = people.schedules
    for attempt in range(2):
        assert isinstance(request, dg.RunRequest)
        job = world.defs.resolve_job_def("people_arrivals")
        run = world.instance.create_run_for_job(
            job_def=job, tags=dict(request.tags), status=dg.DagsterRunStatus.STARTED
        )
        world.instance.report_run_failed(run)
        now = dt.datetime.now(dt.UTC)
        assert (
            retry_request(people, declared, world.instance, now + dt.timedelta(minutes=4)) is None
        )
        request = retry_request(people, declared, world.instance, now + dt.timedelta(minutes=5))
        assert (request is None) == bool(attempt)


@pytest.mark.parametrize("layer", ["Bronze", "Silver", "Gold"])
def test_an_error_is_reported_once_with_a_hint_and_fails_the_run(world: World, layer: str):
    world.land(f"{DAY}/a.csv", file(row(person(1))))
    world.ingest()
    world.texts()
    if layer == "Bronze":
        world.land(f"{DAY}/b.csv", file(row(person(2))))
        shutil.rmtree(world.lake / "raw/people/objects")
        (world.lake / "raw/people/objects").write_text("no folder")
    else:
        above = "bronze/people/people" if layer == "Silver" else "silver/people/people_all"
        (data,) = (world.lake / above).rglob("*.parquet")
        data.write_bytes(b"no parquet")
    tables = {
        "Bronze": None,
        "Silver": [dg.AssetKey(["silver", "people", "people_all"])],
        "Gold": [dg.AssetKey(["gold", "people", "people_without_duplicates"])],
    }
    assert not world.run(DAY, DAY, tables[layer]).succeeded
    error, hint = world.texts()
    assert error.startswith(ERROR.format(layer, ""))
    assert len(error) > len(ERROR.format(layer, ""))
    assert hint.startswith("*O que fazer*\n\n")
    assert f"lakehouse materialize --domain people --from {DAY} --to {DAY}" in hint


def test_files_that_fail_again_with_the_same_error_are_reported_once(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LAKEHOUSE_ATTEMPTS", "2")
    world.land(f"{DAY}/a.csv", file(row(person(1))))
    (world.lake / "raw/people").mkdir(parents=True)
    (world.lake / "raw/people/objects").write_text("no folder")
    assert world.ingest() == [False, False]
    error, _ = world.texts()
    assert error.startswith(ERROR.format("Bronze", "[Errno 20] Not a directory"))


def test_a_rejected_file_is_reported_once_in_addition_to_the_processed_files(world: World):
    world.land(f"{DAY}/good.csv", file(row(person(1))))
    world.land(f"{DAY}/bad.csv", HEADER.replace(",Email", "") + "\n1,2,3,4,5,6,7,8\n")
    assert world.ingest() == [True]
    error, hint, *rest = world.texts()
    assert error.startswith(ERROR.format("Bronze", f"people/{DAY}/bad.csv, line 1, column 'Email'"))
    assert f"people/{DAY}/bad.csv não foi carregado" in hint
    assert rest[0] == BRONZE.format(1)
    world.land(f"{DAY}/more.csv", file(row(person(2))))
    world.ingest()
    assert world.texts()[0] == BRONZE.format(2)


@pytest.mark.parametrize("answers", [[500] * 9, None], ids=["failing", "gone"])
def test_a_failing_webhook_does_not_fail_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch, answers: list[int] | None
):
    if answers:
        world.hook.answers = answers
    else:
        monkeypatch.setenv("LAKEHOUSE_SLACK_WEBHOOK", "http://127.0.0.1:1/secret")
    world.land(f"{DAY}/a.csv", file(row(person(1))))
    assert world.ingest() == [True]
    run = world.instance.get_runs()[-1]
    log = [entry.message for entry in world.instance.all_logs(run.run_id)]
    assert len([text for text in log if text.startswith("slack did not receive people/")]) == 3
    assert not [text for text in log if "secret" in text]


def test_a_rejected_file_is_one_email_with_its_hint_and_success_is_not_mailed(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    with mailbox() as box:
        mailed_by(box.url(), monkeypatch)
        world.land(f"{DAY}/good.csv", file(row(person(1))))
        world.land(f"{DAY}/bad.csv", HEADER.replace(",Email", "") + "\n1,2,3,4,5,6,7,8\n")
        assert world.ingest() == [True]
        assert world.run(DAY, DAY).succeeded
    (letter,) = box.letters
    assert letter["Subject"] == "Erro: [Camada Bronze]"
    text = letter.get_content()
    assert f"people/{DAY}/bad.csv, line 1, column 'Email'" in text
    assert f"people/{DAY}/bad.csv não foi carregado" in text
    assert len(world.texts()) == 5


def test_a_failed_step_is_one_email(world: World, monkeypatch: pytest.MonkeyPatch):
    (world.lake / "raw/people").mkdir(parents=True)
    (world.lake / "raw/people/objects").write_text("no folder")
    world.land(f"{DAY}/a.csv", file(row(person(1))))
    monkeypatch.setenv("LAKEHOUSE_ATTEMPTS", "2")
    with mailbox() as box:
        mailed_by(box.url(), monkeypatch)
        assert world.ingest() == [False, False]
    (letter,) = box.letters
    assert "[Errno 20] Not a directory" in letter.get_content()
    assert "lakehouse materialize --domain people" in letter.get_content()


def test_a_missing_mail_server_does_not_fail_the_run_and_is_not_named_in_its_log(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    server = "smtp+starttls://lake:secret-pass@secret-host.invalid"  # pragma: allowlist secret
    mailed_by(server, monkeypatch)
    monkeypatch.setenv("LAKEHOUSE_MAIL_ABOUT", "all")
    world.land(f"{DAY}/a.csv", file(row(person(1))))
    assert world.ingest() == [True]
    run = world.instance.get_runs()[-1]
    entries = world.instance.all_logs(run.run_id)
    assert "mail did not receive people/" in "\n".join(entry.message for entry in entries)
    assert "secret" not in "\n".join(map(dg.serialize_value, entries))


def mailed_by(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure a mail server for the rest of the test."""
    monkeypatch.setenv("LAKEHOUSE_SMTP", server)
    monkeypatch.setenv("LAKEHOUSE_MAIL_FROM", "secret-lake@example.com")
    monkeypatch.setenv("LAKEHOUSE_MAIL_TO", "secret-ana@example.com")


def test_a_run_can_report_its_figures(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LAKEHOUSE_NOTIFY_METRICS", "1")
    world.land(f"{DAY}/a.csv", file(*(row(person(n)) for n in range(7)), row("bad")))
    world.ingest()
    *_, figures = world.texts()
    assert figures.startswith(f"*[People: execução sem erro]*\n\nDias: {DAY} a {DAY}\nTempo: ")
    assert (
        "\nVolume: 8 linhas em 1 arquivos\nTaxa de erro: 12,50% (1 linhas recusadas)\n" in figures
    )
    assert "• gold_people_people_without_duplicates: concluída" in figures


def test_a_failure_of_the_ops_layer_has_the_text_of_all_domains():
    report = RunReport(
        domain="people",
        title="People",
        job="people_arrivals",
        run_id="r",
        origin="o",
        settings=Settings(),
        first=DAY,
        last=DAY,
    )
    error = "1 delivered files do not reconcile"
    message = MESSAGES.layer_failed(report, "ops", error)
    assert message == DEFAULT.layer_failed(report, "ops", error)
    assert message.text == f"*[People: Ops]*\n\nOcorreu o erro abaixo:\n\n{error}"
    assert message.hint.startswith("*O que fazer*")

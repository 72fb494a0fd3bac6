"""A Dagster home is written, renewed and opened with the wanted runtime."""

from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.local_runtime import instance as homes
from lakehouse.platform.local_runtime import runtime
from lakehouse.platform.local_runtime.event_log import EventLog
from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.local_runtime.launcher import PreloadedLauncher
from lakehouse_tests.platform.local_runtime.days import DAYS, KEY, days_table, run_over

FORMER = Path(__file__).with_name("dagster-0.1.yaml").read_text()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("LAKEHOUSE_RUNTIME", raising=False)
    monkeypatch.setattr(homes, "_warned", set())
    return tmp_path / "home"


def is_local(instance: dg.DagsterInstance) -> bool:
    parts = (
        isinstance(instance.event_log_storage, EventLog),
        isinstance(instance.run_launcher, PreloadedLauncher),
    )
    assert len(set(parts)) == 1
    return parts[0]


def test_the_setting_chooses_the_runtime(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with prepare_instance(home) as instance:
        assert is_local(instance)
    monkeypatch.setenv("LAKEHOUSE_RUNTIME", "stock")
    with prepare_instance(home.with_name("other")) as instance:
        assert not is_local(instance)
        assert type(instance.run_launcher).__name__ == "DefaultRunLauncher"
    assert capsys.readouterr().err == ""


def test_an_untested_release_of_dagster_falls_back_to_stock_with_one_warning(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(runtime, "installed_release", lambda: "1.14.0")
    prepare_instance(home).dispose()
    with prepare_instance(home) as instance:
        assert not is_local(instance)
        assert run_over(instance, days_table).success
    warnings = capsys.readouterr().err
    assert warnings.count("warning: ") == 1
    assert "Dagster 1.14.0 is installed" in warnings
    assert "LAKEHOUSE_RUNTIME=stock" in warnings


def test_runs_stay_listed_when_the_runtime_changes_and_events_return_with_it(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    runs = {}
    for wanted in ("local", "stock"):
        with prepare_instance(home, wanted) as instance:
            runs[wanted] = run_over(instance, days_table).run_id
            assert {run.run_id for run in instance.get_runs()} == set(runs.values())
            assert instance.get_materialized_partitions(KEY) == set(DAYS)
            assert len(instance.all_logs(runs[wanted])) > len(DAYS)
    assert capsys.readouterr().err.count("events of these runs") == 1
    with prepare_instance(home, "stock") as instance:
        assert instance.all_logs(runs["local"]) == []
    with prepare_instance(home, "local") as instance:
        assert instance.all_logs(runs["local"])
        assert len(instance.get_runs()) == 2


def test_a_home_of_version_0_1_opens_with_its_runs(home: Path, capsys: pytest.CaptureFixture[str]):
    with prepare_instance(home, "local") as instance:
        run_over(instance, days_table)
    (home / "dagster.yaml").write_text(FORMER)
    with prepare_instance(home, "local") as instance:
        assert is_local(instance)
        assert len(instance.get_runs()) == 1
    assert "warning: " not in capsys.readouterr().err


def test_an_edited_file_of_version_0_1_is_kept_and_opens(home: Path):
    home.mkdir()
    edited = FORMER.replace("max_concurrent_runs: 2", "max_concurrent_runs: 7")
    (home / "dagster.yaml").write_text(edited)
    for wanted in ("local", "stock", "local"):
        with prepare_instance(home, wanted) as instance:
            assert is_local(instance) == (wanted == "local")
    assert "max_concurrent_runs: 7" in (home / "dagster.yaml").read_text()


def test_a_file_of_the_user_is_kept(home: Path):
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with prepare_instance(home, "local") as instance:
        assert not is_local(instance)
    assert (home / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"

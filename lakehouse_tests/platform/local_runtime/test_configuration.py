"""The text of a home's ``dagster.yaml``: written, renewed, kept, adapted to the runtime."""

from pathlib import Path

import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config

from lakehouse.platform.local_runtime.configuration import (
    SOURCE,
    adapted,
    renewed,
    storage_change,
)
from lakehouse.platform.local_runtime.runtime import Runtime

TEXT = SOURCE.read_text()
TOP_LEVEL = Path(__file__).parents[3] / "dagster.yaml"
FORMER = Path(__file__).with_name("dagster-0.1.yaml").read_text()
"""The file that version 0.1 copied to every home."""
LOCAL, STOCK = Runtime.LOCAL, Runtime.STOCK
EDITED = """\
# my notes
storage:
  custom:
    module: lakehouse.platform.runlog

    class: Storage # pooled
# between
    config: {base_dir: {env: DAGSTER_HOME}}
run_launcher: {module: lakehouse.platform.launcher, class: WarmLauncher}
concurrency:
  runs: {max_concurrent_runs: 7}
"""


def test_the_file_at_the_top_of_the_repository_equals_the_packaged_one():
    assert TOP_LEVEL.read_text() == TEXT


def test_a_home_without_a_file_gets_the_packaged_text_below_one_line():
    first, _, rest = renewed(None, TEXT, LOCAL).partition("\n")
    assert first.startswith("# Written by lakehouse; once edited, it is kept.")
    assert rest == TEXT


@pytest.mark.parametrize("runtime", list(Runtime))
def test_an_unedited_file_is_renewed_when_the_packaged_text_changes(runtime):
    former = renewed(None, TEXT.replace("max_concurrent_runs: 2", "max_concurrent_runs: 1"), LOCAL)
    assert renewed(former, TEXT, runtime) == renewed(None, TEXT, runtime)


def test_a_renewed_file_is_not_written_again():
    written = renewed(None, TEXT, STOCK)
    assert renewed(written, TEXT, STOCK) == written


def test_the_file_of_version_0_1_is_renewed():
    assert "lakehouse.platform.runlog" in FORMER
    assert renewed(FORMER, TEXT, LOCAL) == renewed(None, TEXT, LOCAL)


def test_an_edited_file_keeps_its_text_with_the_present_module_names():
    text = renewed(EDITED, TEXT, LOCAL)
    expected = EDITED.replace(
        "lakehouse.platform.runlog", "lakehouse.platform.local_runtime.run_storage"
    ).replace("lakehouse.platform.launcher", "lakehouse.platform.local_runtime.launcher")
    assert text == expected.replace("WarmLauncher", "PreloadedLauncher")


@pytest.mark.parametrize("text", [TEXT, EDITED, EDITED.rstrip("\n")], ids=["ours", "edited", "cut"])
def test_the_stock_runtime_switches_off_the_local_sections_and_nothing_else(text):
    local, stock = (yaml.safe_load(adapted(text, runtime)) for runtime in (LOCAL, STOCK))
    assert local["run_launcher"]["class"] == "PreloadedLauncher"
    assert stock == {k: v for k, v in local.items() if k not in ("storage", "run_launcher")}
    assert adapted(adapted(text, STOCK), LOCAL) == adapted(text, LOCAL)


def test_a_storage_that_the_user_chose_stays_with_the_stock_runtime():
    text = "storage:\n  postgres:\n    postgres_url: {env: LAKEHOUSE_DAGSTER_DSN}\n"
    assert renewed(text, TEXT, STOCK) == renewed(text, TEXT, LOCAL) == text


def test_an_edited_written_file_is_kept():
    edited = renewed(None, TEXT, LOCAL).replace("max_concurrent_runs: 2", "max_concurrent_runs: 5")
    assert renewed(edited, TEXT.replace("90", "91"), LOCAL) == edited


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [(FORMER, STOCK, "history/event_log.db"), (adapted(TEXT, STOCK), LOCAL, "history/runs")],
    ids=["local to stock", "stock to local"],
)
def test_a_change_of_the_storage_says_where_the_events_stay(before, after, left):
    change = storage_change(before, renewed(before, TEXT, after))
    assert change is not None
    assert left in change


def test_a_change_of_names_is_no_change_of_the_storage():
    assert storage_change(FORMER, renewed(FORMER, TEXT, LOCAL)) is None


@pytest.mark.parametrize("runtime", list(Runtime))
def test_dagster_accepts_the_written_file(tmp_path: Path, runtime):
    (tmp_path / "dagster.yaml").write_text(renewed(None, TEXT, runtime))
    config, _ = dagster_instance_config(str(tmp_path))
    assert ("storage" in config) == (runtime is LOCAL)


def test_dagster_accepts_the_file_for_several_machines(tmp_path: Path):
    (tmp_path / "dagster.yaml").write_text(
        (TOP_LEVEL.parent / "deploy/dagster-s3.yaml").read_text()
    )
    config, _ = dagster_instance_config(str(tmp_path))
    assert config["compute_logs"]["class"] == "S3ComputeLogManager"

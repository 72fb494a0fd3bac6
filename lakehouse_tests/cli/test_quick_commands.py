"""Commands that only look import no Dagster, no Ibis and no domain, once the code is known."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lakehouse.cli import main
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.catalogue import read_catalogue
from lakehouse.platform.tables.domains import domain_names

HEAVY = ("dagster", "ibis", "pandas", "pandera", "lakehouse.definitions")
PROBE = f"""
import sys
sys.argv[0] = "lakehouse"
from lakehouse.platform.tables import code_digest
code_digest.loaded_since = float("inf")  # somebody may edit the code while tests run
from lakehouse.cli import main
try:
    main()
finally:
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Return an empty lake with a Dagster home that knows the code."""
    root = tmp_path_factory.mktemp("places")
    (root / "home").mkdir()
    found = {
        "LAKEHOUSE_ROOT": str(root / "lake"),
        "LAKEHOUSE_LANDING": str(root / "landing"),
        "DAGSTER_HOME": str(root / "home"),
        code_facts.SHARED: "",
    }
    called(found, "sql", "show tables")
    return found


def called(places: Mapping[str, str], *arguments: str, **variables: str) -> tuple[str, str]:
    """Run a command in a process of its own; return its output and the heavy modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        env={**os.environ, **places, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("sql", "show tables"),
        ("sql", "select 1 as one"),
        ("sql", "select count(*) from ops.deliveries"),
        ("models", "list"),
    ],
)
def test_a_command_that_looks_loads_no_heavy_library(
    places: Mapping[str, str], arguments: tuple[str, ...]
):
    shown, loaded = called(places, *arguments)
    assert shown
    assert loaded == "[]"


def test_show_tables_lists_every_table_with_its_description(places: Mapping[str, str]):
    shown, _ = called(places, "sql", "SHOW ALL TABLES;", "--format", "csv")
    assert shown.startswith("name,description\n")
    assert "gold.mrhealth_unit_day," in shown
    assert "ops.deliveries," in shown
    for line in shown.splitlines():
        assert not line.endswith(","), f"{line} has no description"


def test_completion_knows_commands_and_domains_and_loads_nothing(places: Mapping[str, str]):
    shown, loaded = called(
        places,
        _LAKEHOUSE_COMPLETE="bash_complete",
        COMP_WORDS="lakehouse status --domain ",
        COMP_CWORD="3",
    )
    assert [line.partition(",")[2] for line in shown.split()] == list(domain_names())
    assert loaded == "[]"


def test_what_shows_a_kept_status_loads_no_heavy_library():
    probe = f"""
import sys
import lakehouse.cli.status
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_status_looks_at_a_domain_again_without_dagster(places: Mapping[str, str], tmp_path: Path):
    without_runs = {**places, "DAGSTER_HOME": str(tmp_path / "missing")}
    _, loaded = called(without_runs, "status", "--domain", "people")
    assert loaded == "['ibis', 'pandas', 'pandera']"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(shell: str):
    from click.testing import CliRunner

    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert "_LAKEHOUSE_COMPLETE" in result.output


def test_a_domain_that_cannot_be_loaded_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from lakehouse.platform.tables import registry

    monkeypatch.setattr(code_facts, "digest_of_code", lambda: None)
    load = registry.load_domain

    def broken(name: str) -> object:
        if name == "people":
            raise NameError("name 'oops' is not defined")
        return load(name)

    monkeypatch.setattr(registry, "load_domain", broken)
    found = read_catalogue()
    assert found.broken == {"people": "NameError: name 'oops' is not defined"}
    domains = {table.name.partition(".")[2].partition("_")[0] for table in found.tables}
    assert domains == set(domain_names()) - {"people"}

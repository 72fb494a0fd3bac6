"""The layout check finds private imports, words of domains and modules that are too long."""

import re
from pathlib import Path

import pytest

from tools import layout

DOMAINS = re.compile("(?<![A-Za-z])toys(?=[_/])|(?<=[_/])toys(?![a-z])|(?<=[\"'`])toys(?=[\"'`.])")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("storage", "local_runtime"):
        (layout.PLATFORM / name).mkdir(parents=True)
    return layout.PLATFORM


def faults(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    return list(layout.faults(path, DOMAINS))


@pytest.mark.parametrize(
    "text",
    [
        "from dagster._core.instance import DagsterInstance\n",
        "import dagster._utils\n",
        "def late():\n    from dagster_shared._utils import x\n",
    ],
)
def test_private_modules_of_dagster_belong_in_the_local_runtime(package: Path, text: str) -> None:
    assert "private to Dagster" in faults(package / "storage" / "module.py", text)[0]
    assert faults(package / "local_runtime" / "module.py", text) == []


@pytest.mark.parametrize(
    "text",
    ['table = "silver.toys_orders"\n', "# the folder toys/\n", 'x = "unidade_7"\n', 'y = "não"\n'],
)
def test_the_platform_names_no_domain_and_speaks_no_portuguese(package: Path, text: str) -> None:
    (fault,) = faults(package / "storage" / "module.py", text)
    assert "belongs in a domain" in fault


def test_an_ordinary_word_is_not_the_name_of_a_domain(package: Path) -> None:
    assert faults(package / "storage" / "module.py", '"""Sort toys by name."""\n') == []


def test_a_module_of_more_than_500_lines_is_split(package: Path) -> None:
    assert faults(package / "storage" / "module.py", "x = 1\n" * 500) == []
    assert "split it by subject" in faults(package / "storage" / "module.py", "x = 1\n" * 501)[0]

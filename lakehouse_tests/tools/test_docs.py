from pathlib import Path

import click
import pytest

from tools.docs import faults

PAGE = """# Page

## Add a table

{}
"""


@click.group()
def lakehouse() -> None:
    pass


@lakehouse.command()
@click.option("--limit", type=int)
@click.argument("table")
def history(limit: int, table: str) -> None:
    raise AssertionError("a documented command was run")


@pytest.fixture
def untrue(tmp_path: Path):
    def on_page(body: str) -> list[str]:
        page = tmp_path / "page.md"
        page.write_text(PAGE.format(body), "utf-8")
        return [fault.split(": ", 1)[1] for fault in faults(page, {"demo"}, lakehouse)]

    return on_page


def fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


@pytest.mark.parametrize(
    "body",
    [
        fenced("python", ">>> 1 + 1\n2"),
        fenced("python", "from lakehouse import __version__"),
        fenced("sh", "lakehouse history --limit 3 silver.mrhealth_orders | head  # newest"),
        fenced("sh", "AWS_PROFILE=dev .venv/bin/lakehouse history \\\n  gold.mrhealth_unit_day"),
        fenced("python", "# lakehouse/domains/x/y.py\nA = 1")
        + "\n"
        + fenced("python", "from lakehouse.domains.x.y import A"),
        fenced("sh", "lakehouse history --help"),
        fenced("console", "$ make demo\nlakehouse is not read here"),
        fenced("text", "lakehouse nonsense"),
        "[above](#add-a-table) and [elsewhere](https://example.com/nowhere)",
    ],
)
def test_what_is_true_passes(untrue, body: str):
    assert untrue(body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (fenced("python", ">>> 1 + 1\n3"), "Expected:\n    3\nGot:\n    2"),
        (fenced("python", "from lakehouse import nonsense"), "lakehouse has no nonsense"),
        (fenced("python", "import = 3"), "does not parse"),
        (fenced("sh", "lakehouse undo"), "no command undo"),
        (fenced("sh", "lakehouse history t --deep"), "No such option"),
        (fenced("sh", "lakehouse history t --limit many"), "not a valid integer"),
        (fenced("sh", "lakehouse history"), "table is missing"),
        (fenced("sh", "make nonsense"), "make has no target nonsense"),
        ("[there](missing.md)", "link to missing.md: no such file"),
        ("[there](#nothing)", "link to #nothing: no such heading"),
    ],
)
def test_what_is_untrue_is_named(untrue, body: str, fault: str):
    assert any(fault.lower() in output.lower() for output in untrue(body))


def test_a_fault_names_its_page_and_line(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(PAGE.format(fenced("sh", "make nonsense")), "utf-8")
    assert list(faults(page, set(), None)) == [f"{page}:6: make has no target nonsense"]


def test_a_page_goes_on_with_the_modules_of_a_page_that_it_links_to(untrue, tmp_path: Path):
    defined = fenced("python", "# lakehouse/domains/x/y.py\nA = 1")
    (tmp_path / "first.md").write_text(PAGE.format(defined), "utf-8")
    used = fenced("python", "from lakehouse.domains.x.y import A")
    assert untrue(f"[the first page](first.md)\n{used}") == []
    assert len(untrue(used)) == 1

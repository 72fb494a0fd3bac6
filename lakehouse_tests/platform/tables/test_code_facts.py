"""Facts of the code are the same whether they are kept, damaged, deleted or found out again."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import lakehouse.domains
from lakehouse.platform.tables import code_digest, code_facts
from lakehouse.platform.tables.code_facts import CodeFacts

ALL_DEFINITIONS = """
import hashlib, json, sys
import ibis
from lakehouse.platform.tables import code_digest, declare
code_digest.loaded_since = float("inf")  # somebody may edit the code while tests run

counts = {"sql": 0, "checks": 0}

def counted(module, name, what):
    real = getattr(module, name)
    def call(*args, **kwargs):
        counts[what] += 1
        return real(*args, **kwargs)
    setattr(module, name, call)

counted(ibis, "to_sql", "sql")
counted(declare, "_check_expression", "checks")

from lakehouse.definitions import defs
from lakehouse.platform.tables.registry import load_domains
from lakehouse.platform.transform.as_of import _expressions, as_of_tables
from lakehouse.platform.transform.definition import definition_of, has_definition

shown = {}
for spec in defs.resolve_all_asset_specs():
    content = [spec.description, sorted(spec.kinds), spec.code_version, sorted(
        (key, repr(value)) for key, value in spec.metadata.items()
    )]
    shown[spec.key.to_user_string()] = repr(content)
for domain in load_domains():
    shown[domain.name] = _expressions(as_of_tables(domain))
    for table in filter(has_definition, domain.tables):
        made = definition_of(table)
        shown[f"definition of {table.id.name}"] = repr((made.version, made.content))
json.dump({"counts": counts, "shown": {
    key: hashlib.sha256(value.encode()).hexdigest() for key, value in shown.items()
}}, sys.stdout)
"""
KIOSK = """
import json, sys
import lakehouse.domains
lakehouse.domains.__path__.append(sys.argv[1])
from lakehouse.platform.tables import code_digest, declare
code_digest.loaded_since = float("inf")  # the files were written just now
checks = []
real = declare._check_expression
declare._check_expression = lambda table: (checks.append(table.id.name), real(table))
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.transform.definition import definition_of
domain = load_domain("kiosk")
json.dump({
    "checks": checks,
    "version": definition_of(domain.table("gold", "busy")).version,
    "is_of_code": all(table.is_of_code for table in domain.tables),
}, sys.stdout)
"""
SPEC = """
import datetime as dt
from lakehouse.platform.tables.domain_spec import DomainSpec
SPEC = DomainSpec(name="kiosk", title="Kiosk", since=dt.date(2024, 1, 1))
"""
BUSY = """
import datetime as dt
import ibis.expr.types as ir
import pandera.ibis as pa
{imports}
from lakehouse.platform.tables.declare import gold
from lakehouse.platform.tables.table import PARTITIONS

class Busy(pa.DataFrameModel):
    day: dt.date = pa.Field(description="Day.")
    guests: int = pa.Field(description="Guests.")

@gold(contract=Busy, reads=[PARTITIONS])
def busy(days: ir.Table) -> ir.Table:
    \"\"\"Guests of each day.\"\"\"
    return days.select("day", guests={guests})
"""


def ran(program: str, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "DAGSTER_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def kept(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home / "code").rglob("*") if path.is_file()}


def test_definitions_are_equal_with_missing_kept_and_damaged_facts(tmp_path: Path):
    missing = json.loads(ran(ALL_DEFINITIONS, tmp_path).stdout)
    assert missing["counts"]["sql"]
    assert missing["counts"]["checks"]
    facts = kept(tmp_path)
    with_facts = json.loads(ran(ALL_DEFINITIONS, tmp_path).stdout)
    assert with_facts["counts"] == {"sql": 0, "checks": 0}
    assert with_facts["shown"] == missing["shown"]
    for number, path in enumerate(sorted((tmp_path / "code").rglob("*"))):
        if path.is_file():
            content = path.read_bytes()
            path.write_bytes((content[:-1], content.replace(b"e", b"f"), b"\xff", b"")[number % 4])
    damaged = json.loads(ran(ALL_DEFINITIONS, tmp_path).stdout)
    assert damaged["counts"] == missing["counts"]
    assert damaged["shown"] == missing["shown"]
    assert kept(tmp_path) == facts, "damaged facts are written again"


Load = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a domain ``kiosk`` outside of the package and load it in a process of its own."""
    (tmp_path / "home").mkdir()
    layer = tmp_path / "domains" / "kiosk" / "gold"
    layer.mkdir(parents=True)
    (layer.parent / "__init__.py").write_text(SPEC)
    (layer.parent / "sources.py").write_text("")
    (layer / "__init__.py").write_text("")

    def loaded(guests: str, imports: str = "") -> "subprocess.CompletedProcess[str]":
        module, code = layer / "busy.py", BUSY.format(guests=guests, imports=imports)
        if not module.exists() or module.read_text() != code:
            module.write_text(code)
        return ran(KIOSK, tmp_path / "home", str(tmp_path / "domains"))

    return loaded


def test_a_changed_expression_of_a_domain_elsewhere_is_noticed_and_checked(load: Load):
    first, again = json.loads(load("1").stdout), json.loads(load("1").stdout)
    assert first["checks"] == ["gold.kiosk_busy"]
    assert again == {**first, "checks": []}
    changed = json.loads(load("2").stdout)
    assert changed["checks"] == ["gold.kiosk_busy"]
    assert changed["version"] != first["version"]
    contradicting = load("1.5")
    assert contradicting.returncode
    assert "column 'guests': expected int64, found float64" in contradicting.stderr


def test_a_domain_that_uses_code_outside_of_the_covered_folders_has_no_kept_facts(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "helper.py").write_text("GUESTS = 1")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for imports, guests in (
        ("import helper", "helper.GUESTS"),
        ("from helper import GUESTS", "GUESTS"),
    ):
        for _ in range(2):
            found = json.loads(load(guests, imports).stdout)
            assert found["checks"] == ["gold.kiosk_busy"]
            assert not found["is_of_code"]


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take the code in memory for that on disk, whenever somebody edited it last.

    Each home keeps facts of its own.
    """
    monkeypatch.delenv(code_facts.SHARED, raising=False)
    monkeypatch.setattr(code_digest, "loaded_since", float("inf"))
    code_digest._digests.clear()
    yield
    code_digest._digests.clear()


class TestTrust:
    """Facts are used only where the code in memory is that on disk."""

    def test_a_file_that_changed_after_the_code_was_loaded(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(code_digest, "loaded_since", 1.0)
        assert code_digest.digest_of_code() is None

    def test_a_file_with_equal_content_and_another_time(self, tmp_path: Path):
        """Python itself may take an older compiled file for one with equal time and size."""
        (tmp_path / "rules.py").write_text("LIMIT = 2")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lakehouse.domains, "__path__", [str(tmp_path)])
            before = code_digest.digest_of_code()
            code_digest._digests.clear()
            os.utime(tmp_path / "rules.py", (1, 1))
            assert before is not None
            assert code_digest.digest_of_code() not in (before, None)

    def test_a_file_that_changes_while_a_domain_is_loaded(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        from lakehouse.platform.tables.registry import load_domain

        tables = load_domain("people").tables
        places = [*lakehouse.domains.__path__, str(tmp_path)]
        monkeypatch.setattr(lakehouse.domains, "__path__", places)
        monkeypatch.setattr(code_facts, "_home", lambda _: tmp_path)
        code_digest._digests.clear()
        assert code_digest.digest_of_code()
        (tmp_path / "rules.py").write_text("LIMIT = 2")
        checked: list[object] = []
        code_facts.settle("people", tables, checked.append)
        assert checked == list(tables)
        assert code_digest.digest_of_code() is None
        assert not list(tmp_path.glob("code/*"))

    def test_a_copy_of_a_table_with_other_values(self):
        from lakehouse.platform.tables.registry import load_domain

        table = load_domain("people").tables[-1]
        copy = replace(table, description="Other.")
        assert not copy.is_of_code
        assert code_facts.of_table(copy, "x", lambda: "found out") == "found out"


def test_a_fact_is_kept_and_a_damaged_one_is_found_out_again(tmp_path: Path):
    facts = CodeFacts(tmp_path)
    assert facts.text("a", lambda: "1\nä") == "1\nä"
    assert facts.text("a", lambda: "2") == "1\nä"
    (place,) = (path for path in tmp_path.rglob("*") if path.is_file())
    place.write_bytes(place.read_bytes()[:-1])
    assert facts.text("a", lambda: "3") == "3"
    assert facts.text("a", lambda: "4") == "3"


def test_the_folder_is_private_and_its_size_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(code_facts, "MOST_FACTS", 4)
    facts = CodeFacts(tmp_path)
    for number in range(6):
        facts.remember(str(number), "text")
    assert facts.folder is not None
    assert len(list(facts.folder.iterdir())) <= 4
    assert facts.recall("5") == "text"
    assert facts.folder.stat().st_mode & 0o777 == 0o700


def test_folders_of_other_code_are_deleted_but_the_newest(tmp_path: Path):
    for number in range(6):
        other = tmp_path / "code" / f"other{number}"
        other.mkdir(parents=True)
        os.utime(other, (number, number))
    CodeFacts(tmp_path).remember("a", "text")
    names = {path.name for path in (tmp_path / "code").iterdir()}
    assert names == {"other3", "other4", "other5", code_digest.digest_of_code()}


@pytest.mark.parametrize("home", [None, "missing", "file"])
def test_without_a_home_every_fact_is_found_out(tmp_path: Path, home: str | None):
    (tmp_path / "file").write_text("")
    facts = CodeFacts(tmp_path / home if home else None)
    assert facts.text("a", lambda: "1") == "1"
    assert facts.text("a", lambda: "2") == "2"


def test_a_home_that_cannot_be_written_is_no_error(tmp_path: Path):
    (tmp_path / "code").write_text("a file where the folder should be")
    assert CodeFacts(tmp_path).text("a", lambda: "1") == "1"

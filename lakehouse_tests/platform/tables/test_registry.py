"""Domains are found by their folders, and contradictions between them are rejected."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import lakehouse.domains
from lakehouse.platform.tables import code_digest
from lakehouse.platform.tables.contract import ContractError
from lakehouse.platform.tables.registry import Domain, load_domain

SPEC = """
import datetime as dt
from lakehouse.platform.tables.domain_spec import DomainSpec
SPEC = DomainSpec(name={name!r}, title="Kiosk", since=dt.date(2024, 1, 1))
"""
SOURCE = """
from lakehouse.platform.tables.source import Source
VISITS = Source(
    domain={domain!r},
    dataset="visits",
    description="Visits.",
    files="visits",
    columns={{"id": "Number of the visit"}},
)
"""
Load = Callable[..., Domain]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Write a domain ``kiosk`` into a folder and load it."""
    monkeypatch.setattr(lakehouse.domains, "__path__", [*lakehouse.domains.__path__, str(tmp_path)])
    monkeypatch.setattr(code_digest, "_digests", [None])  # the code on disk changes

    def loaded(*, name: str = "kiosk", sources: str = SOURCE.format(domain="kiosk")) -> Domain:
        folder = tmp_path / "kiosk"
        folder.mkdir()
        (folder / "__init__.py").write_text(SPEC.format(name=name))
        (folder / "sources.py").write_text(sources)
        return load_domain("kiosk")

    yield loaded
    for module in [name for name in sys.modules if name.startswith("lakehouse.domains.kiosk")]:
        del sys.modules[module]
    load_domain.cache_clear()


def test_a_source_yields_its_raw_and_its_bronze_table(load: Load):
    assert [table.id.name for table in load().tables] == ["raw.kiosk_visits", "bronze.kiosk_visits"]


def test_the_folder_of_a_domain_has_the_name_of_its_specification(load: Load):
    with pytest.raises(ContractError, match=r"domains\.kiosk: .*name 'stand', expected .*'kiosk'"):
        load(name="stand")


def test_a_source_has_the_domain_of_its_folder(load: Load):
    with pytest.raises(ContractError, match=r"'visits' has the domain 'stand', expected 'kiosk'"):
        load(sources=SOURCE.format(domain="stand"))


def test_two_sources_of_a_domain_have_different_datasets(load: Load):
    twice = SOURCE.format(domain="kiosk")
    with pytest.raises(ContractError, match=r"2 sources have the dataset 'visits'"):
        load(sources=twice + twice.replace("VISITS", "GUESTS").replace("Visits", "Guests"))

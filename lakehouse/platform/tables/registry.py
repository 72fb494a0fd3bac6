"""The domains and their tables, found by their place in the code; no list is kept by hand."""

import functools
import importlib
import importlib.util
import pkgutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.contract import ContractError
from lakehouse.platform.tables.control_total import ControlTotal
from lakehouse.platform.tables.declare import check_contract
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.domains import (
    DOMAINS,
    declaration_of,
    domain_names,
)
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.source import Source, declared_in
from lakehouse.platform.tables.table import Table

if TYPE_CHECKING:
    from lakehouse.platform.quality.checks import QualityCheck


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A domain with everything declared for it."""

    spec: DomainSpec
    sources: tuple[Source, ...]
    tables: tuple[Table, ...]
    checks: "tuple[QualityCheck, ...]" = ()
    control_totals: tuple[ControlTotal, ...] = ()

    @property
    def name(self) -> str:
        """Return the word used in asset keys, table names and the landing folder."""
        return self.spec.name

    def table(self, layer: str, name: str) -> Table:
        """Return one table.

        Raises:
            KeyError: there is no table of this name.
        """
        wanted = TableId(layer, self.spec.name, name)
        for table in self.tables:
            if table.id == wanted:
                return table
        raise KeyError(wanted.name)

    def of(self, layer: Layer) -> tuple[Table, ...]:
        """Return the tables of one layer, each after those it reads."""
        return tuple(t for t in self.tables if t.layer is layer)

    @property
    def validating_tables(self) -> dict[str, Table]:
        """Return, by dataset, the table that gives each delivered row its outcome."""
        return {t.reads[0].table.id.table: t for t in self.tables if t.validates_rows}


@functools.cache
def load_domain(name: str) -> Domain:
    """Import a domain's folder and collect its tables.

    Raises:
        ContractError: a declaration contradicts its contract, its place or another declaration, or
            a quality check has no day.
        ModuleNotFoundError: there is no such domain.
        ValueError: a source has a query, but the domain declares no setting ``dsn``.
    """
    package = importlib.import_module(f"{DOMAINS}.{name}")
    if package.SPEC.name != name:
        raise ContractError(
            f"{DOMAINS}.{name}: the specification has the name {package.SPEC.name!r}, expected the"
            f" name of the folder, {name!r}; hint: rename the folder or write"
            f" DomainSpec(name={name!r}, …)"
        )
    sources = load_sources(name)
    _require_dsn(package.SPEC, sources)
    found = {table.id: table for source in sources for table in (source.raw, source.bronze)}
    for module_name in _layer_modules(package):
        for value in vars(importlib.import_module(module_name)).values():
            if isinstance(value, Table) and value.id.domain == name:
                found[value.id] = value
    domain = Domain(
        spec=package.SPEC,
        sources=sources,
        tables=tuple(in_dependency_order(found.values())),
        checks=tuple(declaration_of(name, "quality", "CHECKS") or ()),
        control_totals=tuple(declaration_of(name, "control_totals", "CONTROL_TOTALS") or ()),
    )
    code_facts.settle(name, domain.tables, check_contract)
    code_facts.of_domain(domain.tables, f"{name} checks", functools.partial(_checked, domain))
    return domain


def _checked(domain: Domain) -> str:
    """Compare the quality checks of a domain with the tables that they read.

    Raises:
        ContractError: a check does not say which day it measures.
    """
    for check in domain.checks:
        check.require_day()
    return "passed"


def load_sources(domain: str) -> tuple[Source, ...]:
    """Return the sources of a domain's module ``sources``, without loading its other tables.

    Raises:
        ContractError: a source contradicts its domain or another source.
    """
    found = declared_in(importlib.import_module(f"{DOMAINS}.{domain}.sources"))
    for source in found:
        if source.domain != domain:
            raise ContractError(
                f"{DOMAINS}.{domain}.sources: the source {source.dataset!r} has the domain"
                f" {source.domain!r}, expected {domain!r}; hint: write domain=SPEC.name"
            )
    for dataset, number in Counter(source.dataset for source in found).items():
        if number > 1:
            raise ContractError(
                f"{DOMAINS}.{domain}.sources: {number} sources have the dataset {dataset!r};"
                " hint: give each its own name"
            )
    return found


def _layer_modules(package: ModuleType) -> list[str]:
    """Return the modules named after a layer and those in its folder."""
    names = []
    for layer in Layer:
        folder = f"{package.__name__}.{layer}"
        if found := importlib.util.find_spec(folder):
            below = pkgutil.iter_modules(found.submodule_search_locations or ())
            names += [folder, *(f"{folder}.{module.name}" for module in below)]
    return names


def _require_dsn(spec: DomainSpec, sources: Iterable[Source]) -> None:
    asked = [source.dataset for source in sources if source.query is not None]
    if asked and all(setting.name != "dsn" for setting in spec.settings):
        raise ValueError(
            f"domain {spec.name!r}: source {asked[0]!r} has a query, but the domain declares no"
            " setting 'dsn'; hint: DomainSpec(settings=(Setting(name='dsn', …),))"
        )


def in_dependency_order(tables: Iterable[Table]) -> list[Table]:
    """Return the tables so that each comes after those it reads.

    Raises:
        ContractError: a table reads one that is not among them.
    """
    given = {table.id: table for table in tables}
    done: dict[TableId, Table] = {}

    def visit(table: Table) -> None:
        if table.id in done:
            return
        for read in table.reads:
            if read.table.id not in given:
                raise ContractError(
                    f"{table.id.name} reads {read.table.id.name}, which does not exist; hint:"
                    " declare it, or import its source in sources.py"
                )
            visit(given[read.table.id])
        done[table.id] = table

    for table in sorted(given.values(), key=lambda t: (t.layer.rank, t.id)):
        visit(table)
    return list(done.values())


def load_domains() -> tuple[Domain, ...]:
    """Load every domain."""
    return tuple(load_domain(name) for name in domain_names())

"""The tables of a domain, found by where they lie in the code; no list is kept by hand."""

import functools
import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.declare import Table, in_order
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.source import Source

if TYPE_CHECKING:
    from lakehouse.platform.quality.checks import QualityCheck

DOMAINS = "lakehouse.domains"


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A domain with everything declared for it."""

    spec: DomainSpec
    sources: tuple[Source, ...]
    tables: tuple[Table, ...]
    checks: "tuple[QualityCheck, ...]" = ()

    @property
    def name(self) -> str:
        """The word used in asset keys, table names and the landing folder."""
        return self.spec.name

    def table(self, layer: str, name: str) -> Table:
        """One table; KeyError when there is none of that name."""
        wanted = TableId(layer, self.spec.name, name)
        for table in self.tables:
            if table.id == wanted:
                return table
        raise KeyError(wanted.name)

    def of(self, layer: Layer, *, views: bool = False) -> tuple[Table, ...]:
        """Stored tables (or views) of one layer, each after those it reads."""
        return tuple(t for t in self.tables if t.layer is layer and t.view == views)

    @property
    def stored(self) -> tuple[Table, ...]:
        """Every table that has partitions, each after those it reads."""
        return tuple(table for table in self.tables if not table.view)


@functools.cache
def load_domain(name: str) -> Domain:
    """Import a domain's folder and collect its tables.

    Raises:
        ContractError: a table disagrees with its contract or its place.
        ModuleNotFoundError: there is no such system.
    """
    package = importlib.import_module(f"{DOMAINS}.{name}")
    sources = importlib.import_module(f"{DOMAINS}.{name}.sources").SOURCES
    found: dict[TableId, Table] = {}
    for module_name in _modules(package.__name__, list(package.__path__)):
        module = importlib.import_module(module_name)
        for value in vars(module).values():
            if isinstance(value, Table) and value.id.domain == name:
                found[value.id] = value
    return Domain(
        spec=package.SPEC,
        sources=tuple(sources),
        tables=tuple(in_order(found.values())),
        checks=_checks(package.__name__),
    )


def declaration_of(domain: str, module: str, name: str) -> Any | None:
    """Return an object of an optional module of a domain; None when it has no such module."""
    place = f"{DOMAINS}.{domain}.{module}"
    if importlib.util.find_spec(place) is None:
        return None
    return getattr(importlib.import_module(place), name)


def _checks(package: str) -> "tuple[QualityCheck, ...]":
    """``CHECKS`` of the system's module ``quality``; a domain without one has none."""
    name = f"{package}.quality"
    if importlib.util.find_spec(name) is None:
        return ()
    return tuple(importlib.import_module(name).CHECKS)


def _modules(package: str, path: list[str]) -> list[str]:
    """Modules of the layers' folders, and those named after a layer."""
    layers = {layer.value for layer in Layer}
    names = []
    for found in pkgutil.iter_modules(path):
        if found.name in layers:
            names.append(f"{package}.{found.name}")
            if found.ispkg:
                below = importlib.import_module(f"{package}.{found.name}").__path__
                names += [f"{package}.{found.name}.{m.name}" for m in pkgutil.iter_modules(below)]
    return names


@functools.cache
def domain_names() -> tuple[str, ...]:
    """Names of the systems that have a folder."""
    package = importlib.import_module(DOMAINS)
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.ispkg))


def load_domains() -> tuple[Domain, ...]:
    """Every system with its tables."""
    return tuple(load_domain(name) for name in domain_names())

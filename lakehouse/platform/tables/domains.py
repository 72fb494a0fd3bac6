"""The domains that have a folder, and what their light modules declare; loads no table.

The tables of a domain, which need Ibis and Pandera, are loaded by `registry`.
"""

import functools
import importlib
import importlib.util
import pkgutil
from typing import Any

from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.settings import Settings

DOMAINS = "lakehouse.domains"


@functools.cache
def domain_names() -> tuple[str, ...]:
    """Return the names of the domains that have a folder, sorted."""
    package = importlib.import_module(DOMAINS)
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.ispkg))


def load_spec(domain: str) -> DomainSpec:
    """Return a domain's declaration."""
    spec: DomainSpec = importlib.import_module(f"{DOMAINS}.{domain}").SPEC
    return spec


def declaration_of(domain: str, module: str, name: str) -> Any | None:
    """Return an object of an optional module of a domain; None when it has no such module."""
    place = f"{DOMAINS}.{domain}.{module}"
    if importlib.util.find_spec(place) is None:
        return None
    return getattr(importlib.import_module(place), name)


def all_secrets(settings: Settings) -> tuple[str, ...]:
    """Return the texts that must never be shown: secret settings of the platform and of domains."""
    of_domains = (load_spec(name).secrets(settings) for name in domain_names())
    return (*settings.secrets, *(secret for secrets in of_domains for secret in secrets))

"""Who a person is on the web pages, and what the role allows.

The words of the roles are those of the file of logins and of a proxy's header.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; each role may do what the ones before it may."""

    READER = "leitor"
    """Read all pages; personal columns are masked."""
    OPERATOR = "operador"
    """Correct rejected rows as well."""
    PRIVACY = "privacidade"
    """See and correct personal columns as well."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who was admitted.

    Args:
        name: as in the file of logins or in the proxy's header.
        role: None when neither names one: reads the dashboard, and uses the Dagster UI.
        session: identifier of the session; empty without one.
    """

    name: str
    role: Role | None = None
    session: str = ""

    @property
    def shown_role(self) -> Role:
        """The role on the dashboard."""
        return self.role or Role.READER

    @property
    def may_correct(self) -> bool:
        """Whether the person may correct rejected rows."""
        return self.role in (Role.OPERATOR, Role.PRIVACY)

    @property
    def sees_personal(self) -> bool:
        """Whether the person may see personal columns."""
        return self.role is Role.PRIVACY


LOCAL = Person(name="local", role=Role.OPERATOR)
"""Whoever uses the pages on this machine when no login is set."""
UNKNOWN = Person(name="unknown", role=Role.READER)
"""Whoever is admitted without a login from elsewhere, for example through a proxy."""

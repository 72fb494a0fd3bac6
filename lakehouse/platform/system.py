"""One business whose data the platform runs."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class System:
    """What a domain says of itself.

    Args:
        name: the word used in asset keys, table names and the landing folder.
        title: the business' name for people.
        since: first day of its partitions.
        owners: Dagster owners, ``team:<name>`` or an e-mail address.
    """

    name: str
    title: str
    since: dt.date
    owners: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", self.name):
            raise ValueError(f"system name {self.name!r}: lower-case letters, digits and _ only")

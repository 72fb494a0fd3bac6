"""Names of tables: the identifier of a table, its folder in the lake and its name in SQL."""

import re
from dataclasses import dataclass

DAY = "day"
"""Partition column of every table: a date that is stored in the folder name, not in the files."""
DIGEST_LENGTH = 16
"""Hexadecimal digits of the SHA-256 by which files of tables are named and compared."""

_NAME_PART = re.compile(r"[a-z](?:_?[a-z0-9])*")
_LONGEST_PART = 63
_DOMAIN_NAME = re.compile(r"[a-z][a-z0-9]{0,30}")
_RESERVED = frozenset({"objects"})


@dataclass(frozen=True, slots=True)
class TableId:
    """Identify a table. Each part is lower case words joined by single underscores.

    >>> TableId("silver", "shop", "orders").name
    'silver.shop_orders'
    >>> TableId("silver", "shop", "orders", "quarantine").path
    'silver/shop/quarantine/orders'
    """

    layer: str
    domain: str
    table: str
    companion: str | None = None
    """A second table stored for the same table, for example its quarantine."""

    def __post_init__(self) -> None:
        parts = [self.layer, self.domain, self.table, *([self.companion] if self.companion else [])]
        for part in parts:
            if not is_name_part(part) or len(part) > _LONGEST_PART:
                raise ValueError(
                    f"{part!r} cannot be part of a table name. hint: start with a letter and use "
                    f"at most {_LONGEST_PART} characters of a-z, 0-9 and single underscores"
                )
        require_domain_name(self.domain)

    @property
    def path(self) -> str:
        """Folder below the lake's root."""
        companion = (self.companion,) if self.companion else ()
        return "/".join((self.layer, self.domain, *companion, self.table))

    @property
    def name(self) -> str:
        """Name in SQL; the name of a companion follows two underscores."""
        companion = f"__{self.companion}" if self.companion else ""
        return f"{self.layer}.{self.domain}_{self.table}{companion}"

    @staticmethod
    def from_name(name: str) -> "TableId":
        """Parse an SQL name.

        Raises:
            ValueError: the name has another form.
        """
        layer, _, rest = name.partition(".")
        domain, _, rest = rest.partition("_")
        table, _, companion = rest.partition("__")
        return TableId(layer, domain, table, companion or None)

    def __lt__(self, other: "TableId") -> bool:
        return self.path < other.path

    def __str__(self) -> str:
        return self.name


def require_domain_name(name: str) -> None:
    """Check that a domain can have this name.

    Raises:
        ValueError: it is not one word of lower-case letters and digits.
    """
    if not _DOMAIN_NAME.fullmatch(name) or name in _RESERVED:
        raise ValueError(
            f"domain name {name!r}: expected one word of at most 31 characters of a-z and 0-9,"
            " starting with a letter; an underscore would be read as the end of the domain in SQL"
            " names such as silver.shop_orders"
        )


def is_name_part(name: str) -> bool:
    """Return whether a folder name can be a layer, domain, table or companion."""
    return bool(_NAME_PART.fullmatch(name)) and name not in _RESERVED

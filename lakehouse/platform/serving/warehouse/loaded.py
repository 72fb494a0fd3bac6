"""What earlier loads made in a schema of PostgreSQL: recognize it, and keep the rights to it.

A load marks its tables and views with a comment, so that those which a domain no longer declares
are known. It replaces tables, and PostgreSQL forgets the rights to a table that is dropped:
they are read before and granted again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MARK = "Loaded by lakehouse"
"""Start of the comment on each table and view of a load."""

_RELATIONS = """
SELECT c.relname, c.relkind = 'v' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'v')
AND (c.relname = ANY(%(names)s) OR obj_description(c.oid, 'pg_class') LIKE %(mark)s || '%%')
ORDER BY c.oid DESC
"""
_RIGHTS = """
WITH granted AS (
    SELECT c.relname, c.relnamespace, NULL AS attname, a.* FROM pg_class c,
        aclexplode(c.relacl) a WHERE a.grantee <> c.relowner
    UNION ALL
    SELECT c.relname, c.relnamespace, t.attname, a.* FROM pg_class c
        JOIN pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped,
        aclexplode(t.attacl) a WHERE a.grantee <> c.relowner
)
SELECT g.relname, g.attname, format(
    'GRANT %%s%%s ON %%I.%%I TO %%s%%s', g.privilege_type, ' (' || quote_ident(g.attname) || ')',
    n.nspname, g.relname, coalesce(quote_ident(r.rolname), 'PUBLIC'),
    CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM granted g JOIN pg_namespace n ON n.oid = g.relnamespace
LEFT JOIN pg_roles r ON r.oid = g.grantee
WHERE n.nspname = %(schema)s AND g.relname = ANY(%(names)s)
ORDER BY 3
"""
_COLUMNS = """
SELECT c.relname, t.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped WHERE n.nspname = %(schema)s
"""


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table or view that a load made."""

    name: str
    is_view: bool

    @property
    def kind(self) -> str:
        """``view`` or ``table``."""
        return "view" if self.is_view else "table"


@dataclass(frozen=True, kw_only=True)
class Right:
    """A right of a role to a table, a view or one column, and the statement that grants it."""

    relation: str
    column: str | None
    statement: str


def relations(connection: Any, schema: str, names: list[str]) -> list[Relation]:
    """Return what earlier loads made and relations of these names, the newest first."""
    rows = _rows(connection, _RELATIONS, schema=schema, names=names, mark=MARK)
    return [Relation(name=name, is_view=is_view) for name, is_view in rows]


def rights(connection: Any, schema: str, names: list[str]) -> list[Right]:
    """Return the rights of other roles to relations."""
    rows = _rows(connection, _RIGHTS, schema=schema, names=names)
    return [Right(relation=name, column=col, statement=text) for name, col, text in rows]


def grant_again(connection: Any, schema: str, before: list[Right]) -> Iterator[str]:
    """Grant rights again; yield a warning for each whose column no longer exists."""
    columns = set(_rows(connection, _COLUMNS, schema=schema))
    names = {name for name, _ in columns}
    for right in before:
        if right.column is not None and (right.relation, right.column) not in columns:
            place = f"{right.relation}.{right.column}"
            yield f"a right to column {place}, which no longer exists, is gone: {right.statement}"
        elif right.relation in names:
            with connection.cursor() as cursor:
                cursor.execute(right.statement)


def _rows(connection: Any, statement: str, **values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())

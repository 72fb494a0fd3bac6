"""Say what changed between two definitions of a table."""

from collections.abc import Iterator, Mapping
from typing import Any

from lakehouse.platform.engines.older_days import source_of
from lakehouse.platform.storage.made_with import MIXED
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import Parts, definition_of

DROP_HINT = (
    "give the table another name, or delete the stored one and build it again:"
    " lakehouse migrate --drop {0}, then lakehouse ingest"
)


def kind_conflict(table: Table, shown: Snapshot) -> str | None:
    """Return why stored days cannot stay in a table by the code; None if they can.

    Days that hold the rows of each day can: of an as-of table only the newest day is shown.
    """
    if shown.as_of and not table.as_of:
        return (
            "each stored day holds the whole table as known at its end, and by the code a day"
            " holds the rows of that day"
        )
    return None


def changes(table: Table, version: str, before: Mapping[str, Any] | None) -> list[str]:
    """Return what changed since an older definition of a table, one sentence per change.

    Args:
        table: by the code that is loaded.
        version: of the older definition; empty when it is not known.
        before: content of the older definition; None when it was not kept.
    """
    current = definition_of(table)
    if before is None:
        return ["columns changed"]
    mixed = ["computed from days of an older contract"] if version.endswith(MIXED) else []
    found = [
        *_columns(table, before["columns"], current.content["columns"]),
        *_key(before["key"], current.content["key"]),
        *_rules(before["rules"], current.content["rules"]),
    ]
    old, new = Parts.of(version), Parts.of(current.version)
    if old.expression != new.expression:
        found.append("files are read in another way" if table.source else "expression changed")
    if old.upstream != new.upstream and not mixed:
        found += _upstream(before["upstream"], current.content["upstream"])
    return [*found, *mixed] or ["contract changed"]


def _columns(table: Table, before: list[Any], after: list[Any]) -> Iterator[str]:
    old = {column["name"]: column for column in before}
    new = {column["name"]: column for column in after}
    earlier = {c.name: c.earlier_names for c in table.contract.columns if c.earlier_names}
    sources = {name: source_of(name, old, earlier) for name in new}
    for name, column in new.items():
        source = sources[name]
        if source is None:
            need = "may be null" if column["nullable"] else "never null"
            yield f"column {name} added ({column['type']}, {need})"
            continue
        if source != name:
            yield f"column {source} renamed to {name}"
        if old[source]["type"] != column["type"]:
            yield f"column {name} was {old[source]['type']}, is {column['type']}"
        if old[source]["nullable"] != column["nullable"]:
            yield f"column {name} {'may be null' if column['nullable'] else 'is never null'} now"
    yield from (f"column {name} dropped" for name in old if name not in sources.values())


def _key(before: list[str], after: list[str]) -> Iterator[str]:
    if before != after:
        yield f"key was ({', '.join(before)}), is ({', '.join(after)})"


def _rules(before: list[Any], after: list[Any]) -> Iterator[str]:
    yield from (f"rule added: {_rule(rule)}" for rule in after if rule not in before)
    yield from (f"rule removed: {_rule(rule)}" for rule in before if rule not in after)


def _rule(rule: Mapping[str, Any]) -> str:
    values = ", ".join(rule["values"].values())
    return f"{rule['column']} {rule['check']} {values} ({rule['code']})"


def _upstream(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    changed = [name for name, version in after.items() if before.get(name) != version]
    gone = [name for name in before if name not in after]
    if changed or gone:
        yield f"reads {', '.join([*changed, *gone])}, which changed"
    else:
        yield "a table further upstream changed"

"""PostgreSQL's logical replication messages (pgoutput, protocol 1) as values.

Parsing is strict: a message that does not follow the protocol ends the extraction, because a
guessed change is worse than a change that waits.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from lakehouse.platform.connectors.postgres.declaration import ExtractionError


class ChangeKind(StrEnum):
    """Operation on one row, or on all rows."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    TRUNCATE = "truncate"


class Unchanged:
    """Marks a large value that an update did not touch and PostgreSQL did not send."""


UNCHANGED = Unchanged()
Values = dict[str, str | Unchanged | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Name and columns of a published table, for the changes that follow."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one row, or a truncation.

    Attributes:
        kind: the operation.
        relation: ``schema.table``.
        old: values before, all of them or only the key.
        complete: whether ``old`` has all values.
        new: values after.
    """

    kind: ChangeKind
    relation: str
    old: Values | None = None
    complete: bool = False
    new: Values | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """Start of a committed transaction; ``position`` is the log position of its commit."""

    position: int


@dataclass(frozen=True, slots=True)
class Commit:
    """End of a transaction; ``end`` is the log position after its commit."""

    end: int


Event = Begin | Change | Commit


def events(messages: Iterable[bytes]) -> Iterator[Event]:
    """Yield transactions in the order of their commits, each from `Begin` to `Commit`.

    Raises:
        ExtractionError: a message does not follow protocol 1.
    """
    relations: dict[int, Relation] = {}
    for message in messages:
        reader = _Reader(message)
        kind = reader.letter()
        match kind:
            case "B":
                position = reader.number("q")
                reader.skip(12)
                yield Begin(position)
            case "C":
                reader.skip(9)
                end = reader.number("q")
                reader.skip(8)
                yield Commit(end)
            case "R":
                number, relation = _relation(reader)
                relations[number] = relation
            case "I" | "U" | "D":
                yield _change(reader, kind, relations)
            case "T":
                yield from _truncations(reader, relations)
            case "Y" | "O":
                reader.rest()
            case _:
                raise reader.fault(f"a message of type {kind!r}")
        reader.end()


def _relation(reader: "_Reader") -> tuple[int, Relation]:
    number = reader.number("i")
    name = f"{reader.text()}.{reader.text()}"
    reader.skip(1)
    columns = []
    for _ in range(reader.number("h")):
        reader.skip(1)
        columns.append(reader.text())
        reader.skip(8)
    return number, Relation(name=name, columns=tuple(columns))


def _change(reader: "_Reader", kind: str, relations: dict[int, Relation]) -> Change:
    relation = _known(reader, relations)
    old: Values | None = None
    part = reader.letter()
    complete = part == "O"
    if part in "KO" and kind != "I":
        old = reader.values(relation)
        part = reader.letter() if kind == "U" else ""
    if part == "N" and kind != "D":
        new = reader.values(relation)
        operation = ChangeKind.INSERT if kind == "I" else ChangeKind.UPDATE
        return Change(kind=operation, relation=relation.name, old=old, complete=complete, new=new)
    if kind != "D" or old is None:
        raise reader.fault(f"a row {part!r} in a message {kind!r}")
    return Change(kind=ChangeKind.DELETE, relation=relation.name, old=old, complete=complete)


def _truncations(reader: "_Reader", relations: dict[int, Relation]) -> Iterator[Change]:
    count = reader.number("i")
    reader.skip(1)
    for _ in range(count):
        yield Change(kind=ChangeKind.TRUNCATE, relation=_known(reader, relations).name)


def _known(reader: "_Reader", relations: dict[int, Relation]) -> Relation:
    number = reader.number("i")
    if number not in relations:
        raise reader.fault(f"the undeclared relation {number}")
    return relations[number]


class _Reader:
    """Reads the fields of one message from its first byte to its last."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._offset = 0

    def number(self, kind: str) -> int:
        size = struct.calcsize(f">{kind}")
        return int(struct.unpack(f">{kind}", self._take(size))[0])

    def letter(self) -> str:
        return self._take(1).decode("latin-1")

    def skip(self, size: int) -> None:
        self._take(size)

    def rest(self) -> None:
        self._offset = len(self._message)

    def text(self) -> str:
        end = self._message.find(b"\0", self._offset)
        if end < 0:
            raise self.fault("a name without its end")
        found = self._take(end - self._offset).decode()
        self._take(1)
        return found

    def values(self, relation: Relation) -> Values:
        count = self.number("h")
        if count != len(relation.columns):
            raise self.fault(f"{count} values for {len(relation.columns)} columns")
        return {name: self._value() for name in relation.columns}

    def _value(self) -> str | Unchanged | None:
        kind = self.letter()
        match kind:
            case "n":
                return None
            case "u":
                return UNCHANGED
            case "t":
                return self._take(self.number("i")).decode()
            case _:
                raise self.fault(f"a value of kind {kind!r}")

    def end(self) -> None:
        if self._offset != len(self._message):
            raise self.fault(f"{len(self._message) - self._offset} bytes after the end")

    def fault(self, found: str) -> ExtractionError:
        return ExtractionError(
            f"a message in PostgreSQL's log does not follow protocol 1 of pgoutput: found {found};"
            " it was not extracted, the slot keeps it"
        )

    def _take(self, size: int) -> bytes:
        found = self._message[self._offset : self._offset + size]
        if size < 0 or len(found) != size:
            raise self.fault("an incomplete message")
        self._offset += size
        return found

"""PostgreSQL's logical replication messages (pgoutput, protocol 1) as values.

Parsing is strict: a message that is not exactly what the protocol says ends the extraction, because
a change that is guessed at is worse than one that waits.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from lakehouse.platform.connectors.postgres.declaration import ExtractionError


class Kind(StrEnum):
    """What was done to a row, or to all of them."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    TRUNCATE = "truncate"


class Unchanged:
    """Stands for a large value that an update did not touch and PostgreSQL did not send."""


UNCHANGED = Unchanged()
Values = dict[str, str | Unchanged | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A published table as the changes after it show it."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one row, or a truncation.

    Attributes:
        kind: what was done.
        relation: ``schema.table``.
        old: values before, all of them or the key only.
        whole: whether `old` has all values.
        new: values after.
    """

    kind: Kind
    relation: str
    old: Values | None = None
    whole: bool = False
    new: Values | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """A committed transaction begins; `at` is the place of its commit in the log."""

    at: int


@dataclass(frozen=True, slots=True)
class Commit:
    """A transaction ends; `end` is the place in the log behind its commit."""

    end: int


Event = Begin | Change | Commit


def events(messages: Iterable[bytes]) -> Iterator[Event]:
    """Transactions in the order of their commits, each between its `Begin` and its `Commit`.

    Raises:
        ExtractionError: a message is not of protocol 1.
    """
    relations: dict[int, Relation] = {}
    for message in messages:
        reader = _Reader(message)
        kind = reader.letter()
        match kind:
            case "B":
                at = reader.number("q")
                reader.skip(12)
                yield Begin(at)
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
                raise reader.fault(f"a message {kind!r}")
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
    whole = part == "O"
    if part in "KO" and kind != "I":
        old = reader.values(relation)
        part = reader.letter() if kind == "U" else ""
    if part == "N" and kind != "D":
        new = reader.values(relation)
        done = Kind.INSERT if kind == "I" else Kind.UPDATE
        return Change(kind=done, relation=relation.name, old=old, whole=whole, new=new)
    if kind != "D" or old is None:
        raise reader.fault(f"a row {part!r} in a message {kind!r}")
    return Change(kind=Kind.DELETE, relation=relation.name, old=old, whole=whole)


def _truncations(reader: "_Reader", relations: dict[int, Relation]) -> Iterator[Change]:
    count = reader.number("i")
    reader.skip(1)
    for _ in range(count):
        yield Change(kind=Kind.TRUNCATE, relation=_known(reader, relations).name)


def _known(reader: "_Reader", relations: dict[int, Relation]) -> Relation:
    number = reader.number("i")
    if number not in relations:
        raise reader.fault(f"relation {number}, which was not described")
    return relations[number]


class _Reader:
    """Takes one message apart from its first byte to its last."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._place = 0

    def number(self, kind: str) -> int:
        size = struct.calcsize(f">{kind}")
        return int(struct.unpack(f">{kind}", self._take(size))[0])

    def letter(self) -> str:
        return self._take(1).decode("latin-1")

    def skip(self, size: int) -> None:
        self._take(size)

    def rest(self) -> None:
        self._place = len(self._message)

    def text(self) -> str:
        end = self._message.find(b"\0", self._place)
        if end < 0:
            raise self.fault("a name without end")
        found = self._take(end - self._place).decode()
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
        if self._place != len(self._message):
            raise self.fault(f"{len(self._message) - self._place} bytes too many")

    def fault(self, found: str) -> ExtractionError:
        return ExtractionError(
            f"PostgreSQL's log says what protocol 1 of pgoutput does not: {found}; nothing of it"
            " was taken, the slot keeps it"
        )

    def _take(self, size: int) -> bytes:
        found = self._message[self._place : self._place + size]
        if size < 0 or len(found) != size:
            raise self.fault("a message that ends early")
        self._place += size
        return found

"""Marks of erased persons: they recognize a person again without revealing who it was.

A mark is the HMAC-SHA-256 of an id or address in comparable form, under a key of this lake. Landed
bytes are searched for marked persons before they are kept, so neither a repeated delivery nor a
replay restores erased data.
"""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.platform.ingestion.keep_files import Redact, as_delivered
from lakehouse.platform.privacy.file_content import FileFormat, values_and_texts
from lakehouse.platform.privacy.person import (
    Person,
    comparable_email,
    comparable_id,
    distinctive_words,
)
from lakehouse.platform.privacy.personal_columns import (
    EMAIL,
    IDENTIFIER,
    has_numeric_ids,
    personal_columns,
)
from lakehouse.platform.privacy.redaction import redact
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings

FOLDER = "ops/privacy"
KEY = f"{FOLDER}/key"
MARKS = f"{FOLDER}/marks"
KEY_BYTES = 32
PRIVATE = 0o600
"""Mode of a key that is a local file: its owner alone reads it."""


class KeyMissing(Exception):
    """Persons were erased under a key that is not available; nothing can be ingested without it."""


class KeyUnsafe(Exception):
    """The file of the key can be read by others; the message has a hint."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One id or address of an erased person.

    Attributes:
        digest: HMAC-SHA-256 in hexadecimal digits.
        kind: ``identifier`` or ``email``.
        domain: domain of an id; None for an address, which is the same in every domain.
        key: fingerprint of the key.
    """

    digest: str
    kind: str
    domain: str | None
    key: str


@dataclass(frozen=True)
class MarkKey:
    """A secret key for marks."""

    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Identifies the key without revealing it."""
        return hashlib.sha256(b"fingerprint|" + self.secret).hexdigest()[:16]

    def digest(self, kind: str, domain: str | None, value: str) -> str:
        """Return the digest of an id or address in comparable form."""
        text = json.dumps([kind, domain, value], ensure_ascii=False)
        return hmac.digest(self.secret, text.encode(), "sha256").hex()

    def marks(self, domain: str, person: Person) -> list[Mark]:
        """Return the marks of all ids and addresses of a person in a domain."""
        values = {IDENTIFIER: (domain, person.ids), EMAIL: (None, person.emails)}
        return [
            Mark(
                digest=self.digest(kind, owner, value),
                kind=kind,
                domain=owner,
                key=self.fingerprint,
            )
            for kind, (owner, known) in values.items()
            for value in sorted(known)
        ]


def load_or_create_key(lake: Lake, settings: Settings) -> MarkKey:
    """Return the key for new marks: that of the settings, else the lake's, created if missing.

    A key that is a local file can be read by its owner alone.

    Raises:
        KeyUnsafe: others can read the file that the settings name.
    """
    if settings.privacy_key:
        return MarkKey(settings.privacy_key.encode())
    new = secrets.token_hex(KEY_BYTES).encode()
    if settings.privacy_key_file:
        return MarkKey(_key_file(Path(settings.privacy_key_file), new))
    if KEY not in _files(lake.store):
        lake.store.create(KEY, new)  # the key of a process that was faster stays
    if isinstance(lake.store, DiskStore):
        (Path(lake.store.uri) / KEY).chmod(PRIVATE)
    return MarkKey(lake.store.read(KEY))


def _key_file(path: Path, new: bytes | None = None) -> bytes:
    """Return the key of a file; create it with a new key if it does not exist."""
    if new is not None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as draft:
            draft.write(new)
            draft.flush()
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)  # the file appears with its content, or another's stays
    if path.stat().st_mode & 0o077:
        raise KeyUnsafe(
            f"the key of erased persons {path} can be read by others; hint: chmod 600 {path}"
        )
    return path.read_bytes()


def write_marks(lake: Lake, marks: Iterable[Mark]) -> None:
    """Store marks; writing a known mark changes nothing."""
    for mark in marks:
        content = {"kind": mark.kind, "domain": mark.domain, "key": mark.key}
        lake.store.write(f"{MARKS}/{mark.digest}.json", (json.dumps(content) + "\n").encode())


def read_marks(lake: Lake) -> list[Mark]:
    """Return every mark of the lake."""
    found = []
    for path in sorted(_files(lake.store)):
        if path.startswith(f"{MARKS}/"):
            digest = path.removeprefix(f"{MARKS}/").removesuffix(".json")
            found.append(Mark(digest=digest, **json.loads(lake.store.read(path))))
    return found


@dataclass(frozen=True, kw_only=True)
class MarkedPersons:
    """Recognizes the erased persons of one domain by their marks.

    Attributes:
        domain: name of the domain.
        digests: of the marks, by the fingerprint of their key.
        keys: by fingerprint.
    """

    domain: str
    digests: Mapping[str, frozenset[str]]
    keys: Mapping[str, MarkKey]

    @staticmethod
    def load(lake: Lake, settings: Settings, domain: str) -> "MarkedPersons":
        """Read the current marks of a domain; costs one listing if nobody was ever erased.

        Raises:
            KeyMissing: the key of a mark is neither in the settings nor in the lake.
        """
        digests: dict[str, set[str]] = {}
        for mark in read_marks(lake):
            if mark.domain in (None, domain):
                digests.setdefault(mark.key, set()).add(mark.digest)
        keys: dict[str, MarkKey] = {}
        if digests:
            texts = [settings.privacy_key.encode()] if settings.privacy_key else []
            if settings.privacy_key_file and Path(settings.privacy_key_file).exists():
                texts.append(_key_file(Path(settings.privacy_key_file)))
            texts += [lake.store.read(KEY)] if KEY in _files(lake.store) else []
            keys = {key.fingerprint: key for key in map(MarkKey, texts)}
        if missing := sorted(set(digests) - set(keys)):
            raise KeyMissing(
                f"persons were erased under the key {missing[0]}, which is neither in the settings"
                " nor in the lake; without it their data would be ingested again. hint: set"
                " LAKEHOUSE_PRIVACY_KEY to that key, or LAKEHOUSE_PRIVACY_KEY_FILE to its file"
            )
        return MarkedPersons(
            domain=domain, digests={k: frozenset(v) for k, v in digests.items()}, keys=keys
        )

    def redaction(self, bronze: Table, *, limit: int) -> Redact:
        """Return what removes these persons from the files of a dataset, for `ErasedPersons`."""
        if not self.digests or bronze.source is None:
            return as_delivered
        file_format = FileFormat(csv=bronze.source.format, columns=personal_columns(bronze))
        numeric = has_numeric_ids(self.domain)
        return Redaction(persons=self, file_format=file_format, numeric=numeric, limit=limit)

    def recognize(self, values: Iterable[str], *, numeric: bool) -> Person:
        """Return the ids and addresses among values that belong to erased persons."""
        ids, emails = set(), set()
        for value in values:
            as_id, as_email = comparable_id(value, numeric=numeric), comparable_email(value)
            if self._is_marked(IDENTIFIER, self.domain, as_id):
                ids.add(as_id)
            if "@" in as_email and self._is_marked(EMAIL, None, as_email):
                emails.add(as_email)
        return Person(ids=frozenset(ids), emails=frozenset(emails), numeric=numeric)

    def _is_marked(self, kind: str, domain: str | None, value: str) -> bool:
        return any(
            self.keys[fingerprint].digest(kind, domain, value) in digests
            for fingerprint, digests in self.digests.items()
        )


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """Removes marked persons from the files of one dataset.

    Attributes:
        persons: the marks, with their keys.
        file_format: how the files are read.
        numeric: whether ids are numbers.
        limit: largest allowed size of a file when decompressed, in bytes.
    """

    persons: MarkedPersons
    file_format: FileFormat
    numeric: bool
    limit: int

    def __call__(self, data: bytes, name: str) -> bytes:
        """Return a file without erased persons; the same bytes if none of them is in it.

        Raises:
            NotErasable: a person cannot be removed without damage to other records.
        """
        with_columns = self.file_format if self.file_format.columns else None
        values, texts = values_and_texts(data, name, with_columns, limit=self.limit)
        found = values | distinctive_words(texts)
        person = self.persons.recognize(found, numeric=self.numeric)
        if not person:
            return data
        return redact(data, name, self.file_format, person, limit=self.limit).data


def _files(store: ObjectStore) -> set[str]:
    return {entry.path for entry in store.entries(FOLDER)}

"""What is kept of an erased person: a mark that recognises them and tells nobody who they were.

A mark is the HMAC-SHA-256 of an id or address, as values are compared, under a key of this lake.
Landed bytes are searched for marked persons before they are kept, so neither a file that is
delivered again nor a replay brings anybody back.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lakehouse.platform.privacy.persons import (
    EMAIL,
    IDENTIFIER,
    Person,
    numbers_persons,
    plain_email,
    plain_id,
    tags_of,
    words,
)
from lakehouse.platform.privacy.records import Form, redacted, texts_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings

FOLDER = "ops/privacy"
KEY = f"{FOLDER}/key"
MARKS = f"{FOLDER}/marks"
KEY_BYTES = 32


class KeyMissing(Exception):
    """Somebody was erased under a key that is not here; nothing can be taken in without it."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One way in which an erased person would be recognised.

    Args:
        digest: HMAC-SHA-256 in hexadecimal digits.
        kind: ``identifier`` or ``email``.
        system: whose id it is; an address is the same in every system.
        key: fingerprint of the key.
    """

    digest: str
    kind: str
    domain: str | None
    key: str


@dataclass(frozen=True)
class Key:
    """A secret that marks are made with."""

    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(b"fingerprint|" + self.secret).hexdigest()[:16]

    def digest(self, kind: str, domain: str | None, value: str) -> str:
        said = json.dumps([kind, domain, value], ensure_ascii=False)
        return hmac.digest(self.secret, said.encode(), "sha256").hex()

    def marks(self, domain: str, person: Person) -> list[Mark]:
        """Marks of everything that somebody is known by in a domain."""
        owners = {IDENTIFIER: (domain, person.ids), EMAIL: (None, person.emails)}
        return [
            Mark(
                digest=self.digest(kind, owner, value),
                kind=kind,
                domain=owner,
                key=self.fingerprint,
            )
            for kind, (owner, values) in owners.items()
            for value in sorted(values)
        ]


def key_of(lake: Lake, settings: Settings) -> Key:
    """The key for new marks: of the environment, else the lake's own, made when there is none."""
    if settings.privacy_key:
        return Key(settings.privacy_key.encode())
    if KEY not in _files(lake.store):
        lake.store.write(KEY, secrets.token_hex(KEY_BYTES).encode())
    return Key(lake.store.read(KEY))


def keep(lake: Lake, marks: Iterable[Mark]) -> None:
    """Remember marks; those that are known stay as they are."""
    for mark in marks:
        said = {"kind": mark.kind, "domain": mark.domain, "key": mark.key}
        lake.store.write(f"{MARKS}/{mark.digest}.json", (json.dumps(said) + "\n").encode())


def kept(lake: Lake) -> list[Mark]:
    """Every mark of the lake."""
    found = []
    for path in sorted(_files(lake.store)):
        if path.startswith(f"{MARKS}/"):
            said = json.loads(lake.store.read(path))
            digest = path.removeprefix(f"{MARKS}/").removesuffix(".json")
            found.append(Mark(digest=digest, **said))
    return found


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """The marks that concern one system, with the keys to recognise somebody by them."""

    domain: str
    marks: Mapping[str, frozenset[str]]
    """Digests by fingerprint of their key."""
    keys: Mapping[str, Key]

    @staticmethod
    def of(lake: Lake, settings: Settings, domain: str) -> "Recognised":
        """The marks as they are now; costs one listing where nobody was ever erased.

        Raises:
            KeyMissing: a mark's key is neither in the environment nor in the lake.
        """
        wanted: dict[str, set[str]] = {}
        for mark in kept(lake):
            if mark.domain in (None, domain):
                wanted.setdefault(mark.key, set()).add(mark.digest)
        keys: dict[str, Key] = {}
        if wanted:
            given = [settings.privacy_key.encode()] if settings.privacy_key else []
            given += [lake.store.read(KEY)] if KEY in _files(lake.store) else []
            keys = {key.fingerprint: key for key in map(Key, given)}
        if missing := sorted(set(wanted) - set(keys)):
            raise KeyMissing(
                f"persons were erased under the key {missing[0]}, which is not here; set"
                " LAKEHOUSE_PRIVACY_KEY to the key that it was, or they would come back"
            )
        return Recognised(
            domain=domain, marks={k: frozenset(v) for k, v in wanted.items()}, keys=keys
        )

    def without_erased(self, data: bytes, name: str, bronze: Table, *, limit: int) -> bytes:
        """A landed file without the persons that were erased; the same bytes where there are none.

        Raises:
            NotErasable: the file must be sent without them.
        """
        if not self.marks or bronze.source is None:
            return data
        form = Form(format=bronze.source.format, tags=tags_of(bronze))
        values, texts = texts_of(data, name, form if form.tags else None, limit=limit)
        person = self.known(values | words(texts))
        return redacted(data, name, form, person, limit=limit).data if person else data

    def known(self, values: Iterable[str]) -> Person:
        """Those of these values that stand for somebody who was erased."""
        numeric = numbers_persons(self.domain)
        ids, emails = set(), set()
        for value in values:
            as_id, as_email = plain_id(value, numeric=numeric), plain_email(value)
            if self._marked(IDENTIFIER, self.domain, as_id):
                ids.add(as_id)
            if "@" in as_email and self._marked(EMAIL, None, as_email):
                emails.add(as_email)
        return Person(ids=frozenset(ids), emails=frozenset(emails), numeric=numeric)

    def _marked(self, kind: str, domain: str | None, value: str) -> bool:
        return any(
            self.keys[fingerprint].digest(kind, domain, value) in digests
            for fingerprint, digests in self.marks.items()
        )


def _files(store: ObjectStore) -> set[str]:
    return {entry.path for entry in store.entries(FOLDER)}

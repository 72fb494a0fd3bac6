"""Where somebody is: landing zone, kept bytes, every table with its companions, and old versions.

A finding says domain, table, day, file and line, and nothing of the person.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.ingestion.errors import FileChanged, ReadRejected
from lakehouse.platform.ingestion.landing_zone import LandingZone, landing_zone_of
from lakehouse.platform.ingestion.paths import RecognizedFile, UnrecognizedReason
from lakehouse.platform.privacy.persons import (
    Person,
    Persons,
    Tags,
    declared_tags,
    tags_of,
    words,
)
from lakehouse.platform.privacy.records import (
    GZIP,
    Form,
    Located,
    ids_in,
    ids_of,
    located,
    texts_of,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStoreError
from lakehouse.platform.storage.table_id import DAY, TableId
from lakehouse.platform.tables.deliveries_model import Delivery
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.settings import Settings

QUARANTINE = "quarantine"
LANDING, STAGED = "landing", "staged"
NAMES = frozenset({"file", "_file", "source_file"})
"""Columns that hold paths of the landing zone."""
DATA_FILE = re.compile(r"day=(\d{4}-\d\d-\d\d)/[^/]+\.parquet")
Loose = Collection[tuple[str, int]]
"""Digest and line of lines that are no record."""


class What(StrEnum):
    """What of somebody was found."""

    RECORD = "record"
    """A record or row of theirs."""
    LINE = "line"
    """A line of theirs that is no record."""
    MENTION = "mention"
    """Somebody else's record that names them."""
    NAME = "name"
    """The name of a file."""
    FILE = "file"
    """Somewhere in a file without lines."""
    OLD = "old version"
    """Rows in a file that only older versions of a table show."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Finding:
    """One place, or a day of a table whose rows have no place."""

    domain: str
    table: str
    """SQL name; ``landing`` for the landing zone, ``staged`` for files on their way there."""
    day: dt.date | None = None
    file: str | None = None
    line: int | None = None
    rows: int = 1
    what: What = What.RECORD


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file of the landing zone, or one on its way there, that somebody is in."""

    path: str
    arrival: RecognizedFile | None
    """None for a file that is not taken, or not yet there."""
    located: Located
    form: Form | None
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Kept bytes that somebody is in, and the deliveries of them; an orphan has none."""

    digest: str
    dataset: str | None
    deliveries: tuple[Delivery, ...]
    located: Located

    @property
    def loose(self) -> set[tuple[str, int]]:
        """Digest and line of each line of theirs that is no record."""
        return {(self.digest, line) for line in self.located.lines}


@dataclass(kw_only=True)
class Search:
    """One system searched for somebody."""

    domain: Domain
    lake: Lake
    settings: Settings
    person: Person

    @property
    def limit(self) -> int:
        return self.settings.max_file_mb * 1024 * 1024

    @cached_property
    def forms(self) -> Mapping[str, Form]:
        """How the files of each dataset are read."""
        return {
            table.id.table: Form(format=table.source.format, tags=tags_of(table))
            for table in self.domain.stored
            if table.source is not None and table.layer == "bronze"
        }

    @property
    def place(self) -> LandingZone:
        return landing_zone_of(self.domain, self.settings)

    def findings(self) -> Iterator[Finding]:
        """Everything, the landing zone first and old versions last."""
        for found in self.landed():
            day = found.arrival.day if found.arrival else None
            yield from self._places(LANDING, day, found.path, found.located)
        for found in self.staged():
            yield from self._places(STAGED, None, found.path, found.located)
        loose: set[tuple[str, int]] = set()
        for kept in self.kept():
            loose |= kept.loose
            table = f"raw.{self.domain.name}_{kept.dataset or 'objects'}"
            for delivery in kept.deliveries:
                yield from self._places(table, delivery.day, delivery.file, kept.located)
            if not kept.deliveries:
                yield from self._places(table, None, None, kept.located)
        for table_id in self.lake.tables(domain=self.domain.name):
            yield from self.shown(table_id, loose)
        for table_id in self.lake.tables(domain=self.domain.name):
            for day, rows, _ in self.outdated(table_id, loose):
                yield Finding(
                    domain=self.domain.name, table=table_id.name, day=day, rows=rows, what=What.OLD
                )

    def landed(self) -> Iterator[Found]:
        """Files of the landing zone, whether or not they were taken in or ever will be."""
        listing = self.place.listing(now=dt.datetime.now(dt.UTC), quiet=dt.timedelta(0))
        for arrival in listing.files:
            try:
                data = self.place.read(arrival, limit=self.limit)
            except (FileChanged, ReadRejected):
                continue
            found = self._landed(arrival.path, arrival, data)
            if found is not None:
                yield found
        others = [s.path for s in listing.unrecognized_files if s.reason not in _UNTOUCHABLE]
        for path in [*others, *(p for p in listing.temporary if not p.endswith("/"))]:
            try:
                data = self.place.store.read(path, limit=self.limit)
            except (FileNotFoundError, ObjectStoreError):
                continue
            found = self._landed(path, None, data)
            if found is not None:
                yield found

    def _landed(self, path: str, arrival: RecognizedFile | None, data: bytes) -> Found | None:
        form = self.forms.get(arrival.dataset) if arrival else None
        places = located(data, path, form, self.person, limit=self.limit)
        if not places and not self.person.mentioned(path):
            return None
        return Found(path=path, arrival=arrival, located=places, form=form, data=data)

    def staged(self) -> Iterator[Found]:
        """Files beside the tables of operations: extracted ones that have not landed yet."""
        tables = tuple(f"{table.path}/" for table in self.lake.tables("ops", self.domain.name))
        for entry in self.lake.store.entries(f"ops/{self.domain.name}"):
            if not entry.path.startswith(tables):
                data = self.lake.store.read(entry.path)
                form = self.forms.get(entry.path.split("/")[-2])
                places = located(data, entry.path, form, self.person, limit=self.limit)
                if places:
                    yield Found(path=entry.path, arrival=None, located=places, form=form, data=data)

    @property
    def deliveries(self) -> dict[str, list[Delivery]]:
        """The deliveries of each dataset, as they are now."""
        name = self.domain.name
        return {dataset: read_deliveries(self.lake, name, dataset) for dataset in self.forms}

    def kept(self) -> Iterator[Kept]:
        """Kept bytes that somebody is in, once for each dataset that has them."""
        owners: dict[str, dict[str, list[Delivery]]] = defaultdict(lambda: defaultdict(list))
        for dataset, deliveries in self.deliveries.items():
            for delivery in deliveries:
                owners[delivery.digest][dataset].append(delivery)
        for entry in self.lake.store.entries(f"raw/{self.domain.name}/objects"):
            folder, _, digest = entry.path.rpartition("/")
            if folder.count("/") != 3:  # a report beside them
                continue
            data = self.lake.store.read(entry.path)
            if not self.person.may_be_in(data) and not data.startswith(GZIP):
                continue
            for dataset, deliveries in owners.get(digest, {}).items():
                name, form = deliveries[0].file, self.forms[dataset]
                places = located(data, name, form, self.person, limit=self.limit)
                if places:
                    yield Kept(
                        digest=digest,
                        dataset=dataset,
                        deliveries=tuple(deliveries),
                        located=places,
                    )
            if digest not in owners:
                yield from self._orphan(digest, data)

    def _orphan(self, digest: str, data: bytes) -> Iterator[Kept]:
        """Bytes that a run left behind before it could say whose they are."""
        for form in self.forms.values():
            places = located(data, "orphan", form, self.person, limit=self.limit)
            if places:
                yield Kept(digest=digest, dataset=None, deliveries=(), located=places)
                return

    def shown(self, table: TableId, loose: Loose) -> Iterator[Finding]:
        """Rows of a table as it is now."""
        stored = self.lake.table(table)
        snapshot = stored.snapshot()
        for file in snapshot.files:
            if file.rows:
                rows = stored.read([file.day], snapshot=snapshot)
                yield from self._in_rows(table, file.day, rows, loose)

    def outdated(self, table: TableId, loose: Loose) -> Iterator[tuple[dt.date, int, str]]:
        """Day, rows of theirs and path of each file that only older versions show."""
        current = {file.path for file in self.lake.table(table).snapshot().files}
        for entry in self.lake.store.entries(table.path):
            path = entry.path[len(table.path) + 1 :]
            found = DATA_FILE.fullmatch(path)
            if not found or path in current:
                continue
            rows = self.read(f"{table.path}/{path}")
            day = dt.date.fromisoformat(found[1])
            count = sum(each.rows for each in self._in_rows(table, day, rows, loose))
            if count:
                yield day, count, path

    def read(self, path: str) -> pa.Table:
        """One Parquet file of the lake, alone."""
        return pq.ParquetFile(pa.BufferReader(self.lake.store.read(path))).read()

    def _in_rows(
        self,
        table: TableId,
        day: dt.date,
        rows: pa.Table,
        loose: Loose,
    ) -> Iterator[Finding]:
        if DAY in rows.column_names:
            rows = rows.drop_columns([DAY])
        named = [name for name in rows.column_names if name in NAMES]
        if table.companion == QUARANTINE:
            own = self._rejected(table, rows, loose)
        else:
            own = self.person.rows(rows, declared_tags(table))
        told = rows.drop_columns([*named, *(["values"] if table.companion == QUARANTINE else [])])
        mentions = pc.and_(self.person.mentions(told), pc.invert(own))
        yield from self._rows(table, day, rows.filter(own), What.RECORD)
        yield from self._rows(table, day, rows.filter(mentions), What.MENTION)
        if table.layer == "raw" and named:
            names = self.person.mentions(rows.select(named))
            yield from self._rows(table, day, rows.filter(names), What.NAME)

    def _rejected(self, table: TableId, rows: pa.Table, loose: Loose) -> pa.ChunkedArray:
        """Rows of a quarantine that are theirs: a row by its values, a line by text or place."""
        if table.layer == "bronze":
            places = zip(rows["digest"].to_pylist(), rows["line"].to_pylist(), strict=True)
            texts = rows["values"].to_pylist()
            theirs = [
                place in loose or self.person.mentioned(text)
                for place, text in zip(places, texts, strict=True)
            ]
        else:
            tags = self._landed_tags(table)
            theirs = [self.person.values(text, tags) for text in rows["values"].to_pylist()]
        return pa.chunked_array([pa.array(theirs, pa.bool_())])

    def _landed_tags(self, table: TableId) -> Tags:
        """Tags of the bronze table whose columns a rejected row has."""
        judging = self.domain.table(table.layer, table.table)
        return tags_of(judging.reads[0].table) if judging.reads else Tags()

    def _rows(self, table: TableId, day: dt.date, rows: pa.Table, what: What) -> Iterator[Finding]:
        """A finding for each row that has a place, else one for all of them."""
        for file, line in (("_file", "_line"), ("file", "line"), ("file", "row")):
            if file in rows.column_names and line in rows.column_names:
                for row in rows.select([file, line]).to_pylist():
                    yield Finding(
                        domain=self.domain.name,
                        table=table.name,
                        day=day,
                        file=self.unnamed(row[file]),
                        line=row[line],
                        what=what,
                    )
                return
        if rows.num_rows:
            yield Finding(
                domain=self.domain.name, table=table.name, day=day, rows=rows.num_rows, what=what
            )

    def _places(
        self, table: str, day: dt.date | None, file: str | None, places: Located
    ) -> Iterator[Finding]:
        kinds = (
            (What.RECORD, places.records),
            (What.LINE, places.lines),
            (What.MENTION, places.mentions),
            (What.FILE, (None,) if places.opaque else ()),
        )
        for what, lines in kinds:
            for line in lines:
                yield Finding(
                    domain=self.domain.name,
                    table=table,
                    day=day,
                    file=self.unnamed(file),
                    line=line,
                    what=what,
                )
        if table == LANDING and self.person.mentioned(file):
            yield Finding(
                domain=self.domain.name,
                table=table,
                day=day,
                file=self.unnamed(file),
                what=What.NAME,
            )

    def unnamed(self, file: str | None) -> str | None:
        """A path that names nobody."""
        return None if file is None else self.person.silenced(file)

    def ids(self) -> set[str]:
        """Ids that stand in rows with one of the addresses, in bronze and in the landing zone."""
        found: set[str] = set()
        if not self.person.emails:
            return found
        for table in self.domain.of(Layer.BRONZE):
            tags = tags_of(table)
            stored = self.lake.table(table.id)
            shown = stored.snapshot()
            if not (tags.identifiers and tags.emails) or shown.schema is None:
                continue
            for file in shown.files:
                columns = [*tags.identifiers, *tags.emails]
                rows = stored.read([file.day], snapshot=shown, columns=columns)
                found |= ids_in(rows, tags, self.person)
        for landed in self.landed():
            if landed.form is not None:
                found |= ids_of(
                    landed.data, landed.path, landed.form, self.person, limit=self.limit
                )
        return found

    def values(self) -> Iterator[str]:
        """Everything that may be an id or an address, in every version of every file."""
        names = {row.digest: row.file for rows in self.deliveries.values() for row in rows}
        forms = list(self.forms.values())
        for entry in self.lake.store.entries(f"raw/{self.domain.name}/objects"):
            digest = entry.path.rpartition("/")[2]
            data = self.lake.store.read(entry.path)
            name = names.get(digest, "orphan")
            for form in forms:
                tagged, texts = texts_of(data, name, form, limit=self.limit)
                yield from tagged | words(texts)
        for table in self.lake.tables(domain=self.domain.name):
            tags = declared_tags(table)
            for entry in self.lake.store.entries(table.path):
                if tags and DATA_FILE.fullmatch(entry.path[len(table.path) + 1 :]):
                    rows = self.read(entry.path)
                    names_there = {*tags.identifiers, *tags.emails} & set(rows.column_names)
                    for column in names_there:
                        yield from map(str, rows[column].unique().drop_null().to_pylist())


_UNTOUCHABLE = (UnrecognizedReason.SYMLINK, UnrecognizedReason.UNSAFE_PATH)


def known_as(
    domains: Iterable[str],
    lake: Lake,
    settings: Settings,
    *,
    ids: Iterable[str] = (),
    emails: Iterable[str] = (),
) -> Persons:
    """Somebody in each of these systems: as given, and by the ids that stand beside an address.

    The ids of one system say nothing in another.
    """
    found = {}
    for domain in domains:
        person = Person.known(domain, ids=ids, emails=emails)
        search = Search(domain=load_domain(domain), lake=lake, settings=settings, person=person)
        found[domain] = Person.known(domain, ids={*person.ids, *search.ids()}, emails=person.emails)
    return found

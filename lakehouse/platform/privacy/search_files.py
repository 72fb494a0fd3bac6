"""Files with a person: landed ones, extracted ones before they land, and kept bytes."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from lakehouse.platform.ingestion.errors import FileChanged, ReadRejected
from lakehouse.platform.ingestion.path_problems import UnrecognizedReason
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.privacy.file_content import GZIP, find_in_file
from lakehouse.platform.privacy.findings import FoundFile, FoundKeptFile
from lakehouse.platform.privacy.scope import SearchScope
from lakehouse.platform.storage.object_store import ObjectStoreError
from lakehouse.platform.tables.deliveries_model import Delivery

_NEVER_READ = (UnrecognizedReason.SYMLINK, UnrecognizedReason.UNSAFE_PATH)


def landed_files(scope: SearchScope) -> Iterator[FoundFile]:
    """Yield files of the landing zone with the person, ingested or not, recognized or not."""
    landing = scope.landing
    listing = landing.listing(now=dt.datetime.now(dt.UTC), quiet=dt.timedelta(0))
    for file in listing.files:
        try:
            data = landing.read(file, limit=scope.limit)
        except (FileChanged, ReadRejected):
            continue
        yield from _landed_file(scope, file.path, file, data)
    others = [f.path for f in listing.unrecognized_files if f.reason not in _NEVER_READ]
    for path in [*others, *(p for p in listing.temporary if not p.endswith("/"))]:
        try:
            data = landing.store.read(path, limit=scope.limit)
        except (FileNotFoundError, ObjectStoreError):
            continue
        yield from _landed_file(scope, path, None, data)


def _landed_file(
    scope: SearchScope, path: str, recognized: RecognizedFile | None, data: bytes
) -> Iterator[FoundFile]:
    file_format = scope.formats.get(recognized.dataset) if recognized else None
    matches = find_in_file(data, path, file_format, scope.person, limit=scope.limit)
    if matches or scope.person.is_mentioned(path):
        yield FoundFile(
            path=path, recognized=recognized, matches=matches, file_format=file_format, data=data
        )


def staged_files(scope: SearchScope) -> Iterator[FoundFile]:
    """Yield extracted files with the person that wait in the lake to be landed or committed."""
    tables = tuple(f"{table.path}/" for table in scope.lake.tables("ops", scope.name))
    for entry in scope.lake.store.entries(f"ops/{scope.name}"):
        if not entry.path.startswith(tables):
            data = scope.lake.store.read(entry.path)
            file_format = scope.formats.get(entry.path.split("/")[-2])
            matches = find_in_file(data, entry.path, file_format, scope.person, limit=scope.limit)
            if matches:
                yield FoundFile(
                    path=entry.path,
                    recognized=None,
                    matches=matches,
                    file_format=file_format,
                    data=data,
                )


def kept_files(scope: SearchScope) -> Iterator[FoundKeptFile]:
    """Yield kept bytes with the person, once for each dataset that has them."""
    owners: dict[str, dict[str, list[Delivery]]] = defaultdict(lambda: defaultdict(list))
    for dataset, deliveries in scope.read_deliveries().items():
        for delivery in deliveries:
            owners[delivery.digest][dataset].append(delivery)
    for entry in scope.lake.store.entries(f"raw/{scope.name}/objects"):
        folder, _, digest = entry.path.rpartition("/")
        if folder.count("/") != 3:  # an error report
            continue
        data = scope.lake.store.read(entry.path)
        if not scope.person.may_be_in(data) and not data.startswith(GZIP):
            continue
        for dataset, deliveries in owners.get(digest, {}).items():
            name, file_format = deliveries[0].file, scope.formats[dataset]
            matches = find_in_file(data, name, file_format, scope.person, limit=scope.limit)
            if matches:
                yield FoundKeptFile(
                    digest=digest,
                    dataset=dataset,
                    deliveries=tuple(deliveries),
                    matches=matches,
                )
        if digest not in owners:
            yield from _orphan(scope, digest, data)


def _orphan(scope: SearchScope, digest: str, data: bytes) -> Iterator[FoundKeptFile]:
    """Yield bytes that a crashed run kept before it committed a delivery of them."""
    for file_format in scope.formats.values():
        matches = find_in_file(data, "orphan", file_format, scope.person, limit=scope.limit)
        if matches:
            yield FoundKeptFile(digest=digest, dataset=None, deliveries=(), matches=matches)
            return

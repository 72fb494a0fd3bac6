"""Bring back what is damaged without a run: kept files, deliveries and logs of tables.

Computed tables are built again by runs afterwards; `lakehouse repair` does both.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from lakehouse.platform.ingestion.deliveries import raw_table
from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.reconciliation.damage import UNREADABLE, Damage, DamageKind
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.intact import digest_of, problem_with
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.parquet import decode
from lakehouse.platform.storage.published import FOLDER, publication_numbers
from lakehouse.platform.storage.recovery import drop_checkpoints, intact_files, recover_log
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Order, Status
from lakehouse.platform.tables.registry import Domain

Redact = Callable[[bytes, str], bytes]
"""Returns the bytes of a landed file as they are kept: without persons who were erased."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """One thing that was done, or could not be done."""

    table: TableId
    done: bool
    text: str


def restore_kept_files(
    lake: Lake, landing: ObjectStore, damages: Sequence[Damage], redact: Redact
) -> Iterator[Restored]:
    """Copy the bytes of damaged kept files from the landing zone.

    A file is found under its path, or under any other path with the same bytes.
    """
    by_domain: dict[str, dict[str, Damage]] = {}
    for damage in damages:
        if damage.kind is DamageKind.KEPT_FILE:
            by_domain.setdefault(damage.table.domain, {})[damage.digest] = damage
    for domain, wanted in by_domain.items():
        names = {each.file: each.digest for each in _known_files(lake, wanted.values())}
        others = (entry.path for entry in landing.entries(domain))
        for path in dict.fromkeys((*(n for n in names if _exists(landing, n)), *others)):
            if not wanted:
                break
            data = _matching(landing, path, wanted, redact)
            if data is not None:
                digest, content = data
                lake.store.write(object_path(domain, digest), content)
                table = wanted.pop(digest).table
                yield Restored(
                    table=table,
                    done=True,
                    text=f"kept bytes restored from the landing zone: {path}",
                )
        for damage in wanted.values():
            yield Restored(
                table=damage.table,
                done=False,
                text=f"{damage.problem}, and no file of the landing zone has these bytes;"
                " hint: restore the object from a backup, or have the file sent again",
            )


def restore_publications(lake: Lake, domain: str) -> Restored:
    """Delete the damaged newest publication, so that the one before counts."""
    newest = max(publication_numbers(lake, domain))
    lake.store.delete([f"{FOLDER}/{domain}/{newest:012}.json"])
    text = f"damaged publication {newest} deleted"
    return Restored(table=reconciliation_of(domain), done=True, text=text)


def restore_log(lake: Lake, damage: Damage) -> Restored:
    """Open a table without its checkpoints, or write a new log from the files of its days."""
    table = damage.table
    if damage.kind is DamageKind.LOG and drop_checkpoints(lake, table):
        return Restored(table=table, done=True, text="damaged checkpoint of the log deleted")
    days = recover_log(lake, table)
    if not days:
        return Restored(
            table=table, done=True, text="the table has no intact file left; it is built again"
        )
    text = f"log written again from the files of {len(days)} days, {days[0]} to {days[-1]}"
    return Restored(table=table, done=True, text=text)


def restore_changed_day(lake: Lake, damage: Damage) -> Restored:
    """Go back to the day as the last run left it, as far as its file still exists.

    A day of a computed table is built again afterwards in any case.
    """
    table, day, text = damage.table, damage.day, "changed day is built again"
    stored = lake.table(table)
    runs = [each for each in stored.history() if each.note and day in each.days]
    if day is not None and runs and table.layer == "raw":
        note = {"by": "lakehouse repair"}
        try:
            stored.rollback(to=runs[0].version, days=(day, day), note=note)
            text = f"{day} restored from version {runs[0].version}"
        except StorageError as error:
            return Restored(table=table, done=False, text=f"{damage.problem}; {error}")
    elif day is not None:
        schema = stored.snapshot().schema
        if schema is not None:
            stored.commit([], schema=schema, removed=[day], note={"by": "lakehouse repair"})
    return Restored(table=table, done=True, text=f"{text} ({day})")


def forget_day(lake: Lake, table: TableId, day: dt.date) -> Restored:
    """Remove a damaged day from a table whose earlier rows a run reads before it writes it."""
    stored = lake.table(table)
    schema = stored.snapshot().schema
    if schema is not None:
        stored.commit([], schema=schema, removed=[day], note={"by": "lakehouse repair"})
    return Restored(table=table, done=True, text=f"damaged day {day} removed")


def restore_deliveries(
    domain: Domain, lake: Lake, landing: ObjectStore, dataset: str, days: Collection[dt.date]
) -> Iterator[Restored]:
    """Write the deliveries of days again from what is known about them.

    Known are older versions of the day, the rows of bronze and the balances of the reconciliation.
    Files that lie in the landing zone are added by the next run. What each file is, is decided from
    its kept bytes again.
    """
    raw = raw_table(domain.name, dataset)
    for day in sorted(days):
        found: dict[Order, Delivery] = {}
        for delivery in (
            *_of_older_version(lake, raw, day),
            *_of_bronze(lake, domain.name, dataset, day),
            *_of_reconciliation(lake, landing, raw, day),
        ):
            known = any(
                (each.file, each.digest) == (delivery.file, delivery.digest)
                for each in found.values()
            )
            if not known:
                found[delivery.order] = delivery
        rows = [found[order] for order in sorted(found)]
        lake.table(raw).write(
            {day: DELIVERIES.to_arrow(rows).drop(["day"])},
            schema=DELIVERIES.stored,
            note={"by": "lakehouse repair"},
        )
        text = f"{len(rows)} deliveries of {day} written again"
        yield Restored(table=raw, done=True, text=text)


def _of_older_version(lake: Lake, raw: TableId, day: dt.date) -> list[Delivery]:
    """Return the deliveries of the newest intact files of a day, of any version."""
    import pyarrow as pa

    for files in intact_files(lake, raw, day)[:1]:
        rows = pa.concat_tables(
            decode(lake.store.read(f"{raw.path}/{file.path}")) for file in files
        )
        dated = rows.append_column("day", pa.array([day] * rows.num_rows, pa.date32()))
        return DELIVERIES.from_arrow(dated)
    return []


def _of_bronze(lake: Lake, domain: str, dataset: str, day: dt.date) -> list[Delivery]:
    """Return the deliveries whose rows are in bronze; their moment of landing is exact."""
    columns = ["_file", "_digest", "_delivered_at", "_unit"]
    try:
        rows = lake.table(TableId("bronze", domain, dataset)).read([day], columns=columns)
    except UNREADABLE:
        return []
    groups = rows.group_by(columns).aggregate([]).to_pylist()
    return [
        Delivery(
            day=day,
            unit=row["_unit"],
            file=row["_file"],
            digest=row["_digest"],
            size=_kept_size(lake, domain, row["_digest"]),
            landed_at=row["_delivered_at"].replace(tzinfo=dt.UTC),
        )
        for row in sorted(groups, key=lambda row: (row["_delivered_at"], row["_file"]))
    ]


def _of_reconciliation(
    lake: Lake,
    landing: ObjectStore,
    raw: TableId,
    day: dt.date,
) -> Iterator[Delivery]:
    """Yield the deliveries that were reconciled, such as rejected files and duplicates."""
    try:
        rows = lake.table(reconciliation_of(raw.domain)).read([day]).to_pylist()
    except UNREADABLE:
        return
    for row in rows:
        if row["table"] != raw.table or not row["digest"]:
            continue  # a file that was never read is read from the landing zone
        entry = landing.stat(row["file"])
        same = entry is not None and _has_digest(landing, row["file"], row["digest"])
        yield Delivery(
            day=day,
            unit=row["unit"],
            file=row["file"],
            digest=row["digest"],
            size=entry.size if entry and same else _kept_size(lake, raw.domain, row["digest"]),
            landed_at=(
                entry.modified_at if entry and same else dt.datetime.combine(day, dt.time(), dt.UTC)
            ),
            status=Status(row["status"]),
        )


def _known_files(lake: Lake, damages: Collection[Damage]) -> Iterator[Delivery]:
    """Yield the deliveries of these damaged kept files."""
    wanted = {(damage.table, damage.day): damage.digest for damage in damages}
    for table, day in wanted:
        if day is None:
            continue
        try:
            rows = DELIVERIES.from_arrow(lake.table(table).read([day]))
        except UNREADABLE:
            continue
        digests = {damage.digest for damage in damages}
        yield from (each for each in rows if each.digest in digests)


def _matching(
    landing: ObjectStore, path: str, wanted: Collection[str], redact: Redact
) -> tuple[str, bytes] | None:
    """Return digest and bytes of a landed file when they are wanted."""
    try:
        data = landing.read(path)
        for content in (data, redact(data, path)):
            digest = hashlib.sha256(content).hexdigest()
            if digest in wanted:
                return digest, content
    except UNREADABLE:
        return None
    return None


def _exists(landing: ObjectStore, path: str) -> bool:
    try:
        return landing.stat(path) is not None
    except UNREADABLE:
        return False


def _has_digest(landing: ObjectStore, path: str, digest: str) -> bool:
    try:
        return digest_of(landing, path) == digest
    except UNREADABLE:
        return False


def _kept_size(lake: Lake, domain: str, digest: str) -> int:
    path = object_path(domain, digest)
    entry = lake.store.stat(path)
    return entry.size if entry and problem_with(lake.store, path, digest) is None else 0

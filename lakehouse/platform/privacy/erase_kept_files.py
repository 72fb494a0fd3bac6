"""Erase a person from kept bytes, the deliveries that name them, and bronze."""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.ingestion.ingest import ingest
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.kept_files import error_report, object_path
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.privacy.context import ErasureContext
from lakehouse.platform.privacy.marks import MarkedPersons
from lakehouse.platform.privacy.search_files import kept_files
from lakehouse.platform.reconciliation.touched_days import reached_days
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery

NOTE = {"by": "lakehouse privacy erase"}
"""Note of the commits of an erasure."""


def replace_kept_files(context: ErasureContext) -> None:
    """Keep the bytes without the person under a new digest; deliveries and bronze follow."""
    scope, store = context.scope, context.scope.lake.store
    digests: dict[str, dict[str, str]] = defaultdict(dict)
    for kept in kept_files(scope):
        if kept.dataset is None:
            continue
        data = store.read(object_path(scope.name, kept.digest))
        name, file_format = kept.deliveries[0].file, scope.formats[kept.dataset]
        redacted = context.redact(data, name, file_format)
        if redacted is None:
            continue
        digest = hashlib.sha256(redacted).hexdigest()
        store.write(object_path(scope.name, digest), redacted)
        digests[kept.dataset][kept.digest] = digest
    for dataset, deliveries in scope.read_deliveries().items():
        days = sorted({each.day for each in deliveries if each.digest in digests[dataset]})
        _plan_days(context, dataset, digests[dataset], days)
    context.plan.save()
    failpoint("privacy.stored")
    for dataset in scope.formats:
        _commit_deliveries(context, dataset, digests[dataset])


def _plan_days(
    context: ErasureContext, dataset: str, digests: Mapping[str, str], days: Sequence[dt.date]
) -> None:
    """Add the days that have rows of the changed files, and the days that depend on them."""
    scope, plan = context.scope, context.plan
    bronze = scope.lake.table(TableId("bronze", scope.name, dataset))
    snapshot = bronze.snapshot()
    if not days or snapshot.schema is None:
        return
    plan.days.update(days)
    counted = bronze.counts(["_digest", "_business_day"], days, snapshot=snapshot)
    own = pc.is_in(counted["_digest"], pa.array(list(digests)))
    plan.days.update(day for day in counted.filter(own)["_business_day"].to_pylist() if day)
    reached = reached_days(scope.domain, scope.lake, days)
    plan.days.update(day for found in reached.values() for day in found)


def _commit_deliveries(context: ErasureContext, dataset: str, digests: Mapping[str, str]) -> None:
    """Commit the deliveries with their new digests, then ingest bronze again from the new bytes."""
    scope, plan = context.scope, context.plan
    raw = scope.lake.table(TableId("raw", scope.name, dataset))
    before = raw.snapshot()
    if before.schema is None:
        return
    old = read_deliveries(scope.lake, scope.name, dataset, snapshot=before)
    new = [_updated(context, delivery, digests) for delivery in old]
    changed = {after.day for was, after in zip(old, new, strict=True) if was != after}
    if not changed:
        return
    plan.days |= changed
    bronze = scope.domain.table("bronze", dataset)
    by_day: dict[dt.date, dict[object, Delivery]] = {day: {} for day in sorted(changed)}
    for delivery in new:
        if delivery.day in by_day:
            by_day[delivery.day][delivery.key] = delivery
    _write_reports(context, new, frozenset(digests.values()))
    rows = {day: DELIVERIES.to_arrow(found.values()) for day, found in by_day.items()}
    raw.write(rows, schema=DELIVERIES.stored, based_on=before, note=NOTE)
    failpoint("privacy.deliveries_committed")
    intake = Intake(
        spec=scope.domain.spec,
        landing=scope.landing,
        lake=scope.lake,
        settings=scope.settings,
        now=dt.datetime.now(dt.UTC),
        erased=lambda: MarkedPersons.load(scope.lake, scope.settings, scope.name),
    )
    no_files = Listing(files=(), unrecognized_files=(), growing=(), temporary=())
    ingest(bronze, sorted(changed), intake, no_files, note=NOTE)


def _updated(context: ErasureContext, delivery: Delivery, digests: Mapping[str, str]) -> Delivery:
    """Return a delivery with the digest and the size that its bytes have now."""
    at, size = context.plan.landed.get(delivery.file, ("", 0))
    if at != delivery.landed_at.isoformat():
        size = delivery.size
    digest = digests.get(delivery.digest, delivery.digest)
    return replace(delivery, digest=digest, size=size)


def _write_reports(
    context: ErasureContext, deliveries: Iterable[Delivery], digests: frozenset[str]
) -> None:
    """Write the error reports of rejected files beside their new bytes."""
    for delivery in deliveries:
        if not delivery.readable and delivery.digest in digests:
            path, report = error_report(context.scope.name, delivery)
            content = json.dumps(report, ensure_ascii=False, indent=1)
            context.scope.lake.store.write(path, content.encode())

"""Erase a person from files in the landing zone and from extracted files on their way there."""

import os

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.privacy.context import ErasureContext
from lakehouse.platform.privacy.findings import FoundFile
from lakehouse.platform.privacy.search_files import landed_files, staged_files
from lakehouse.platform.storage.disk import DiskStore


def rewrite_staged_files(context: ErasureContext) -> None:
    """Rewrite extracted files that have not landed yet, so that the person does not land again."""
    for found in staged_files(context.scope):
        data = context.redact(found.data, found.path, found.file_format)
        if data is not None and data != found.data:
            context.scope.lake.store.write(found.path, data)
            context.count("files on their way")


def rewrite_landed_files(context: ErasureContext) -> None:
    """Rewrite files of the landing zone; they keep their modification time, so they stay known."""
    scope, plan = context.scope, context.plan
    ingested = {
        (delivery.file, delivery.landed_at)
        for deliveries in scope.read_deliveries().values()
        for delivery in deliveries
    }
    rewritten: list[tuple[FoundFile, bytes]] = []
    for found in landed_files(scope):
        data = context.redact(found.data, found.path, found.file_format)
        if data is not None and data != found.data:
            rewritten.append((found, data))
            if found.recognized:
                at = found.recognized.modified_at.isoformat()
                plan.landed[found.path] = (at, len(data))
    plan.save()
    failpoint("privacy.planned")
    for found, data in rewritten:
        file = found.recognized
        known = file is not None and (file.path, file.modified_at) in ingested
        try:
            _rewrite(context, found, data, is_ingested=known)
        except OSError as error:
            path = scope.person.without_mentions(found.path)
            context.report.notes.append(
                f"{path} in the landing zone cannot be written ({error.strerror}); hint: delete it"
            )
            plan.landed.pop(found.path, None)
        else:
            context.count("files in the landing zone")


def _rewrite(context: ErasureContext, found: FoundFile, data: bytes, *, is_ingested: bool) -> None:
    """Replace one file; on S3, where its time cannot be kept, delete it if it is ingested."""
    store = context.scope.landing.store
    if not isinstance(store, DiskStore):
        if is_ingested:
            store.delete([found.path])
        else:
            store.write(found.path, data)
        return
    path = store.url(found.path)
    before = os.lstat(path)
    scratch = store.scratch(found.path.rpartition("/")[0])
    try:
        scratch.write_bytes(data)
        scratch.chmod(before.st_mode & 0o777)
        os.utime(scratch, ns=(before.st_atime_ns, before.st_mtime_ns))
        now = os.lstat(path)
        if (now.st_mtime_ns, now.st_size) == (before.st_mtime_ns, len(found.data)):
            store.move_in(scratch, found.path)
    finally:
        scratch.unlink(missing_ok=True)

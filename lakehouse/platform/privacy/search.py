"""Every place of a person: landing zone, staged and kept files, tables and their old versions."""

import datetime as dt
from collections.abc import Iterator

from lakehouse.platform.privacy.file_content import FileMatches
from lakehouse.platform.privacy.findings import LANDING, STAGED, FindingKind, PersonFinding
from lakehouse.platform.privacy.scope import SearchScope
from lakehouse.platform.privacy.search_files import kept_files, landed_files, staged_files
from lakehouse.platform.privacy.search_tables import current_rows, outdated_files


def find(scope: SearchScope) -> Iterator[PersonFinding]:
    """Yield every place of the person, the landing zone first and old versions last."""
    for landed in landed_files(scope):
        day = landed.recognized.day if landed.recognized else None
        yield from _in_file(scope, LANDING, day, landed.path, landed.matches)
    for staged in staged_files(scope):
        yield from _in_file(scope, STAGED, None, staged.path, staged.matches)
    lines: set[tuple[str, int]] = set()
    for kept in kept_files(scope):
        lines |= kept.unparsable_lines
        table = f"raw.{scope.name}_{kept.dataset or 'objects'}"
        for delivery in kept.deliveries:
            yield from _in_file(scope, table, delivery.day, delivery.file, kept.matches)
        if not kept.deliveries:
            yield from _in_file(scope, table, None, None, kept.matches)
    for table_id in scope.lake.tables(domain=scope.name):
        yield from current_rows(scope, table_id, lines)
    for table_id in scope.lake.tables(domain=scope.name):
        for day, rows, _ in outdated_files(scope, table_id, lines):
            yield PersonFinding(
                domain=scope.name, table=table_id.name, day=day, rows=rows, what=FindingKind.OLD
            )


def _in_file(
    scope: SearchScope, table: str, day: dt.date | None, file: str | None, matches: FileMatches
) -> Iterator[PersonFinding]:
    places: list[tuple[FindingKind, int | None]] = [
        *((FindingKind.RECORD, line) for line in matches.records),
        *((FindingKind.LINE, line) for line in matches.lines),
        *((FindingKind.MENTION, line) for line in matches.mentions),
    ]
    if matches.unreadable:
        places.append((FindingKind.FILE, None))
    if table == LANDING and scope.person.is_mentioned(file):
        places.append((FindingKind.NAME, None))
    for kind, line in places:
        yield PersonFinding(
            domain=scope.name,
            table=table,
            day=day,
            file=scope.safe_path(file),
            line=line,
            what=kind,
        )

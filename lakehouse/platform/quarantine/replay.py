"""What was rejected and why, and the way back: list, export, correct, and land again.

Rejected are whole files (the raw ledgers), single lines that are no record (bronze) and single rows
(silver). A correction never touches a table: it becomes a new version of the delivery in the
landing zone, so that it passes every check on the ordinary way and replaces the old file exactly.
"""

import csv
import datetime as dt
import gzip
import hashlib
import io
import json
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow.compute as pc

from lakehouse.platform.ingestion.csv.decode import decompress
from lakehouse.platform.ingestion.csv.errors import FileRejected
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.paths import RecognizedFile, recognize
from lakehouse.platform.ingestion.unrecognized_files import unrecognized_files_of
from lakehouse.platform.ingestion.versions import REPLAY, corrected_by, scope_of
from lakehouse.platform.quarantine.corrections import CorrectionError, Edit, corrected
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import Entry
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.upgrade import current_id, readable_table, readable_tables
from lakehouse.settings import Settings

QUARANTINE = "quarantine"
PLACE = ("_file", "_line", "_digest")
"""Columns of an export that say which record of which bytes a row is."""
EXTRA = ("_text", "_delete", "_reasons", "_detail", *PLACE)
"""Columns of an export beside the source's own."""
CLOCK_WAIT = dt.timedelta(seconds=5)
"""How long a replay waits until a file written now is the newest one."""

_DAY = re.compile(r"(?:^|/)([0-9]{4}-[0-9]{2}-[0-9]{2})(?=/)")
_YES, _NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"", "no", "n", "false", "0"})


class ReplayError(Exception):
    """A correction that cannot be replayed; nothing was written. The message says the hint."""


class Kind(StrEnum):
    """What was rejected."""

    FILE = "file"
    LINE = "line"
    ROW = "row"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """One file, line or row that is not in silver."""

    kind: Kind
    domain: str
    table: str
    """The dataset; ``unrecognized_files`` for files of none."""
    day: dt.date
    """Delivery day of a file or a line, business day of a row."""
    delivery_day: dt.date
    file: str
    digest: str
    line: int | None
    reasons: tuple[str, ...]
    detail: str | None
    values: str | None
    """A row as JSON, a line as its text; of a file nothing."""

    @property
    def columns(self) -> dict[str, str | None]:
        """The original values of a row by column."""
        return json.loads(self.values) if self.kind is Kind.ROW and self.values else {}


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Count:
    """How much of one table and day was rejected for one reason."""

    domain: str
    table: str
    day: dt.date
    kind: Kind
    reason: str
    rows: int
    """Files, lines or rows, by kind; what has two reasons counts under both."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rejections; what is None does not restrict."""

    domain: str | None = None
    table: str | None = None
    days: Collection[dt.date] | None = None
    reason: str | None = None
    file: str | None = None


@dataclass(frozen=True, kw_only=True)
class Landed:
    """One corrected file that now lies in the landing zone."""

    file: str
    """The file that it corrects."""
    path: str
    dataset: str
    day: dt.date
    unit: int | None
    digest: str
    edits: int
    """Records that were changed or dropped; 0 when the whole file was replaced."""


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a replay did, and which days to run."""

    landed: tuple[Landed, ...] = ()
    unchanged: tuple[str, ...] = ()
    """Files that the patch does not change, or that were replayed before."""
    delivery_days: tuple[dt.date, ...] = ()
    """To be run by the arrival job."""
    business_days: tuple[dt.date, ...] = ()
    """On which the rejected rows lie."""

    @property
    def days(self) -> tuple[dt.date, ...]:
        """All of them: the arrival job over these days rebuilds what the replay touches."""
        return tuple(sorted({*self.delivery_days, *self.business_days}))


def listing(
    lake: Lake,
    domain: str | None = None,
    table: str | None = None,
    days: Collection[dt.date] | None = None,
    reason: str | None = None,
    file: str | None = None,
) -> list[Count]:
    """What is rejected now, counted by domain, table, day, kind and reason."""
    counted: Counter[tuple[str, str, dt.date, Kind, str]] = Counter()
    for each in rows(lake, domain, table, days, reason, file=file):
        for code in each.reasons:
            if reason in (None, code):
                counted[each.domain, each.table, each.day, each.kind, code] += 1
    return [
        Count(domain=domain, table=table, day=day, kind=kind, reason=code, rows=number)
        for (domain, table, day, kind, code), number in sorted(counted.items())
    ]


def rows(
    lake: Lake,
    domain: str | None = None,
    table: str | None = None,
    days: Collection[dt.date] | None = None,
    reason: str | None = None,
    *,
    file: str | None = None,
    settled: bool = False,
) -> Iterator[Rejection]:
    """What is rejected, one by one with its original values, by table and day; read day by day.

    Args:
        lake: where to look.
        domain: only this one.
        table: only this dataset; ``unrecognized_files`` for files of none.
        days: only these delivery days of files and lines, and business days of rows.
        reason: only what has it among its reasons.
        file: only this landed file.
        settled: also files and lines that a newer version of their delivery has replaced.
    """
    chosen = Selection(domain=domain, table=table, days=days, reason=reason, file=file)
    for each in map(current_id, readable_tables(lake, domain=domain)):
        if table not in (None, each.table):
            continue
        if each.layer == "raw" and each.companion is None:
            found = _files(lake, each, chosen, settled=settled)
        elif each.companion == QUARANTINE:
            found = _quarantined(lake, each, chosen, settled=settled)
        else:
            continue
        for rejection in found:
            if reason is None or reason in rejection.reasons:
                yield rejection


def export(
    lake: Lake,
    path: Path,
    format: str = "csv",  # noqa: A002  the word of the command
    *,
    domain: str | None = None,
    table: str | None = None,
    days: Collection[dt.date] | None = None,
    reason: str | None = None,
    file: str | None = None,
) -> dict[Path, int]:
    """Write rejected rows and lines in a form that can be edited and replayed.

    A path with an ending is one file and takes one dataset; else it is a folder with a file for
    each dataset. A file has the source's columns and `EXTRA`: values are mended where they
    stand, an unparsable line in ``_text``, and ``_delete`` = yes drops a record.

    Returns:
        Rows by written file; whole rejected files have no rows to export.

    Raises:
        ValueError: another format, or several datasets for one file.
    """
    if format not in ("csv", "json"):
        raise ValueError(f"the format is {format!r}; it may be csv or json")
    datasets: dict[tuple[str, str], list[Rejection]] = defaultdict(list)
    found = rows(lake, domain=domain, table=table, days=days, reason=reason, file=file)
    for rejection in found:
        if rejection.kind is not Kind.FILE:
            datasets[rejection.domain, rejection.table].append(rejection)
    single = path.suffix.lower() in (".csv", ".json")
    if single and len(datasets) > 1:
        named = ", ".join(f"{each}.{name}" for each, name in sorted(datasets))
        raise ValueError(
            f"{path} is one file and there are rows of {named}; choose one or a folder"
        )
    written = {}
    for (owner, dataset), rejections in sorted(datasets.items()):
        target = path if single else path / f"{owner}_{dataset}.{format}"
        target.parent.mkdir(parents=True, exist_ok=True)
        columns = _source(load_domain(owner), dataset).format.columns
        lines = [_exported(rejection, columns) for rejection in rejections]
        target.write_bytes(_table_bytes(lines, [*columns, *EXTRA], format))
        written[target] = len(lines)
    return written


def replay(
    lake: Lake,
    landing: LandingZone,
    settings: Settings,
    selection: Selection | None = None,
    patch: Path | None = None,
    *,
    now: dt.datetime | None = None,
) -> Replay:
    """Bring rejected rows back in.

    Without a patch, because rules or reference data were mended: the days to build again; nothing
    is written. With one (an export that was edited: a file, or a folder of files) each landed file
    that it changes is landed again with exactly these records corrected. The same patch again
    changes nothing.

    Raises:
        ReplayError: the patch does not fit what is in the lake; nothing was written.
    """
    if patch is None:
        return _to_rebuild(lake, landing.domain, selection or Selection())
    replayer = _Replayer(lake, landing, settings, now or dt.datetime.now(dt.UTC))
    return replayer.patched(_read_patch(patch, replayer.domain))


def replace(
    lake: Lake,
    landing: LandingZone,
    settings: Settings,
    file: str,
    content: Path,
    *,
    now: dt.datetime | None = None,
) -> Replay:
    """Land a whole corrected file in the place of a landed one, a rejected one among them.

    Raises:
        ReplayError: the file never landed, something newer replaced it, or the content is no
            good file of its source; nothing was written.
    """
    replayer = _Replayer(lake, landing, settings, now or dt.datetime.now(dt.UTC))
    return replayer.all_days(file, replayer.plain(content.read_bytes(), content.name))


def release(
    lake: Lake,
    landing: LandingZone,
    settings: Settings,
    file: str,
    *,
    now: dt.datetime | None = None,
) -> Replay:
    """Accept a held file as it is: land it again with its last line ended.

    Raises:
        ReplayError: the file is not held, or was cut so that a line end does not make it whole.
    """
    replayer = _Replayer(lake, landing, settings, now or dt.datetime.now(dt.UTC))
    return replayer.released(file)


def _files(lake: Lake, table: TableId, chosen: Selection, *, settled: bool) -> Iterator[Rejection]:
    stored = readable_table(lake, table)
    shown = stored.snapshot()
    for day_file in shown.files:
        if not day_file.rows or (chosen.days is not None and day_file.day not in chosen.days):
            continue
        delivered = read_deliveries(lake, table.domain, table.table, [day_file.day], snapshot=shown)
        for row in delivered:
            if row.readable or chosen.file not in (None, row.file):
                continue
            if not settled and table != unrecognized_files_of(table.domain):
                source = _source(load_domain(table.domain), table.table)
                if _successor(row, delivered, source):
                    continue
            yield Rejection(
                kind=Kind.FILE,
                domain=table.domain,
                table=table.table,
                day=row.day,
                delivery_day=row.day,
                file=row.file,
                digest=row.digest,
                line=None,
                reasons=(row.reason or "",),
                detail=row.detail,
                values=None,
            )


def _successor(row: Delivery, delivered: Iterable[Delivery], source: Source) -> Delivery | None:
    """The newer good version that took the place of a file, if one came."""
    later = (
        other
        for other in _versions(row, delivered, source)
        if other.status is Status.LOADED and other.order > row.order
    )
    return max(later, key=lambda other: other.order, default=None)


def _versions(row: Delivery, delivered: Iterable[Delivery], source: Source) -> list[Delivery]:
    """Files of the same delivery, the row among them."""
    own = scope_of(row.file, row.unit, source)
    return [other for other in delivered if scope_of(other.file, other.unit, source) == own]


def _replay_path(old: Delivery, spec: DomainSpec, source: Source) -> str:
    """Where the corrected version of a file lands, so that it is one of the same delivery."""
    folder = f"{spec.name}/{old.day}/"
    if source.per_file:
        landed = corrected_by(old.file) or old.file
        return f"{folder}{REPLAY}/{landed.partition('/')[2]}"
    unit = "" if old.unit is None else f"{spec.unit_folder(old.unit)}/"
    return f"{folder}{unit}{REPLAY}/{PurePosixPath(old.file).name}"


def _quarantined(
    lake: Lake, table: TableId, chosen: Selection, *, settled: bool
) -> Iterator[Rejection]:
    kind = Kind.LINE if table.layer == "bronze" else Kind.ROW
    stored = lake.table(table)
    shown = stored.snapshot()
    for day_file in shown.files:
        if not day_file.rows or (chosen.days is not None and day_file.day not in chosen.days):
            continue
        found = stored.read([day_file.day], snapshot=shown)
        if chosen.file is not None:
            found = found.filter(pc.equal(found["file"], chosen.file))
        current = None
        if kind is Kind.LINE and not settled and found.num_rows:
            current = _current(lake, table, day_file.day)
        for row in found.to_pylist():
            if current is not None and (row["file"], row["digest"]) not in current:
                continue
            yield Rejection(
                kind=kind,
                domain=table.domain,
                table=table.table,
                day=row["day"],
                delivery_day=row["delivery_day"],
                file=row["file"],
                digest=row["digest"],
                line=row["line"],
                reasons=tuple(row["reasons"]),
                detail=row["detail"],
                values=row["values"],
            )


def _current(lake: Lake, table: TableId, day: dt.date) -> set[tuple[str, str]]:
    """File and digest of what is loaded of a delivery day."""
    raw = lake.table(TableId("raw", table.domain, table.table))
    loaded = raw.read([day], columns=["file", "digest", "status"])
    loaded = loaded.filter(pc.equal(loaded["status"], Status.LOADED.value))
    return set(zip(loaded["file"].to_pylist(), loaded["digest"].to_pylist(), strict=True))


def _exported(rejection: Rejection, columns: Sequence[str]) -> dict[str, str | int | None]:
    values = rejection.columns
    return {
        **{column: values.get(column) for column in columns},
        "_text": rejection.values if rejection.kind is Kind.LINE else None,
        "_delete": None,
        "_reasons": ",".join(rejection.reasons),
        "_detail": rejection.detail,
        "_file": rejection.file,
        "_line": rejection.line,
        "_digest": rejection.digest,
    }


def _table_bytes(lines: Sequence[dict[str, Any]], columns: Sequence[str], kind: str) -> bytes:
    """Rows as a file; CSV with a byte order mark, so that spreadsheets show accents."""
    if kind == "json":
        return (json.dumps(lines, ensure_ascii=False, indent=1) + "\n").encode()
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode("utf-8-sig")


def _to_rebuild(lake: Lake, domain: str, chosen: Selection) -> Replay:
    delivery_days: set[dt.date] = set()
    business_days: set[dt.date] = set()
    for rejection in rows(
        lake,
        domain=domain,
        table=chosen.table,
        days=chosen.days,
        reason=chosen.reason,
        file=chosen.file,
    ):
        if rejection.table == unrecognized_files_of(domain).table:
            continue
        delivery_days.add(rejection.delivery_day)
        if rejection.kind is Kind.ROW:
            business_days.add(rejection.day)
    return Replay(
        delivery_days=tuple(sorted(delivery_days)), business_days=tuple(sorted(business_days))
    )


@dataclass(frozen=True, kw_only=True)
class _PatchRow:
    """One row of a patch and where it stands."""

    file: str
    digest: str
    edit: Edit
    place: str


def _read_patch(path: Path, of: Domain) -> list[_PatchRow]:
    if not path.exists():
        raise ReplayError(f"{path} does not exist; give an edited export, a file or a folder")
    parts = (
        sorted(p for p in path.iterdir() if p.suffix.lower() in (".csv", ".json"))
        if (path.is_dir())
        else [path]
    )
    if not parts:
        raise ReplayError(f"{path} has no .csv or .json file; give an edited export")
    found: list[_PatchRow] = []
    seen: dict[tuple[str, int], str] = {}
    for part in parts:
        for place, row in _patch_lines(part):
            made = _patch_row(row, place, of)
            first = seen.setdefault((made.file, made.edit.line), place)
            if first != place:
                raise ReplayError(
                    f"{place}: line {made.edit.line} of {made.file} comes twice, first in {first};"
                    " leave one of them"
                )
            found.append(made)
    return found


def _patch_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReplayError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    if path.suffix.lower() == ".json":
        try:
            made = json.loads(text)
        except json.JSONDecodeError as error:
            raise ReplayError(f"{path} is no JSON: {error}; keep the export's form") from error
        if not isinstance(made, list) or not all(isinstance(row, dict) for row in made):
            raise ReplayError(f"{path} is no list of objects; keep the export's form")
        for number, row in enumerate(made, start=1):
            yield f"{path.name}, entry {number}", row
        return
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
        for values in reader:
            place = f"{path.name}, line {reader.line_num}"
            if not any(values):
                continue
            if len(values) != len(names):
                raise ReplayError(
                    f"{place}: {len(values)} values for {len(names)} columns; keep every column"
                )
            yield place, dict(zip(names, values, strict=True))
    except csv.Error as error:
        place = f"{path.name}, line {reader.line_num}"
        raise ReplayError(f"{place} is no CSV: {error}; export again") from error


def _patch_row(row: dict[str, Any], place: str, of: Domain) -> _PatchRow:
    for column in PLACE:
        if row.get(column) in (None, ""):
            raise ReplayError(
                f"{place}: column {column!r} is missing or empty; keep it as it was exported"
            )
    file, number = str(row["_file"]), str(row["_line"])
    if not re.fullmatch("[0-9]{1,9}", number):
        raise ReplayError(f"{place}: column '_line' is {number!r}, no line number; export again")
    columns = _source_of(of, file, place).format.columns
    if missing := [column for column in columns if column not in row]:
        raise ReplayError(
            f"{place}: column {missing[0]!r} is missing; keep every column of the export, empty"
            " where there is no value"
        )
    if unknown := sorted(set(row) - {*columns, *EXTRA}):
        raise ReplayError(
            f"{place}: column {unknown[0]!r} is none of {file}; it may have {', '.join(columns)}"
        )
    delete = str(row.get("_delete") or "").strip().lower()
    if delete not in _YES | _NO:
        raise ReplayError(f"{place}: column '_delete' is {row['_delete']!r}; write yes or nothing")
    return _PatchRow(
        file=file,
        digest=str(row["_digest"]),
        edit=Edit(
            line=int(number),
            values={c: None if row[c] is None else str(row[c]) for c in columns},
            text=None if row.get("_text") in (None, "") else str(row["_text"]),
            delete=delete in _YES,
        ),
        place=place,
    )


def _source(of: Domain, table: str) -> Source:
    """The source of a dataset, also under the name of the silver table that judges it."""
    datasets = {silver.id.table: dataset for dataset, silver in of.validating_tables.items()}
    wanted = datasets.get(table, table)
    return next(source for source in of.sources if source.dataset == wanted)


def _source_of(of: Domain, file: str, place: str) -> Source:
    name = PurePosixPath(file).name
    for source in of.sources:
        if source.matches(name):
            return source
    raise ReplayError(
        f"{place}: {file} is no file that units deliver, so it cannot land again; if it was read"
        " from a database, mend it there, and if its name was rejected, rename it"
    )


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """A corrected file that is checked and not yet written."""

    old: Delivery
    source: Source
    path: str
    data: bytes
    edits: int
    newest: dt.datetime
    """Modification time of the delivery's newest version; the corrected one must be later."""
    present: bool
    """It lies in the landing zone already, from a replay that was not run yet."""


@dataclass
class _Replayer:
    """Makes corrected files, checks all of them, and only then lands them."""

    lake: Lake
    landing: LandingZone
    settings: Settings
    now: dt.datetime
    domain: Domain = field(init=False)

    def __post_init__(self) -> None:
        self.domain = load_domain(self.landing.domain)

    @property
    def limit(self) -> int:
        return self.settings.max_file_mb * 1024 * 1024

    def patched(self, patch: Sequence[_PatchRow]) -> Replay:
        by_file: dict[tuple[str, str], list[_PatchRow]] = defaultdict(list)
        for row in patch:
            by_file[row.file, row.digest].append(row)
        prepared: list[_Prepared] = []
        unchanged: list[str] = []
        for (file, digest), patch_rows in sorted(by_file.items()):
            source = _source_of(self.domain, file, patch_rows[0].place)
            known = self._delivered(source, file)
            old = self._version(known, file, digest, patch_rows[0].place)
            plain = self.plain(self._bytes(old), file)
            edits = [row.edit for row in patch_rows]
            try:
                made = corrected(plain, source.format, edits, name=file)
            except (CorrectionError, FileRejected) as error:
                raise ReplayError(f"{error}. {patch_rows[0].place} ff.; nothing was written") from (
                    error
                )
            packed = _packed(made, file)
            current = _successor(old, known, source)
            if made == plain or (current and current.digest == _digest(packed)):
                unchanged.append(file)
            elif old.status is not Status.LOADED:
                by = f"by {current.file} ({current.digest[:16]})" if current else "meanwhile"
                raise ReplayError(
                    f"{patch_rows[0].place}: {file} with digest {digest[:16]} was replaced {by};"
                    " export again and make the edits in the new rows"
                )
            else:
                prepared.append(self._prepared(old, source, packed, known, edits=len(edits)))
        return self._landed(prepared, unchanged)

    def all_days(self, file: str, plain: bytes) -> Replay:
        source, old, known = self._rejected(file)
        try:
            read_csv(plain, source.format, name=file)
        except FileRejected as error:
            raise ReplayError(
                f"the new content is rejected too: {error}; nothing was written"
            ) from (error)
        packed = _packed(plain, file)
        if old.readable and old.digest and self.plain(self._bytes(old), file) == plain:
            return Replay(unchanged=(file,))
        return self._landed([self._prepared(old, source, packed, known, edits=0)], [])

    def released(self, file: str) -> Replay:
        _, old, _ = self._rejected(file)
        if old.status is not Status.HELD:
            raise ReplayError(
                f"{file} is {old.status.value}, not held; only a file that was cut can be released"
            )
        plain = self.plain(self._bytes(old), file)
        return self.all_days(file, plain + (b"\r\n" if b"\r\n" in plain else b"\n"))

    def plain(self, data: bytes, name: str) -> bytes:
        """Content of a file as CSV text, whether it is packed or not."""
        if not name.lower().endswith(".gz"):
            return data
        try:
            return decompress(data, name=name, limit=self.limit)
        except FileRejected as error:
            raise ReplayError(f"{error}; give the whole file unpacked") from error

    def _rejected(self, file: str) -> tuple[Source, Delivery, list[Delivery]]:
        """The newest version of a landed file, which nothing has replaced."""
        source = _source_of(self.domain, file, "--file")
        known = self._delivered(source, file)
        versions = [row for row in known if row.file == file]
        if not versions:
            raise ReplayError(
                f"{file} never landed; `lakehouse quarantine list` names the rejected files"
            )
        old = max(versions, key=lambda row: row.order)
        newer = _successor(old, known, source)
        if newer is not None:
            raise ReplayError(f"{file} was replaced by {newer.file} since; correct that one")
        if old.status is Status.DUPLICATE:
            raise ReplayError(f"{file} repeats another file; correct the one that was loaded")
        return source, old, known

    def _delivered(self, source: Source, file: str) -> list[Delivery]:
        """Everything delivered on the days a file may belong to."""
        table = self.lake.table(TableId("raw", self.domain.name, source.dataset))
        shown = table.snapshot()
        if shown.schema is None:
            return []
        named = _DAY.findall(file)
        if named:
            days = [dt.date.fromisoformat(named[0])]
        else:
            places = table.read(snapshot=shown, columns=["day", "file"])
            days = sorted(set(places.filter(pc.equal(places["file"], file))["day"].to_pylist()))
        return read_deliveries(self.lake, self.domain.name, source.dataset, days, snapshot=shown)

    def _version(self, known: Sequence[Delivery], file: str, digest: str, place: str) -> Delivery:
        versions = [row for row in known if row.file == file]
        if not versions:
            raise ReplayError(f"{place}: {file} never landed; keep '_file' as it was exported")
        same = [row for row in versions if row.digest == digest]
        if not same:
            have = ", ".join(sorted({row.digest[:16] for row in versions}))
            raise ReplayError(
                f"{place}: {file} has the digest {have}, not {digest[:16]!r}; keep '_digest' as it"
                " was exported, or export again if the file was sent anew"
            )
        old = max(same, key=lambda row: (row.has_rows, row.order))
        if not old.has_rows:
            raise ReplayError(
                f"{place}: {file} is {old.status.value} as a whole ({old.reason}); replay a whole"
                " file instead"
            )
        return old

    def _bytes(self, old: Delivery) -> bytes:
        if not old.digest:
            raise ReplayError(f"{old.file} was never read ({old.reason}); give a whole file")
        data = self.lake.store.read(object_path(self.domain.name, old.digest))
        if _digest(data) != old.digest:
            raise ReplayError(
                f"the kept bytes of {old.file} are not those that landed; run"
                " `lakehouse reconciliation --verify` and restore the object"
            )
        return data

    def _prepared(
        self,
        old: Delivery,
        source: Source,
        data: bytes,
        known: Sequence[Delivery],
        *,
        edits: int,
    ) -> _Prepared:
        """Check everything that could keep a corrected file from replacing the old one."""
        path = _replay_path(old, self.domain.spec, source)
        entry = Entry(path=path, size=len(data), modified_at=self.now, etag=None)
        today = self.now.astimezone(self.landing.rules.zone).date()
        met = recognize(entry, self.landing.rules, today=today)
        if not isinstance(met, RecognizedFile):
            raise ReplayError(f"{path} would not be taken: {met.detail}")
        if (met.dataset, met.day, met.unit) != (source.dataset, old.day, old.unit):
            raise ReplayError(f"{path} would not belong to the delivery of {old.file}")
        digest = _digest(data)
        anywhere = source.self_identifying and not source.counts_copies
        scope = known if anywhere else _versions(old, known, source)
        twin = next((row for row in scope if row.readable and row.digest == digest), None)
        if twin is None and anywhere and not source.snapshot:
            twin = self._twin_elsewhere(source, digest)
        if twin is not None:
            raise ReplayError(
                f"{old.file}: the corrected content is that of {twin.file}, which landed before,"
                " so it would count as a repetition; change something else, or leave it"
            )
        present = self._present(path, data)
        pending = self._pending(source, old, known, besides=path if present else "")
        if pending:
            raise ReplayError(
                f"{old.file}: {pending} has landed and was not taken in yet; run `lakehouse ingest`"
                " and export again"
            )
        versions = [row.landed_at for row in _versions(old, known, source)]
        return _Prepared(
            old=old,
            source=source,
            path=path,
            data=data,
            edits=edits,
            newest=max(versions),
            present=present,
        )

    def _twin_elsewhere(self, source: Source, digest: str) -> Delivery | None:
        """A delivery of another day with this content; asked only when its bytes are known."""
        domain = self.domain.name
        if self.lake.store.stat(object_path(domain, digest)) is None:
            return None
        table = self.lake.table(TableId("raw", domain, source.dataset))
        for day in table.snapshot().days:
            for row in read_deliveries(self.lake, domain, source.dataset, [day]):
                if row.digest == digest and row.readable:
                    return row
        return None

    def _present(self, path: str, data: bytes) -> bool:
        found = self.landing.store.stat(path)
        return (
            found is not None
            and found.size == len(data)
            and (self.landing.store.read(path) == data)
        )

    def _pending(
        self, source: Source, old: Delivery, known: Sequence[Delivery], *, besides: str
    ) -> str | None:
        """A file of the same delivery that the lake has not seen yet."""
        seen = {(row.file, row.landed_at, row.size) for row in known}
        own = scope_of(old.file, old.unit, source)
        listed = self.landing.listing(
            days=[old.day], undated=False, now=self.now, quiet=dt.timedelta(0)
        )
        for file in listed.files:
            scope = scope_of(file.path, file.unit, source)
            same = (file.dataset, file.day, scope) == (source.dataset, old.day, own)
            unseen = (file.path, file.modified_at, file.size) not in seen
            if same and unseen and file.path != besides:
                return file.path
        return None

    def _landed(self, prepared: Sequence[_Prepared], unchanged: Sequence[str]) -> Replay:
        self._require_later_clock(prepared)
        business_days: set[dt.date] = set()
        landed = []
        for each in prepared:
            if not each.present:
                self._write(each)
            business_days |= self._business_days(each)
            landed.append(
                Landed(
                    file=each.old.file,
                    path=each.path,
                    dataset=each.source.dataset,
                    day=each.old.day,
                    unit=each.old.unit,
                    digest=_digest(each.data),
                    edits=each.edits,
                )
            )
        return Replay(
            landed=tuple(landed),
            unchanged=tuple(unchanged),
            delivery_days=tuple(sorted({each.old.day for each in prepared})),
            business_days=tuple(sorted(business_days)),
        )

    def _require_later_clock(self, prepared: Sequence[_Prepared]) -> None:
        """On S3 the time of a file is the server's: what is there must be older than now."""
        if isinstance(self.landing.store, DiskStore) or not prepared:
            return
        newest = max(prepared, key=lambda each: each.newest)
        ahead = newest.newest + dt.timedelta(seconds=1) - dt.datetime.now(dt.UTC)
        if ahead > CLOCK_WAIT:
            raise ReplayError(
                f"{newest.old.file} is dated {newest.newest}, in the future, so that a file written"
                " now would not be newer; wait until then or mend the clock that dated it"
            )
        time.sleep(max(0.0, ahead.total_seconds()))

    def _write(self, each: _Prepared) -> None:
        store = self.landing.store
        if not isinstance(store, DiskStore):
            store.write(each.path, each.data)
            return
        at = max(self.now, each.newest + dt.timedelta(seconds=1))
        scratch = store.scratch(each.path.rpartition("/")[0])
        try:
            scratch.write_bytes(each.data)
            stamp = int(at.timestamp() * 1_000_000) * 1000
            os.utime(scratch, ns=(stamp, stamp))
            store.move_in(scratch, each.path)
        finally:
            scratch.unlink(missing_ok=True)

    def _business_days(self, each: _Prepared) -> set[dt.date]:
        """Days on which the old version's rows lie; a day apart from its own only when named."""
        table = self.lake.table(TableId("bronze", self.domain.name, each.source.dataset))
        found = table.read([each.old.day], columns=["_digest", "_business_day"])
        of_file = found.filter(pc.equal(found["_digest"], each.old.digest))
        return {day for day in of_file["_business_day"].unique().to_pylist() if day is not None}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _packed(plain: bytes, name: str) -> bytes:
    """Content in the form that a file of this name has; the same content gives the same bytes."""
    return gzip.compress(plain, mtime=0) if name.lower().endswith(".gz") else plain

"""Audit delivered files without the code that loaded them.

The landing zone is compared with the kept bytes, and the kept bytes, read by Python's own csv
module, with the rows of bronze, read file by file as the table's log lists them. Neither the
platform's CSV reader nor its reading of tables is used. Files that need more than a plain reading
(another encoding, workbooks, lines before the header, unparsable lines) are counted, not compared.
"""

import csv
import datetime as dt
import gzip
import hashlib
import io
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.reconciliation.audited_lake import AuditedLake
from lakehouse.platform.reconciliation.findings import AuditCheck, AuditFinding, finding
from lakehouse.platform.storage.object_store import ObjectStore, ObjectStoreError
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.table import Table

LOADED = ("loaded", "superseded")
LARGEST = 500_000
"""Rows of a file that are compared in memory."""
ROUNDING = dt.timedelta(microseconds=1)
PLAIN_ENCODINGS = ("utf-8", "utf8", "utf-8-sig", "ascii")


def audit_independently(
    audited: AuditedLake, bronze: Table, day: dt.date, skipped: Counter[str]
) -> Iterator[AuditFinding]:
    """Compare the files of one dataset and day; count what is not compared."""
    raw = TableId("raw", bronze.id.domain, bronze.id.table)
    if not audited.includes(raw, bronze.id):
        return
    deliveries = _stored_rows(audited, raw, day)
    stored: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in _stored_rows(audited, bronze.id, day):
        stored.setdefault((row["_file"], row["_digest"]), []).append(row)
    current = {each["file"] for each in deliveries if each["status"] == "loaded"}
    for delivery in deliveries:
        replaced = delivery["status"] == "superseded" and delivery["file"] in current
        if delivery["digest"] and not replaced:  # else its path holds the bytes of a later version
            yield from _audit_landed_bytes(audited, raw, day, delivery, skipped)
        if delivery["status"] not in LOADED:
            continue
        rows = stored.pop((delivery["file"], delivery["digest"]), [])
        if (reason := _needs_more(delivery)) is not None:
            skipped[reason] += 1
            continue
        yield from _audit_rows(audited, bronze, day, delivery, rows)
    for (name, _), rows in stored.items():
        text = f"{len(rows)} rows of {name}"
        yield finding(bronze.id, day, AuditCheck.INDEPENDENT, "rows of delivered files", text)


def _audit_landed_bytes(
    audited: AuditedLake,
    raw: TableId,
    day: dt.date,
    delivery: Mapping[str, Any],
    skipped: Counter[str],
) -> Iterator[AuditFinding]:
    """Compare a file that is unchanged in the landing zone with the bytes that were kept."""
    landing = ObjectStore.at(audited.settings.landing)
    try:
        entry = landing.stat(delivery["file"])
        same = entry is not None and entry.size == delivery["size"]
        same = same and entry is not None and _is_near(entry.modified_at, delivery["landed_at"])
        found = hashlib.sha256(landing.read(delivery["file"])).hexdigest() if same else ""
    except (OSError, ObjectStoreError):
        found = ""
    if not found:
        skipped["landed bytes: the file is not in the landing zone as it was delivered"] += 1
    elif found != delivery["digest"]:
        digest = delivery["digest"]
        kept = audited.lake.store.stat(f"raw/{raw.domain}/objects/{digest[:2]}/{digest}")
        if kept is None or kept.size != delivery["size"]:
            skipped["landed bytes: erased persons are not in the kept bytes"] += 1
            return
        yield finding(
            raw,
            day,
            AuditCheck.INDEPENDENT,
            f"SHA-256 {found[:16]}… of {delivery['file']} in the landing zone",
            f"{digest[:16]}…, kept for a file of this size and time",
        )


def _audit_rows(
    audited: AuditedLake,
    table: Table,
    day: dt.date,
    delivery: Mapping[str, Any],
    rows: list[dict[str, Any]],
) -> Iterator[AuditFinding]:
    """Compare the records of a kept file with its rows in bronze."""
    bronze = table.id
    wanted = table.source.format if table.source else None
    nulls = wanted.null_texts if wanted else frozenset()
    digest = delivery["digest"]
    data = audited.lake.store.read(f"raw/{bronze.domain}/objects/{digest[:2]}/{digest}")
    if delivery["file"].lower().endswith(".gz"):
        data = gzip.decompress(data)
    lines = csv.reader(
        io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delivery["delimiter"]
    )
    header = [name.strip() for name in next(lines, [])]
    columns = [name for name in header if rows and name in rows[0]]
    records = [line for line in lines if line]
    if len(records) != len(rows):
        yield finding(
            bronze,
            day,
            AuditCheck.INDEPENDENT,
            f"{len(records)} rows of {delivery['file']}",
            f"{len(rows)} rows",
        )
        return
    places = [header.index(name) for name in columns]
    commas = frozenset(wanted.decimal_comma if wanted else ())  # bronze has one mark only

    def marked(name: str, text: str) -> str:
        return text.replace(".", ",") if name in commas else text

    expected = Counter(
        tuple(
            marked(name, _text(line[place], nulls)) if place < len(line) else ""
            for name, place in zip(columns, places, strict=True)
        )
        for line in records
    )
    found = Counter(tuple(marked(name, _text(row[name])) for name in columns) for row in rows)
    if missing := expected - found:
        values = dict(zip(columns, min(missing), strict=True))
        yield finding(
            bronze,
            day,
            AuditCheck.INDEPENDENT,
            f"a row of {delivery['file']} with {values}",
            f"{missing.total()} of {len(records)} rows are different",
        )


def _needs_more(delivery: Mapping[str, Any]) -> str | None:
    """Return why a file is not compared row by row; None for a plain one."""
    name = delivery["file"].lower().removesuffix(".gz")
    if name.endswith((".xlsx", ".zip")):
        return "rows of workbooks and archives"
    if (delivery["encoding"] or "").lower() not in PLAIN_ENCODINGS:
        return "rows of files in another encoding than UTF-8"
    if delivery["header_lines"] != 1 or delivery["unparsable_lines"] or not delivery["delimiter"]:
        return "rows of files with lines that are neither the header nor a row"
    if delivery["record_rows"] > LARGEST:
        return f"rows of files with more than {LARGEST:,} rows"
    if delivery["drift"]:
        return "rows of files whose columns differ from the declared ones"
    return None


def _stored_rows(audited: AuditedLake, table: TableId, day: dt.date) -> list[dict[str, Any]]:
    """Read the rows of a day as the table's log lists its files now."""
    store = audited.lake.store
    url = store.url(table.path)
    if not deltalake.DeltaTable.is_deltatable(url, store.delta_options()):
        return []
    opened = deltalake.DeltaTable(url, storage_options=store.delta_options())
    rows: list[dict[str, Any]] = []
    for path in opened.file_uris(file_pruning_predicate=[("day", "=", day)]):
        relative = path[path.index(f"{table.path}/day=") :]
        file = pq.ParquetFile(pa.BufferReader(store.read(relative)))
        rows += file.read(use_threads=False).to_pylist()
    return rows


def _is_near(moment: dt.datetime, recorded: dt.datetime) -> bool:
    """Compare two times of a file; a listing may round the last digit in another way."""
    return abs(moment.astimezone(dt.UTC).replace(tzinfo=None) - recorded) <= ROUNDING


def _text(value: object, nulls: frozenset[str] = frozenset()) -> str:
    """Return a value without differences in blanks; null is the empty text."""
    text = "" if value is None or str(value).strip() in nulls else str(value)
    return " ".join(unicodedata.normalize("NFC", text).split())

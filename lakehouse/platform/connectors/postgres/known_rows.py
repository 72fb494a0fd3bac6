"""The rows of a legacy table as the lake has them, or will have after ingesting landed files."""

import csv
import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

import ibis.expr.schema as sch
import pyarrow as pa

from lakehouse.platform.connectors.postgres.declaration import (
    EXTRACTED,
    OPERATION,
    ExtractionError,
    Row,
)
from lakehouse.platform.connectors.postgres.outbox import Outbox
from lakehouse.platform.engines.duckdb import DuckDBSession
from lakehouse.platform.serving.sql_catalog import quoted
from lakehouse.platform.storage.s3 import SINGLE_REQUEST_BYTES
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings

CHUNK_ROWS = 20_000
FEW_ROWS, LARGE_SHARE = 100, 0.5
"""Deletes above both limits, in rows and as a share, look like a wrong database."""
RANK_COLUMNS = {"_delivered_at": "timestamp(6)", "_file": "string", "_line": "int64"}
"""Columns and types that decide which of two landed rows with one key is newer, by rank."""


class KnownRows:
    """The newest row of each key that is not deleted, in an engine that spills to disk.

    Landed files count although the lake has not ingested them yet, so that no change is sent twice
    and no delete is missed while they wait.

    Attributes:
        number: greatest number of an extraction among the rows of the lake.
    """

    def __init__(
        self, outbox: Outbox, settings: Settings, unfinished: BinaryIO | None = None
    ) -> None:
        self._extraction = outbox.extraction
        self._session = DuckDBSession(settings, s3=settings.uses_s3)
        self._db = self._session.connection
        self._key = quoted(self._extraction.key)
        self._columns = ", ".join(map(quoted, self._extraction.columns))
        self._order = f"try_cast({self._key} as hugeint), {self._key}"
        waiting = [outbox.journal.staged(file) for file in outbox.uncommitted()]
        self._load_bronze(outbox)
        number = f"try_cast({quoted(EXTRACTED)} as bigint)"
        newest = self._value(f"select max({number}) from landed")  # noqa: S608  quoted
        self.number = int(newest or 0)
        self._create("later", (*self._extraction.columns, OPERATION, "recency"))
        recency = 0
        for path in waiting:
            with outbox.lake.store.open(path) as stream:
                recency = self._load_changes(stream, recency)
        if unfinished is not None:
            self._load_changes(unfinished, recency)
        ranked = ", ".join(f"{name} desc" for name in RANK_COLUMNS)
        self._db.execute(
            f"""
            create temp table known as select {self._columns} from (
                select *, row_number() over (
                    partition by {self._key} order by recency desc, {ranked}
                ) as newest
                from (
                    select *, 0 as recency from landed
                    union all by name
                    select * replace (recency::bigint as recency) from later
                )
                where {self._key} is not null
            ) where newest = 1 and {quoted(OPERATION)} is distinct from 'delete'
            """  # noqa: S608  declared names, quoted
        )
        self._db.execute("drop table later")

    def __enter__(self) -> "KnownRows":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def close(self) -> None:
        """Release memory and spilled files."""
        self._session.close()

    def compare(self, rows: Iterable[Row], keys: Iterable[Row] | None) -> None:
        """Load what the legacy table has: rows that may have changed, and all keys.

        Without ``keys`` the rows are the entire table.
        """
        self._create("source", self._extraction.columns)
        self._fill("source", rows)
        self._create("present", (self._extraction.key,))
        if keys is None:
            self._db.execute(
                f"insert into present select {self._key} from source"  # noqa: S608  quoted
            )
        else:
            self._fill("present", keys)

    def require_plausible(self, *, accept_deletes: bool) -> None:
        """Raise `ExtractionError` when most rows are gone, unless the caller accepts that."""
        missing = f"select count(*) from known anti join present using ({self._key})"  # noqa: S608
        gone = int(self._value(missing))
        total = int(self._value("select count(*) from known"))
        if gone > FEW_ROWS and gone > LARGE_SHARE * total and not accept_deletes:
            raise ExtractionError(
                f"{gone:,} of {total:,} rows are gone from {self._extraction.name}, as in a wrong"
                " or partly restored database; nothing was extracted. hint: if they were deleted,"
                " pass --accept-deletes"
            )

    def differences(self, *, snapshot: bool) -> Iterator[tuple[Row, str]]:
        """Yield rows that differ from the known ones and known rows that are gone, with operation.

        A deleted row has its last known values. The operation of other rows is ``snapshot``, or
        ``insert`` and ``update``.
        """
        changed = "'snapshot'" if snapshot else "if(k.is_known, 'update', 'insert')"
        of_source = ", ".join(f"s.{quoted(name)}" for name in self._extraction.columns)
        differs = " or ".join(
            f"s.{quoted(name)} is distinct from k.{quoted(name)}"
            for name in self._extraction.columns
        )
        yield from self._changes(
            f"""
            select * from (
            select {of_source}, {changed} as operation
            from source s left join (select *, true as is_known from known) k using ({self._key})
            where k.is_known is null or {differs}
            union all
            select {self._columns}, 'delete' from known anti join present using ({self._key})
            ) order by {self._order}
            """  # noqa: S608  declared names, quoted
        )

    def last(self, key: str | None) -> Row | None:
        """Return the known row of a key."""
        query = f"select {self._columns} from known where {self._key} = ?"  # noqa: S608  quoted
        found: Row | None = self._db.execute(query, [key]).fetchone()
        return found

    def all_rows(self) -> Iterator[Row]:
        """Yield all known rows by key."""
        query = f"select {self._columns}, '' from known order by {self._order}"  # noqa: S608
        for row, _ in self._changes(query):
            yield row

    def forget(self) -> None:
        """Delete all known rows: the legacy table was truncated."""
        self._db.execute("delete from known")

    def _load_bronze(self, outbox: Outbox) -> None:
        table = outbox.lake.table(
            TableId("bronze", self._extraction.domain, self._extraction.dataset)
        )
        snapshot = table.snapshot()
        stored = set(snapshot.schema.names) if snapshot.schema is not None else set()
        text = (*self._extraction.columns, OPERATION, EXTRACTED)
        kinds = {name: "string" for name in text if name in stored} | RANK_COLUMNS
        self._session.files(
            "landed_files",
            snapshot.urls(),
            sch.schema({**kinds, "_superseded": "boolean"}),
            where='not "_superseded"',
        )
        missing = "".join(
            f", null::varchar as {quoted(name)}" for name in text if name not in stored
        )
        self._db.execute(
            f"create temp view landed as select *{missing} from landed_files"  # noqa: S608  quoted
        )

    def _load_changes(self, stream: BinaryIO, recency: int) -> int:
        """Load an extracted file, each row newer than all before; return the last recency."""
        width = len(self._extraction.columns) + 1
        # The csv module needs a file; the stream of an S3 object is not one.
        with tempfile.SpooledTemporaryFile(SINGLE_REQUEST_BYTES) as local:
            shutil.copyfileobj(stream, local)
            local.seek(0)
            lines = csv.reader(io.TextIOWrapper(local, "utf-8", newline=""), strict=True)
            next(lines)

            def rows() -> Iterator[Row]:
                nonlocal recency
                for line in lines:
                    recency += 1
                    yield [*(value or None for value in line[:width]), str(recency)]

            self._fill("later", rows())
        return recency

    def _create(self, name: str, columns: Sequence[str]) -> None:
        text = ", ".join(f"{quoted(column)} varchar" for column in columns)
        self._db.execute(f"create or replace temp table {name} ({text})")

    def _fill(self, name: str, rows: Iterable[Row]) -> None:
        remaining = iter(rows)
        while chunk := list(islice(remaining, CHUNK_ROWS)):
            columns = [pa.array(values, pa.string()) for values in zip(*chunk, strict=True)]
            table = pa.Table.from_arrays(columns, [f"c{n}" for n in range(len(columns))])
            self._db.register("chunk", table)
            self._db.execute(f"insert into {name} select * from chunk")  # noqa: S608  our name
            self._db.unregister("chunk")

    def _changes(self, query: str) -> Iterator[tuple[Row, str]]:
        cursor = self._db.execute(query)
        while rows := cursor.fetchmany(CHUNK_ROWS):
            for *values, operation in rows:
                yield values, operation

    def _value(self, query: str) -> Any:
        found = self._db.execute(query).fetchone()
        return found[0] if found else None

"""The rows of a legacy table as the lake has them, or will once it took in what has landed."""

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
from lakehouse.platform.storage.s3 import SMALL
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings

CHUNK_ROWS = 20_000
FEW, MOST = 100, 0.5
"""More deletes than both, in rows and as a share, look like a wrong database."""
LANDED = {"_delivered_at": "timestamp(6)", "_file": "string", "_line": "int64"}
"""What makes a landed row newer than another of its key, by rank, with its types."""


class Known:
    """The newest row of each key that was not deleted, in an engine that spills to disk.

    Landed files that the lake has not taken in count as if it had, so that nothing is sent twice
    and no delete is missed while they wait.

    Attributes:
        number: the greatest number of an extraction among the lake's rows.
    """

    def __init__(
        self, outbox: Outbox, settings: Settings, unfinished: BinaryIO | None = None
    ) -> None:
        self._of = outbox.extraction
        self._session = DuckDBSession(settings, s3=settings.uses_s3)
        self._db = self._session.connection
        self._key = quoted(self._of.key)
        self._columns = ", ".join(map(quoted, self._of.columns))
        self._order = f"try_cast({self._key} as hugeint), {self._key}"
        waiting = [outbox.journal.staged(file) for file in outbox.untaken()]
        self._take_landed(outbox)
        number = f"try_cast({quoted(EXTRACTED)} as bigint)"
        found = self._value(f"select max({number}) from landed")  # noqa: S608  quoted
        self.number = int(found or 0)
        self._make("later", (*self._of.columns, OPERATION, "place"))
        place = 0
        for path in waiting:
            with outbox.lake.store.open(path) as stream:
                place = self._take_changes(stream, place)
        if unfinished is not None:
            self._take_changes(unfinished, place)
        ranked = ", ".join(f"{name} desc" for name in LANDED)
        self._db.execute(
            f"""
            create temp table known as select {self._columns} from (
                select *, row_number() over (
                    partition by {self._key} order by place desc, {ranked}
                ) as newest
                from (
                    select *, 0 as place from landed
                    union all by name
                    select * replace (place::bigint as place) from later
                )
                where {self._key} is not null
            ) where newest = 1 and {quoted(OPERATION)} is distinct from 'delete'
            """  # noqa: S608  names of our declarations, quoted
        )
        self._db.execute("drop table later")

    def __enter__(self) -> "Known":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def close(self) -> None:
        """Give memory and spilled files back."""
        self._session.close()

    def compare(self, rows: Iterable[Row], keys: Iterable[Row] | None) -> None:
        """Take what the legacy table has: rows that may have changed, and all keys.

        Without `keys` the rows are the whole table.
        """
        self._make("source", self._of.columns)
        self._fill("source", rows)
        self._make("present", (self._of.key,))
        if keys is None:
            self._db.execute(
                f"insert into present select {self._key} from source"  # noqa: S608  quoted
            )
        else:
            self._fill("present", keys)

    def require_plausible(self, *, accept_deletes: bool) -> None:
        """Raise when most rows are gone from the legacy table, unless that is to be believed."""
        missing = f"select count(*) from known anti join present using ({self._key})"  # noqa: S608
        gone = int(self._value(missing))
        everything = int(self._value("select count(*) from known"))
        if gone > FEW and gone > MOST * everything and not accept_deletes:
            raise ExtractionError(
                f"{gone:,} of {everything:,} rows are gone from {self._of.name}, which looks like a"
                " wrong or a half restored database; nothing was extracted. If they were deleted,"
                " pass --accept-deletes"
            )

    def differences(self, *, whole: bool) -> Iterator[tuple[Row, str]]:
        """Each row that is not known as it is now and each that is gone, with its operation.

        A deleted row has its last known values. `whole` says that the rows are a snapshot.
        """
        changed = "'snapshot'" if whole else "if(k.is_known, 'update', 'insert')"
        of_source = ", ".join(f"s.{quoted(name)}" for name in self._of.columns)
        differs = " or ".join(
            f"s.{quoted(name)} is distinct from k.{quoted(name)}" for name in self._of.columns
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
            """  # noqa: S608  names of our declarations, quoted
        )

    def last(self, key: str | None) -> Row | None:
        """The last known values of a key."""
        query = f"select {self._columns} from known where {self._key} = ?"  # noqa: S608  quoted
        found: Row | None = self._db.execute(query, [key]).fetchone()
        return found

    def everything(self) -> Iterator[Row]:
        """All known rows by key."""
        query = f"select {self._columns}, '' from known order by {self._order}"  # noqa: S608
        for row, _ in self._changes(query):
            yield row

    def forget(self) -> None:
        """Know nothing any more: the legacy table was emptied."""
        self._db.execute("delete from known")

    def _take_landed(self, outbox: Outbox) -> None:
        table = outbox.lake.table(TableId("bronze", self._of.domain, self._of.dataset))
        shown = table.snapshot()
        stored = set(shown.schema.names) if shown.schema is not None else set()
        text = (*self._of.columns, OPERATION, EXTRACTED)
        kinds = {name: "string" for name in text if name in stored} | LANDED
        self._session.files(
            "landed_files",
            shown.urls(),
            sch.schema({**kinds, "_superseded": "boolean"}),
            where='not "_superseded"',
        )
        missing = "".join(
            f", null::varchar as {quoted(name)}" for name in text if name not in stored
        )
        self._db.execute(
            f"create temp view landed as select *{missing} from landed_files"  # noqa: S608  quoted
        )

    def _take_changes(self, stream: BinaryIO, place: int) -> int:
        """Rows of an extracted file, each newer than all before; gives the last one's place."""
        width = len(self._of.columns) + 1
        with tempfile.SpooledTemporaryFile(SMALL) as local:  # an S3 stream is no file to csv
            shutil.copyfileobj(stream, local)
            local.seek(0)
            lines = csv.reader(io.TextIOWrapper(local, "utf-8", newline=""), strict=True)
            next(lines)

            def rows() -> Iterator[Row]:
                nonlocal place
                for line in lines:
                    place += 1
                    yield [*(value or None for value in line[:width]), str(place)]

            self._fill("later", rows())
        return place

    def _make(self, name: str, columns: Sequence[str]) -> None:
        text = ", ".join(f"{quoted(column)} varchar" for column in columns)
        self._db.execute(f"create or replace temp table {name} ({text})")

    def _fill(self, name: str, rows: Iterable[Row]) -> None:
        left = iter(rows)
        while chunk := list(islice(left, CHUNK_ROWS)):
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

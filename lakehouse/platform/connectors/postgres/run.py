"""The parts that one extraction works with, incremental or by change data capture."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from psycopg2 import sql

from lakehouse.platform.connectors.postgres.declaration import Extraction, ExtractionError
from lakehouse.platform.connectors.postgres.draft import Draft
from lakehouse.platform.connectors.postgres.journal import ExtractedFile, Watermark
from lakehouse.platform.connectors.postgres.outbox import Outbox
from lakehouse.platform.connectors.postgres.session import LegacySession
from lakehouse.settings import Settings

MEGABYTE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class ExtractionRun:
    """One extraction that is running.

    Attributes:
        extraction: the declared table.
        settings: of the lake.
        outbox: files on their way to the landing zone.
        session: session with the legacy database that holds the lock.
        identity: of the cluster and the table.
        now: moment that decides the delivery day.
        inform: receives remarks for people.
        landed: files that this run has landed.
        operations: number of changes in them by operation.
    """

    extraction: Extraction
    settings: Settings
    outbox: Outbox
    session: LegacySession
    identity: str
    now: dt.datetime
    inform: Callable[[str], None]
    landed: list[ExtractedFile] = field(default_factory=list)
    operations: Counter[str] = field(default_factory=Counter)

    def land(self, draft: Draft, kind: str, watermark: Watermark, since: int = 0) -> None:
        """Land a draft and move the watermark; only move it when the draft has no change.

        Raises:
            ExtractionError: the file is larger than the lake accepts.
        """
        self.session.require_lock()
        size = draft.flush().stat().st_size
        if size > self.settings.max_file_mb * MEGABYTE:
            raise ExtractionError(
                f"{draft.rows:,} changes make a file of {size // MEGABYTE:,} MB; the lake accepts"
                f" {self.settings.max_file_mb:,} MB; hint: raise LAKEHOUSE_MAX_FILE_MB"
            )
        if not draft.rows:
            self.outbox.move_watermark(watermark, self.identity)
            return
        day = self.now.astimezone(self.settings.zone).date()
        name = f"{self.extraction.dataset}_{draft.number:012d}_{kind}.csv"
        path = f"{self.extraction.domain}/{day.isoformat()}/{name}"
        self.landed.append(self.outbox.land(draft, path, watermark, self.identity, since))
        self.operations.update(draft.operations)

    def select(self, where: str = "") -> sql.Composed:
        """Return a query for every column of the legacy table as text; empty text becomes null."""
        columns = sql.SQL(", ").join(
            sql.SQL("nullif({}::text, '')").format(sql.Identifier(name))
            for name in self.extraction.columns
        )
        return sql.SQL("select {} from {} {}").format(columns, self.table, sql.SQL(where))

    def select_keys(self) -> sql.Composed:
        """Return a query for the key of every row as text."""
        key = sql.Identifier(self.extraction.key)
        return sql.SQL("select {}::text from {}").format(key, self.table)

    @property
    def table(self) -> sql.Identifier:
        """The legacy table as a quoted name."""
        return sql.Identifier(self.extraction.namespace, self.extraction.table)

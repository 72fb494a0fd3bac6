"""What both ways of extracting work with."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from psycopg2 import sql

from lakehouse.platform.connectors.postgres.declaration import Extraction, ExtractionError
from lakehouse.platform.connectors.postgres.journal import ExtractedFile, Watermark
from lakehouse.platform.connectors.postgres.origin import Origin
from lakehouse.platform.connectors.postgres.outbox import Draft, Outbox
from lakehouse.settings import Settings

MEGABYTE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Job:
    """One extraction at work.

    Attributes:
        extraction: the table.
        settings: of the lake.
        outbox: files on their way.
        origin: the session with the legacy database that holds the lock.
        identity: which table in which cluster it is.
        now: decides the delivery day.
        said: takes remarks for people.
        sent: files that were landed.
        operations: changes in them.
    """

    extraction: Extraction
    settings: Settings
    outbox: Outbox
    origin: Origin
    identity: str
    now: dt.datetime
    said: Callable[[str], None]
    sent: list[ExtractedFile] = field(default_factory=list)
    operations: Counter[str] = field(default_factory=Counter)

    def send(self, draft: Draft, kind: str, watermark: Watermark, since: int = 0) -> None:
        """Land a draft, or only move the watermark when nothing is in it.

        Raises:
            ExtractionError: the lake would reject a file as large as this.
        """
        self.origin.still_locked()
        size = draft.flushed().stat().st_size
        if size > self.settings.max_file_mb * MEGABYTE:
            raise ExtractionError(
                f"{draft.rows:,} changes make a file of {size // MEGABYTE:,} MB, and the lake takes"
                f" {self.settings.max_file_mb:,}; raise LAKEHOUSE_MAX_FILE_MB"
            )
        if not draft.rows:
            self.outbox.move(watermark, self.identity)
            return
        day = self.now.astimezone(self.settings.zone).date()
        name = f"{self.extraction.dataset}_{draft.number:012d}_{kind}.csv"
        path = f"{self.extraction.domain}/{day.isoformat()}/{name}"
        self.sent.append(self.outbox.send(draft, path, watermark, self.identity, since))
        self.operations.update(draft.operations)

    def select(self, where: str = "") -> sql.Composed:
        """Every column of the legacy table as text; an empty text is none."""
        columns = sql.SQL(", ").join(
            sql.SQL("nullif({}::text, '')").format(sql.Identifier(name))
            for name in self.extraction.columns
        )
        return sql.SQL("select {} from {} {}").format(columns, self.table, sql.SQL(where))

    def select_keys(self) -> sql.Composed:
        """The key of every row as text."""
        key = sql.Identifier(self.extraction.key)
        return sql.SQL("select {}::text from {}").format(key, self.table)

    @property
    def table(self) -> sql.Identifier:
        """The legacy table, quoted."""
        return sql.Identifier(self.extraction.namespace, self.extraction.table)

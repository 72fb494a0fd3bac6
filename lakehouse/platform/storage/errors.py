"""Errors that tables of the lake raise; errors of single files are in `object_store`."""

import datetime as dt

from lakehouse.platform.storage.table_id import TableId


class StorageError(Exception):
    """A table cannot be read or written as requested; the message says how to continue."""


class SchemaConflict(StorageError):
    """The columns of a commit do not fit the columns of the table."""


class OlderDays(StorageError):
    """Days that an older contract made lack what a reader needs; the message names them."""


class DayConflict(StorageError):
    """Another run replaced a day after this run had read it."""

    def __init__(self, table: TableId, day: dt.date) -> None:
        super().__init__(
            f"{table.name}: {day} was changed by another run after this run had read it; "
            "nothing was written. hint: run again"
        )
        self.table = table
        self.day = day


class VersionGone(StorageError):
    """A version, or one of its files, was deleted or never existed."""


class TableDamaged(StorageError):
    """A table, or the file of one of its days, is missing or is not what was stored."""

    def __init__(self, table: TableId, problem: str, day: dt.date | None = None) -> None:
        when = f" of {day}" if day else ""
        super().__init__(
            f"{table.name}{when}: {problem}. hint: `lakehouse status` names everything that is"
            f" damaged, `lakehouse repair --table {table.name}` builds it again"
        )
        self.table = table
        self.problem = problem
        self.day = day

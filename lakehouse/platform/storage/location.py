"""The location of one table: how delta-rs and Arrow open its log and its files."""

import os
import stat
from dataclasses import dataclass
from functools import cached_property

import deltalake
import pyarrow.fs as pafs
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler

from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.errors import TableDamaged, VersionGone
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.outside_causes import is_outside_cause
from lakehouse.platform.storage.table_id import TableId

FILE_BYTES = 128 << 20
"""Size of a file from which a day gets a further one, in bytes."""


_CAUSES = {
    "contiguous commit files": "entries are missing between others",
    "_last_checkpoint": "_last_checkpoint names a checkpoint that does not exist",
    "Json error": "an entry is not JSON",
    "protocol": "the first entries are missing",
}
"""Part of an error of delta-rs → what it means."""


def _cause_of_damage(error: Exception) -> str:
    """Return why a log cannot be read, after a colon; empty if the library says nothing plain."""
    text = str(error)
    return next((f": {plain}" for part, plain in _CAUSES.items() if part in text), "")


@dataclass(frozen=True)
class TableLocation:
    """One table in one object store. Holds no connection."""

    store: ObjectStore
    id: TableId
    file_bytes: int = 0
    """Size from which a day gets a further file; 0 is `FILE_BYTES`."""

    @property
    def most_bytes(self) -> int:
        """Return the size from which a day gets a further file."""
        return self.file_bytes or FILE_BYTES

    @cached_property
    def url(self) -> str:
        """Absolute path or s3:// URL of the table's folder."""
        return self.store.url(self.id.path)

    def path(self, relative: str) -> str:
        """Return the path in the store of a file that is named relative to the table."""
        return f"{self.id.path}/{relative}"

    def has_log(self) -> bool:
        """Return whether the table may exist: on disk, whether it has a folder for its log.

        Raises:
            TableDamaged: a file is where the folder of the table or of its log belongs.
        """
        if not isinstance(self.store, DiskStore):
            return True
        try:
            mode = os.stat(os.path.join(self.url, "_delta_log")).st_mode
        except FileNotFoundError:
            return False
        except NotADirectoryError as error:
            raise TableDamaged(self.id, "a file is where the table's folder belongs") from error
        if not stat.S_ISDIR(mode):
            raise TableDamaged(self.id, "a file is where the folder of the table's log belongs")
        return True

    def open(self, version: int | None = None) -> deltalake.DeltaTable | None:
        """Open the Delta table; None when it does not exist. A failed read is an error.

        Raises:
            VersionGone: the version never existed or is no longer in the log.
            TableDamaged: the log cannot be read.
        """
        if not self.has_log():
            return None
        try:
            return deltalake.DeltaTable(
                self.url, version=version, storage_options=self.store.delta_options()
            )
        except TableNotFoundError:
            return None
        except DeltaError as error:
            if is_outside_cause(error):
                raise
            if version is None:
                problem = f"the table's log (_delta_log) is damaged{_cause_of_damage(error)}"
                raise TableDamaged(self.id, problem) from error
            raise VersionGone(f"{self.id} has no version {version} in its log") from error

    def read_log_entry(self, version: int) -> bytes | None:
        """Read the log entry of a version: one JSON action per line; None when it is missing."""
        try:
            return self.store.read(self.path(f"_delta_log/{version:020}.json"))
        except FileNotFoundError:
            return None

    def filesystem(self) -> pafs.FileSystem:
        """Return the Arrow file system of the table's folder."""
        options = self.store.delta_options()
        if options is not None:
            return pafs.PyFileSystem(DeltaStorageHandler(self.url, options))
        return pafs.SubTreeFileSystem(self.url, pafs.LocalFileSystem())

"""The lake: all tables below one root."""

from collections.abc import Iterator

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId, is_name_part


class Lake:
    """The tables below one root. Creating a Lake opens nothing.

    Args:
        root: a folder or prefix, see `ObjectStore.at`.
        file_mb: size, in MiB, from which a day that is written gets a further file; by default
            128. Files that exist are read whatever their size.
    """

    def __init__(self, root: str, file_mb: float = 0) -> None:
        self.file_mb = file_mb
        self.store = ObjectStore.at(root)
        self.root = self.store.uri

    def table(self, table: TableId) -> LakeTable:
        """Return the table, whether or not it exists yet."""
        return LakeTable(self.store, table, int(self.file_mb * (1 << 20)))

    def tables(self, layer: str | None = None, domain: str | None = None) -> list[TableId]:
        """List the tables that exist, sorted by path."""
        found: list[TableId] = []
        for each_layer in [layer] if layer else self._names(""):
            for each_domain in [domain] if domain else self._names(each_layer):
                found += self._tables_of(each_layer, each_domain)
        return sorted(found)

    def _tables_of(self, layer: str, domain: str) -> Iterator[TableId]:
        for name in self._names(f"{layer}/{domain}"):
            below = self.store.folders(f"{layer}/{domain}/{name}")
            if "_delta_log" in below:
                yield TableId(layer, domain, name)
            else:
                for table in filter(is_name_part, below):
                    if "_delta_log" in self.store.folders(f"{layer}/{domain}/{name}/{table}"):
                        yield TableId(layer, domain, table, name)

    def _names(self, folder: str) -> list[str]:
        return [name for name in self.store.folders(folder) if is_name_part(name)]

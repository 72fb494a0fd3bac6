"""A damaged log is named in plain words."""

from pathlib import Path

import pytest

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import TableDamaged
from lakehouse.platform.storage.location import TableLocation
from lakehouse_tests.platform.storage.orders import MON, ORDERS, TUE, put, rows_of

DAMAGES = {
    "an entry is not JSON": ("00000000000000000001.json", b"\0garbage"),
    "entries are missing between others": ("00000000000000000099.json", b"{}\n"),
    "_last_checkpoint names a checkpoint that does not exist": (
        "_last_checkpoint",
        b'{"version":77,"size":1}',
    ),
}


@pytest.mark.parametrize("cause", list(DAMAGES))
def test_the_cause_of_a_damaged_log_is_no_text_of_a_library(on_disk: LakeTable, cause: str):
    put(on_disk, {MON: rows_of(1)})
    put(on_disk, {TUE: rows_of(2)})
    name, data = DAMAGES[cause]
    Path(on_disk.url, "_delta_log", name).write_bytes(data)
    with pytest.raises(TableDamaged) as error:
        TableLocation(on_disk.store, ORDERS).open()
    assert f"the table's log (_delta_log) is damaged: {cause}." in str(error.value)

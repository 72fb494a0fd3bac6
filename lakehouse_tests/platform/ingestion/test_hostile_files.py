"""Files that want to harm: names of every length and byte, and content that unpacks to far more."""

import gzip
import io
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lakehouse.platform.ingestion.csv.decode import ANY_RATIO, BOMB_SEARCHED
from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected
from lakehouse.platform.ingestion.csv.unpack import unpack
from lakehouse.platform.privacy.file_content import FileContent
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.platform.cafe import Cafe

DAY = "2024-03-04"
LIMIT = 1 << 30
"""The default of LAKEHOUSE_MAX_FILE_MB in bytes."""
CONTENT = bytes(160 << 20)
LONGEST = 255


def hostile_names() -> list[bytes]:
    """Return names of 1 to 255 bytes; every second one is a name of the source."""
    chance = random.Random(9)
    allowed = [byte for byte in range(1, 256) if byte != ord("/")]
    names = []
    for length in range(1, LONGEST + 1):
        plain = bytes(chance.choices(allowed, k=length))
        names.append(plain if plain not in (b".", b"..") else b"a")
        if length > len(b"visits.csv"):
            middle = plain[: length - len(b"visits.csv")]
            letters = middle if length % 2 else b"x" * len(middle)
            names.append(b"visits" + letters + b".csv")
    return sorted(set(names))


def test_a_file_of_any_name_is_recorded_once_and_stops_no_other(tmp_path: Path):
    cafe = Cafe(tmp_path)
    cafe.send(DAY, "visits.csv", f"1,{DAY},10")
    folder = os.fsencode(tmp_path / "landing" / "cafe" / DAY)
    names = hostile_names()
    for name in names:
        with open(folder + b"/" + name, "wb") as file:  # noqa: PTH123  the name is bytes
            file.write(b"no,such,header\n1,2,3\n")
        os.utime(folder + b"/" + name, (1_700_000_000, 1_700_000_000))
    cafe.process()
    assert cafe.rows("silver.cafe_visits", "number", "spent") == [(1, 10)]
    lake = Lake(cafe.settings.root)
    deliveries = lake.table(TableId("raw", "cafe", "visits")).read().to_pylist()
    loaded = [row["file"] for row in deliveries if row["status"] == "loaded"]
    assert loaded == [f"cafe/{DAY}/visits.csv"]
    strange = lake.table(TableId("raw", "cafe", "unrecognized_files")).read().num_rows
    assert len(deliveries) - 1 + strange == len(names)
    rejected = sum(row["status"] == "rejected" for row in deliveries)
    reports = list((tmp_path / "lake").rglob("*_error.json"))
    assert len(reports) == rejected > 100


def gzip_bomb() -> bytes:
    return gzip.compress(CONTENT, compresslevel=1)


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", CONTENT)
    return out.getvalue()


@pytest.mark.parametrize(("name", "make"), [("a.csv.gz", gzip_bomb), ("a.zip", zip_bomb)])
def test_a_bomb_is_rejected_and_no_search_for_a_person_unpacks_more_of_it(
    tmp_path: Path, name: str, make
):
    bomb = make()
    assert len(bomb) < 1_000_000
    with pytest.raises(FileRejected, match="hint: send the file uncompressed") as caught:
        unpack(bomb, None, name=name, limit=LIMIT)
    assert caught.value.reason is FileReason.TOO_LARGE
    content = FileContent.of(bomb, name, None, limit=LIMIT)
    assert len(content.plain) <= BOMB_SEARCHED
    if sys.platform != "linux":
        return
    (tmp_path / name).write_bytes(bomb)
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 500, "megabytes at the peak"


SEARCH = """
import pathlib, re, sys
from lakehouse.platform.privacy.file_content import FileContent
data = pathlib.Path(sys.argv[1]).read_bytes()
FileContent.of(data, sys.argv[1], None, limit=1 << 30)
peak = re.search(r"VmHWM:\\s*([0-9]+) kB", pathlib.Path("/proc/self/status").read_text())
print(int(peak[1]) // 1024)
"""
"""Prints the peak of this process alone; `ru_maxrss` would count the process that started it."""


def test_ordinary_compressed_files_are_read_whatever_their_ratio():
    rows = b"1,2024-03-04,10\n" * 1_000_000
    assert len(rows) < ANY_RATIO
    assert unpack(gzip.compress(rows), None, name="a.csv.gz", limit=LIMIT) == rows

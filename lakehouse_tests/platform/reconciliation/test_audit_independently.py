"""The independent reading finds faults that are planted in the platform's own code."""

import datetime as dt
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.demo.mrhealth import Plan, write
from lakehouse.platform.ingestion import read_day
from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.reconciliation.audit import audit_domain
from lakehouse.platform.reconciliation.findings import AuditCheck, AuditFinding
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.platform.small_lake import SmallLake

FIRST = dt.date(2026, 10, 1)
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.fixture
def small(tmp_path: Path) -> SmallLake:
    write(Plan(units=2, first=FIRST, days=1, seed=3, orders_per_unit=3), tmp_path / "landing")
    return SmallLake(folder=tmp_path, now=NOW)


def findings(small: SmallLake, skipped: Counter[str] | None = None) -> list[AuditFinding]:
    return list(audit_domain(small.lake, small.domain, small.settings, skipped=skipped))


def test_a_sound_lake_has_no_findings_and_what_is_skipped_is_counted(small: SmallLake) -> None:
    small.arrive([FIRST])
    (small.folder / "landing/mrhealth" / "gone").mkdir()
    skipped: Counter[str] = Counter()
    assert findings(small, skipped) == []
    landed = next((small.folder / "landing").rglob("*.csv"))
    landed.unlink()
    assert findings(small, skipped) == []
    assert sum(n for what, n in skipped.items() if what.startswith("landed bytes")) == 1


@pytest.mark.parametrize("fault", ["dropped", "doubled", "changed"])
def test_a_fault_of_the_reader_is_found(
    small: SmallLake, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    read = vars(read_day)["read_csv"]

    def faulty(*arguments: Any, **options: Any) -> CsvFile:
        file = read(*arguments, **options)
        rows = file.rows
        if fault == "dropped":
            rows = rows.slice(1)
        elif fault == "doubled":
            rows = pa.concat_tables([rows, rows.slice(0, 1)])
        else:
            place = next(n for n, f in enumerate(rows.schema) if f.type == pa.string())
            values = ["other", *rows.column(place).to_pylist()[1:]]
            rows = rows.set_column(place, rows.schema.field(place), pa.array(values))
        return replace(file, rows=rows)

    monkeypatch.setattr(read_day, "read_csv", faulty)
    small.ingest([FIRST])
    found = {each.check for each in findings(small)}
    assert AuditCheck.INDEPENDENT in found


def change(landed: Path, *, later_ns: int = 0) -> None:
    """Change bytes of a file and keep its size; keep its time or make it a little later."""
    before = landed.stat()
    landed.write_bytes(landed.read_bytes()[:-2] + b"x\n")
    os.utime(landed, ns=(before.st_atime_ns, before.st_mtime_ns + later_ns))


def test_a_correction_of_nearly_the_same_time_is_no_finding(small: SmallLake) -> None:
    small.arrive([FIRST])
    change(next((small.folder / "landing").rglob("PEDIDO.csv")), later_ns=1_000)
    small.arrive([FIRST])
    raw = small.lake.table(TableId("raw", "mrhealth", "orders"))
    assert "superseded" in raw.read([FIRST]).column("status").to_pylist()
    assert findings(small) == []


def test_bytes_that_changed_in_the_landing_zone_unseen_are_found(small: SmallLake) -> None:
    small.arrive([FIRST])
    change(next((small.folder / "landing").rglob("PEDIDO.csv")))
    found = [each for each in findings(small) if each.check is AuditCheck.INDEPENDENT]
    assert len(found) == 1
    assert "in the landing zone" in found[0].expected

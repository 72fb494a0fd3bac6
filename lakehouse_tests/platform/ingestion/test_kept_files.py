"""The bytes of delivered files are kept under their digest, with reports of rejected files."""

import hashlib
import json
from dataclasses import replace

from lakehouse.platform.ingestion.kept_files import KeptFiles, object_path
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse_tests.platform.ingestion.landed import AT, FIFTH


def test_the_same_bytes_are_kept_once(store: ObjectStore):
    kept = KeptFiles(store, "mrhealth")
    digest = hashlib.sha256(b"Id\n").hexdigest()
    assert kept.keep(b"Id\n") == (digest, False)
    assert kept.keep(b"Id\n") == (digest, True)
    assert store.read(object_path("mrhealth", digest)) == b"Id\n"
    assert KeptFiles(store, "mrhealth").read(digest) == b"Id\n"


def test_a_rejected_file_has_a_report_until_it_is_readable(store: ObjectStore):
    kept = KeptFiles(store, "mrhealth")
    rejected = Delivery(
        day=FIFTH,
        unit=7,
        file="mrhealth/PEDIDO.csv",
        digest="ab" * 32,
        size=3,
        landed_at=AT,
        status=Status.REJECTED,
        reason="schema",
        detail="column 'Id' is missing",
    )
    kept.write_reports([], [rejected])
    (report,) = (entry.path for entry in store.entries("raw/mrhealth"))
    assert report.startswith(f"{object_path('mrhealth', rejected.digest)}_errors/")
    assert report.endswith("_error.json")
    assert json.loads(store.read(report)) == {
        "source_file": "mrhealth/PEDIDO.csv",
        "error": "column 'Id' is missing",
        "timestamp": "2021-03-02T01:00:00.123456+00:00",
    }
    kept.write_reports([rejected], [replace(rejected, detail="other")])
    assert json.loads(store.read(report))["error"] == "other"
    kept.write_reports([rejected], [replace(rejected, status=Status.LOADED, detail=None)])
    assert list(store.entries("raw/mrhealth")) == []

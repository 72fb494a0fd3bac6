"""Mr. Health on a cluster of two workers: from files on S3 to gold on S3."""

import datetime as dt
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.settings import Settings
from lakehouse_tests.faulty_s3 import Faults, faulty
from lakehouse_tests.servers import S3Server
from lakehouse_tests.stories.test_killed_runs import ingested, land
from lakehouse_tests.stories.world import MON, TUE, night, orders, reference

AT = dt.datetime(2024, 3, 9, tzinfo=dt.UTC)


@pytest.mark.s3
def test_a_cluster_on_an_s3_with_faults_stores_what_one_process_stores_on_disk(
    cluster: Settings, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    place = f"s3://{s3.bucket}/{uuid.uuid4().hex}"
    files = {f"mrhealth/{MON}/reference/{name}": content for name, content in reference().items()}
    files |= night(MON, 1, "10.00", "20.00") | night(TUE, 2, "5.00")
    files[f"mrhealth/{TUE}/unidade_001/PEDIDO.csv"] = orders((1, 1, TUE, "much"))
    land(place, files, AT)
    given = replace(cluster, landing=f"{place}/landing", quiet_seconds=0, silence_days=0)
    expected = ingested(replace(given, engine="duckdb", root=str(tmp_path / "lake")))
    faults = Faults(seconds=0.1)
    with faulty(s3.endpoint, faults) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        found = ingested(replace(given, root=f"{place}/lake"))
    assert min(faults.counts[name] for name in ("503", "lost", "slow")) > 0
    assert {"silver.mrhealth_orders__quarantine", "gold.mrhealth_fact_orders"} <= found.keys()
    assert found == expected

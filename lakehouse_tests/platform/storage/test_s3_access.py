"""Credentials for boto3, delta-rs and DuckDB."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from lakehouse.platform.storage import s3_access
from lakehouse.platform.storage.object_store import ObjectStore, ObjectStoreError


@pytest.mark.s3
def test_all_clients_use_the_credentials_of_the_profile(s3, monkeypatch, tmp_path: Path):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    key, secret = (os.environ[name] for name in names)
    shared = tmp_path / "credentials"
    shared.write_text(f"[lake]\naws_access_key_id={key}\naws_secret_access_key={secret}\n")
    for name in names:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    monkeypatch.setenv("AWS_PROFILE", "lake")
    options = s3_access.delta_storage_options()
    assert (options["AWS_ACCESS_KEY_ID"], options["AWS_SECRET_ACCESS_KEY"]) == (key, secret)
    assert list(ObjectStore.at(f"s3://{s3.bucket}/nothing").entries()) == []


def test_missing_credentials_name_the_variables_to_set(monkeypatch, tmp_path: Path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(s3_access, "_opened", {})
    with pytest.raises(ObjectStoreError, match="AWS_ACCESS_KEY_ID"):
        s3_access.delta_storage_options()


def test_an_error_does_not_contain_a_rejected_secret(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden-secret")

    class Connection:
        def execute(self, sql: str) -> None:
            if "SECRET" in sql:
                raise duckdb.ParserException(f"syntax error in {sql}")

    with pytest.raises(ObjectStoreError) as caught:
        s3_access.duckdb_s3_setup(Connection())
    assert "hidden-secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_importing_the_object_store_does_not_load_boto3():
    code = "import sys, lakehouse.platform.storage.s3; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Settings that name a folder or an S3 prefix are understood, or answered with a clear error."""

from pathlib import Path

import pytest

from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("data/lake", "data/lake"),
        (" data/lake/ ", "data/lake/"),
        ('"/srv/lake"', "/srv/lake"),
        ("'/srv/my lake'", "/srv/my lake"),
        ("“/srv/lake”", "/srv/lake"),
        ("/srv/Área [v1] 50% #1 ?*'q/lake", "/srv/Área [v1] 50% #1 ?*'q/lake"),
        ("/srv/a:b", "/srv/a:b"),
        ("/srv/the 'lake'", "/srv/the 'lake'"),
        ("./s3:x", "./s3:x"),
        ("file:///srv/lake", "/srv/lake"),
        ("file:/srv/lake", "/srv/lake"),
        ("FILE:///srv/my%20lake", "/srv/my lake"),
        ("s3://shop", "s3://shop"),
        ("s3://shop/lake/", "s3://shop/lake"),
        ("S3://shop/env=prod/lake", "s3://shop/env=prod/lake"),
        ('""', "data/lake"),
        ("", "data/lake"),
    ],
)
def test_a_location_is_understood(text: str, understood: str):
    assert Settings.from_env({"LAKEHOUSE_ROOT": text}).root == understood


def test_the_home_folder_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", "'~/dagster'")
    settings = Settings.from_env({"LAKEHOUSE_LANDING": "~/landing", "LAKEHOUSE_ROOT": "~"})
    assert (settings.landing, settings.root) == (f"{tmp_path}/landing", str(tmp_path))
    assert settings.home == tmp_path / "dagster"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3:/bucket/lake", "is not written as an S3 prefix; hint: write s3://bucket/lake"),
        ("s3:bucket/lake", "is not written as an S3 prefix; hint: write s3://bucket/lake"),
        ("s3a://bucket/lake", "is not written as an S3 prefix; hint: write s3://bucket/lake"),
        ("s3:///lake", "is not written as an S3 prefix; hint: write s3://lake"),
        ("s3//bucket/lake", "looks like a misspelled URL; hint: write a local folder"),
        ("s3;//bucket/lake", "looks like a misspelled URL"),
        ("/s3://bucket/lake", "looks like a misspelled URL"),
        ("s3://b u/lake", "has the bucket 'b u'"),
        ("s3://bucket/a b", "has the prefix 'a b'; hint: use letters"),
        ("s3://bucket/a//b", "has the prefix 'a//b'"),
        ("s3://bucket/../b", "has the prefix '../b'"),
        ("s3://bucket/lake?x=1", "has the prefix 'lake?x=1'"),
        ("gs://bucket/lake", "has the scheme gs:, which is not supported; hint: write a local"),
        ("https://bucket/lake", "has the scheme https:, which is not supported"),
        ("lake:2", "for a folder of this name write ./lake:2"),
        ("file://host/lake", "hint: write file:///folder, without a host"),
        ("file:lake", "hint: write file:///folder, without a host"),
        ("C:\\data\\lake", "names a drive of Windows"),
        ("data\\lake", "contains a backslash; hint: separate folders with /"),
        ('"/srv/lake', "begins or ends with a quote; hint: remove it"),
        ("/srv/lake'", "begins or ends with a quote; hint: remove it"),
        ("$HOME/lake", "contains the variable $HOME, which is not replaced here; hint: write its"),
        ("${LAKE}/lake", "contains the variable ${LAKE}"),
        ("%USERPROFILE%/lake", "contains the variable %USERPROFILE%"),
        ("~nobody-of-this-name/lake", "begins with ~nobody-of-this-name, and no user of this name"),
        ("/srv/lake\n/srv/other", "contains a control character"),
    ],
)
@pytest.mark.parametrize("variable", ["LAKEHOUSE_ROOT", "LAKEHOUSE_LANDING"])
def test_a_location_that_is_not_understood_is_an_error(variable: str, text: str, message: str):
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({variable: text})
    assert str(raised.value).startswith(f"{variable} is ")
    assert message in str(raised.value)
    with pytest.raises(SettingsError, match="hint: "):
        Settings(root=text)


@pytest.mark.parametrize("text", ["s3://bucket/dagster", "s3:/x", "gs://x", "$HOME/dagster", "'x"])
def test_the_dagster_home_must_be_a_local_folder(monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv("DAGSTER_HOME", text)
    with pytest.raises(SettingsError, match=r"DAGSTER_HOME is .*; hint: "):
        _ = Settings().home


@pytest.mark.parametrize("name", ["a?b", "a%20b"])
def test_a_dagster_home_that_sqlite_cannot_open_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / name / "dagster"))
    with pytest.raises(SettingsError, match=r"DAGSTER_HOME is .* contains [?%]; hint: set"):
        _ = Settings().home
    monkeypatch.delenv("DAGSTER_HOME")
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    with pytest.raises(SettingsError, match="cannot store its records in a folder"):
        _ = Settings().home


@pytest.mark.parametrize("name", ["a#b", "a b", "é;&'x'", "g:h", "[x] + (y)"])
def test_a_dagster_home_with_odd_letters_works(tmp_path: Path, name: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(tmp_path / name / "dagster"))
        instance = prepare_instance(Settings().home, "local")
        assert instance.get_runs() == []
        instance.dispose()
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_quotes_around_any_value_are_removed_except_from_the_privacy_key():
    given = {
        "LAKEHOUSE_PORT": '"3100"',
        "LAKEHOUSE_ENGINE": "'duckdb'",
        "LAKEHOUSE_WEBHOOK": '"https://example.com/hook"',
        "LAKEHOUSE_PRIVACY_KEY": '"key"',
    }
    settings = Settings.from_env(given)
    assert (settings.port, settings.engine) == (3100, "duckdb")
    assert (settings.webhook, settings.privacy_key) == ("https://example.com/hook", '"key"')


def test_reading_a_location_touches_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    Settings.from_env({"LAKEHOUSE_ROOT": "lake", "LAKEHOUSE_LANDING": "landing/"})
    assert list(tmp_path.iterdir()) == []

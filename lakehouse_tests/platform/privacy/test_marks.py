"""Marks recognize an erased person without revealing them."""

import json
import stat
from pathlib import Path

import pytest

from lakehouse.platform.privacy import marks
from lakehouse.platform.privacy.person import Person
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings
from lakehouse_tests.platform.privacy.people_lake import ZULEIKA


def test_a_mark_does_not_reveal_the_person_and_depends_on_the_key(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    key = marks.load_or_create_key(lake, Settings())
    assert marks.load_or_create_key(lake, Settings()) == key
    assert repr(key) == "MarkKey()"
    (mark,) = key.marks("people", Person(ids=frozenset({ZULEIKA})))
    marks.write_marks(lake, [mark, mark])
    (path,) = (tmp_path / marks.MARKS).iterdir()
    assert json.loads(path.read_text()) == {
        "kind": "identifier",
        "domain": "people",
        "key": key.fingerprint,
    }
    elsewhere = marks.load_or_create_key(lake, Settings(privacy_key="of the environment"))
    (other,) = elsewhere.marks("people", Person(ids=frozenset({ZULEIKA})))
    assert other.digest != mark.digest
    assert key.marks("bikes", Person(ids=frozenset({ZULEIKA})))[0].digest != mark.digest


def test_of_two_processes_that_create_a_key_at_once_both_use_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    key = marks.load_or_create_key(lake, Settings())
    with monkeypatch.context() as patch:
        patch.setattr(marks, "_files", lambda store: [])  # listed before the other one created it
        assert marks.load_or_create_key(lake, Settings()) == key
    away = Settings(privacy_key_file=str(tmp_path / "privacy.key"))
    other = Lake(str(tmp_path / "other"))
    assert marks.load_or_create_key(other, away) == marks.load_or_create_key(other, away)
    assert [path.name for path in tmp_path.glob("*privacy*")] == ["privacy.key"]


def test_a_key_is_readable_by_its_owner_alone_and_may_be_outside_of_the_lake(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    marks.load_or_create_key(lake, Settings())
    assert stat.S_IMODE((tmp_path / "lake" / marks.KEY).stat().st_mode) == 0o600
    away = tmp_path / "secrets" / "privacy.key"
    outside = Settings(privacy_key_file=str(away))
    other = Lake(str(tmp_path / "other"))
    key = marks.load_or_create_key(other, outside)
    assert marks.load_or_create_key(other, outside) == key
    assert stat.S_IMODE(away.stat().st_mode) == 0o600
    assert not (tmp_path / "other" / marks.KEY).exists()
    marks.write_marks(other, key.marks("people", Person(ids=frozenset({ZULEIKA}))))
    marked = marks.MarkedPersons.load(other, outside, "people")
    assert marked.recognize([ZULEIKA], numeric=False).ids
    with pytest.raises(marks.KeyMissing, match="LAKEHOUSE_PRIVACY_KEY_FILE"):
        marks.MarkedPersons.load(other, Settings(), "people")
    away.chmod(0o644)
    with pytest.raises(marks.KeyUnsafe, match="hint: chmod 600"):
        marks.load_or_create_key(other, outside)
    with pytest.raises(marks.KeyUnsafe, match="hint: chmod 600"):
        marks.MarkedPersons.load(other, outside, "people")

"""Marks recognize an erased person without revealing them."""

import json
from pathlib import Path

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

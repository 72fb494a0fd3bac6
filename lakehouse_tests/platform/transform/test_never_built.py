"""Tables that are added to a domain whose data is in the lake."""

import datetime as dt
import shutil
from pathlib import Path

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.transform.never_built import never_built_days
from lakehouse_tests.platform.cafe import DOMAIN, Cafe

FIRST, SECOND, THIRD = (dt.date(2024, 3, day) for day in (1, 2, 3))


def test_an_added_table_is_built_for_all_days_and_nothing_else_is_asked_for(tmp_path: Path) -> None:
    cafe = Cafe(tmp_path)
    cafe.send("2024-03-01", "visits_1.csv", "1,2024-03-01,10", "2,2024-03-01,20")
    cafe.send("2024-03-03", "visits_2.csv", "3,2024-03-03,5")
    lake = Lake(cafe.settings.root)
    assert never_built_days(DOMAIN, lake) == {}
    cafe.process()
    assert never_built_days(DOMAIN, lake) == {}
    shutil.rmtree(tmp_path / "lake" / "gold" / "cafe" / "visit_days")
    assert list(never_built_days(DOMAIN, lake)) == [FIRST, SECOND, THIRD]
    cafe.process()
    assert cafe.rows("gold.cafe_visit_days", "day", "visits") == [(FIRST, 2), (THIRD, 1)]
    assert never_built_days(DOMAIN, lake) == {}

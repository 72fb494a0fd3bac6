"""A sensor tick lists recent, changed and, in rotation, older days."""

import datetime as dt
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.platform.ingestion.sweep import Sweep, due_days
from lakehouse_tests.platform.ingestion.landed import (
    AT,
    NOW,
    QUIET,
    TODAY,
    PutFile,
    change_at,
    paths,
    zone_on_disk,
)

DAYS = st.sets(st.dates(dt.date(2021, 1, 1), dt.date(2021, 6, 20)), max_size=60)


@given(
    days=DAYS,
    changed=DAYS,
    position=st.none() | st.dates(dt.date(2020, 12, 1), dt.date(2021, 7, 1)),
    recent_days=st.integers(0, 20),
    budget=st.integers(0, 500),
)
def test_every_day_is_listed_within_a_bounded_number_of_small_ticks_from_any_position(
    days: set[dt.date],
    changed: set[dt.date],
    position: dt.date | None,
    recent_days: int,
    budget: int,
):
    share = max(1, budget // 100)
    remaining = set(days)
    for _ in range(-(-len(days) // share)):
        listed, position = due_days(
            days,
            today=TODAY,
            recent_days=recent_days,
            position=position,
            budget=budget,
            changed=sorted(changed),
        )
        assert listed == sorted(set(listed) & days)
        assert len(listed) <= recent_days + 1 + 2 * share
        remaining -= set(listed)
    assert remaining == set()


@given(DAYS, st.integers(0, 20))
def test_recent_days_and_tomorrow_are_due_in_every_tick(days: set[dt.date], recent_days: int):
    listed, _ = due_days(days, today=TODAY, recent_days=recent_days, position=None, budget=1)
    recent = [TODAY + dt.timedelta(days=1 - n) for n in range(recent_days + 1)]
    assert days.intersection(recent) <= set(listed)


def test_the_rotation_lists_every_old_day_and_a_new_unit_folder_is_listed_at_once(
    tmp_path: Path, put_file: PutFile
):
    for n in range(40):
        day = dt.date(2021, 1, 1) + dt.timedelta(days=n)
        folder = put_file(f"mrhealth/{day}/unidade_1/PEDIDO.csv").parent
        change_at(folder, AT)
        change_at(folder.parent, AT)
    put_file("mrhealth/PEDIDO.csv")
    sweep = Sweep(recent_days=3, budget=5, files_per_day=1)
    landing = zone_on_disk(tmp_path)
    ticks = [sweep.listing(landing, now=NOW, quiet=QUIET) for _ in range(8)]
    assert [len(tick.files) for tick in ticks] == [6] * 8
    assert len({path for tick in ticks for path in paths(tick)}) == 41
    late = put_file("mrhealth/2021-02-09/unidade_2/PEDIDO.csv")
    change_at(late.parents[1], NOW)
    assert "2021-02-09/unidade_2/PEDIDO.csv" in paths(sweep.listing(landing, now=NOW, quiet=QUIET))


def test_a_tick_counts_the_files_of_a_day_for_the_next_tick(tmp_path: Path, put_file: PutFile):
    for n in (10, 11, 12):
        for unit in range(5):
            change_at(put_file(f"mrhealth/2021-01-{n}/unidade_{unit}/PEDIDO.csv").parents[1], AT)
    sweep = Sweep(recent_days=0, budget=10, files_per_day=1000)
    landing = zone_on_disk(tmp_path)
    assert [len(sweep.listing(landing, now=NOW, quiet=QUIET).files) for _ in "ab"] == [5, 10]
    assert sweep.files_per_day == 5


def test_a_tick_that_does_not_rotate_lists_recent_changed_and_watched_days():
    days = [TODAY - dt.timedelta(days=n) for n in range(20)]
    listed, position = due_days(
        days,
        today=TODAY,
        recent_days=2,
        position=days[9],
        budget=200,
        changed=[days[5]],
        watched=[days[7], days[8], dt.date(2020, 1, 1)],
        rotates=False,
    )
    assert listed == sorted([*days[:2], days[5], days[7], days[8]])
    assert position == days[9]

"""History and rollback of a table, on disk and on S3."""

import datetime as dt
import time

import pytest

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import VersionGone
from lakehouse_tests.platform.storage.orders import (
    MON,
    THU,
    TUE,
    WED,
    ids_by_day,
    put,
    rows_of,
)


def test_the_history_shows_which_run_changed_which_days(orders: LakeTable):
    start = dt.datetime.now(dt.UTC)
    put(orders, {MON: rows_of(1), TUE: rows_of(2)}, note={"run_id": "first"})
    put(orders, {TUE: rows_of(3, 4)}, note={"run_id": "second", "why": "late file"})
    newest, oldest = orders.history()
    assert (newest.version, newest.days, newest.rows, newest.run_id) == (1, (TUE,), 2, "second")
    assert (oldest.version, oldest.days, oldest.operation) == (0, (MON, TUE), "write")
    assert newest.note == {"run_id": "second", "why": "late file"}
    assert start - dt.timedelta(seconds=1) < oldest.at <= newest.at <= dt.datetime.now(dt.UTC)
    assert orders.history(limit=1) == [newest]


def test_one_day_can_be_rolled_back(three_versions: LakeTable):
    done = three_versions.rollback(to=0, days=(TUE, TUE), note={"who": "ana"})
    assert (done.version, done.changed, done.rows) == (3, (TUE,), 1)
    assert ids_by_day(three_versions) == {MON: [10], TUE: [2], WED: [30]}
    newest = three_versions.history(1)[0]
    assert (newest.operation, newest.days, newest.note) == ("rollback", (TUE,), {"who": "ana"})
    assert dict(three_versions.snapshot().by_day[TUE].bounds)["id"] == (2, 2)


def test_rolling_back_a_range_removes_days_that_the_old_version_did_not_have(
    three_versions: LakeTable,
):
    assert three_versions.rollback(to=0, days=(TUE, THU)).changed == (TUE, WED)
    assert ids_by_day(three_versions) == {MON: [10], TUE: [2]}


def test_a_rollback_of_all_days_can_be_rolled_back(three_versions: LakeTable):
    assert three_versions.rollback(to=0).changed == (MON, TUE, WED)
    assert ids_by_day(three_versions) == {MON: [1], TUE: [2]}
    assert three_versions.rollback(to=2).version == 4
    assert ids_by_day(three_versions) == {MON: [10], TUE: [200], WED: [30]}
    assert three_versions.rollback(to=2).changed == ()
    assert len(three_versions.history()) == 5


def test_a_table_can_be_rolled_back_to_a_moment(orders: LakeTable):
    before = dt.datetime.now(dt.UTC)
    time.sleep(0.01)
    put(orders, {MON: rows_of(1)})
    moment = orders.history(1)[0].at + dt.timedelta(milliseconds=5)
    time.sleep(0.02)
    put(orders, {MON: rows_of(2)})
    assert ids_by_day(orders, at=moment) == {MON: [1]}
    assert orders.rollback(to=moment).changed == (MON,)
    assert ids_by_day(orders) == {MON: [1]}
    assert orders.snapshot(at=before).version == -1
    with pytest.raises(VersionGone, match="nothing to go back to"):
        orders.rollback(to=before)
    with pytest.raises(ValueError, match="time zone"):
        orders.snapshot(at=moment.replace(tzinfo=None))


def test_a_version_that_never_existed_is_an_error(three_versions: LakeTable):
    with pytest.raises(VersionGone, match=r"silver\.mrhealth_orders has no version 99"):
        three_versions.snapshot(version=99)
    with pytest.raises(VersionGone):
        three_versions.rollback(to=99)


def test_a_rollback_to_a_vacuumed_file_fails_with_its_name_and_changes_nothing(
    three_versions: LakeTable,
):
    gone = three_versions.snapshot(version=0).by_day[MON].parts[0].path
    three_versions.vacuum(retention=dt.timedelta(0), dry_run=False)
    with pytest.raises(VersionGone, match=f"2 days of 0 were vacuumed, first {MON} .{gone}"):
        three_versions.rollback(to=0)
    assert len(three_versions.history()) == 3
    assert three_versions.rollback(to=1, days=(WED, WED)).changed == ()

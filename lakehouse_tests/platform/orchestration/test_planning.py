"""`decide` is a pure function: from the same facts it always returns the same runs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakehouse.platform.ingestion.path_problems import UnrecognizedReason
from lakehouse.platform.ingestion.paths import RecognizedFile, UnrecognizedFile
from lakehouse.platform.orchestration.planning import GAP_DAYS, RUN_COST, Batch, Facts, decide
from lakehouse.settings import Settings
from lakehouse_tests.stories.world import FRI, MON, THU, TUE, WED

DELIVERED = dt.datetime(2024, 3, 9, tzinfo=dt.UTC)
LIMITS = Settings(batch_days=400, batch_files=50_000, attempts=3)


def file(
    day: dt.date, unit: int = 1, *, size: int = 9, at: dt.datetime = DELIVERED
) -> RecognizedFile:
    return RecognizedFile(
        path=f"mrhealth/{day}/unidade_{unit:03d}/PEDIDO.csv",
        dataset="orders",
        day=day,
        unit=unit,
        size=size,
        modified_at=at,
        etag=None,
        dated=True,
    )


def batches(*files: RecognizedFile, limits: Settings = LIMITS, **facts: Any) -> list[Batch]:
    """Return the batches that are due for these new files and further facts."""
    return [due.batch for due in decide(Facts(new_files=files, **facts), limits).due]


def spans(found: list[Batch]) -> list[tuple[str, dt.date, dt.date, int]]:
    return [(batch.work.value, batch.first, batch.last, batch.files) for batch in found]


def test_without_new_files_or_unfinished_days_nothing_is_due():
    assert not Facts().has_work
    assert batches() == []


def test_near_days_share_a_run_and_distant_days_get_their_own():
    distant = MON - dt.timedelta(days=RUN_COST + 2)
    found = batches(file(distant), file(MON), file(MON, 2), file(WED))
    assert spans(found) == [("arrivals", distant, distant, 1), ("arrivals", MON, WED, 3)]


def test_scattered_days_are_one_run_unless_the_days_between_them_have_many_files():
    days = [MON + dt.timedelta(days=30 * n) for n in range(10)]
    waiting = dict.fromkeys(days, "abc")
    assert spans(batches(waiting=waiting)) == [("refresh", days[0], days[-1], 10)]
    busy = {MON + dt.timedelta(days=n): 100 for n in range(300)}
    assert len(batches(waiting=waiting, delivered=busy)) == 10
    near = {MON: "abc", MON + dt.timedelta(days=GAP_DAYS): "abc"}
    assert len(batches(waiting=near, delivered=busy)) == 1


def test_no_run_exceeds_the_limits_of_days_and_files():
    days = [MON + dt.timedelta(days=n) for n in range(5)]
    by_days = batches(*map(file, days), limits=replace(LIMITS, batch_days=2))
    assert [(b.first, b.last) for b in by_days] == [(MON, TUE), (WED, THU), (FRI, FRI)]
    two_files_a_day = [file(day, unit) for day in days for unit in (1, 2)]
    by_files = batches(*two_files_a_day, limits=replace(LIMITS, batch_files=5))
    assert [batch.files for batch in by_files] == [4, 4, 2]
    one_large_day = batches(file(MON, 1), file(MON, 2), limits=replace(LIMITS, batch_files=1))
    assert spans(one_large_day) == [("arrivals", MON, MON, 2)]


def test_a_delivery_day_without_reconciliation_runs_again():
    assert spans(batches(unfinished={MON: "abc"})) == [("arrivals", MON, MON, 1)]


def test_days_that_rows_wait_for_are_refreshed_unless_an_arrival_run_covers_them():
    waiting = {MON: "abc", TUE: "abc", FRI: "abc"}
    covered = batches(file(MON), file(WED), waiting=waiting)
    assert spans(covered) == [("arrivals", MON, WED, 2), ("refresh", FRI, FRI, 1)]
    assert spans(batches(waiting=waiting)) == [("refresh", MON, FRI, 3)]


def test_an_unrecognized_file_is_recorded_on_the_day_of_its_folder():
    unrecognized = UnrecognizedFile(
        path=f"mrhealth/{TUE}/unidade_001/menu.pdf",
        size=1,
        modified_at=DELIVERED,
        reason=UnrecognizedReason.UNKNOWN_FILE,
        detail="no",
        day=TUE,
    )
    found = batches(new_unrecognized_files=(unrecognized,))
    assert spans(found) == [("arrivals", TUE, TUE, 1)]


def test_the_same_files_give_the_same_digest_and_changed_files_another():
    (first,), (again,) = batches(file(MON), file(MON, 2)), batches(file(MON, 2), file(MON))
    assert first.digest == again.digest
    changed = [
        batches(file(MON, size=10), file(MON, 2)),
        batches(file(MON, at=DELIVERED + dt.timedelta(microseconds=1)), file(MON, 2)),
        batches(file(MON)),
        batches(unfinished={MON: "abc"}),
    ]
    assert len({first.digest} | {batch.digest for (batch,) in changed}) == 5


def decided(*days: dt.date, failures: Mapping[str, int]) -> tuple[Any, Any]:
    """Return due and given-up batches for one file a day and the failed runs of batches."""
    found = decide(Facts(new_files=tuple(map(file, days)), failures=failures), LIMITS)
    due = [(each.batch.first, each.batch.last, each.attempt) for each in found.due]
    return due, [(each.batch.first, each.batch.last) for each in found.given_up]


def test_a_failed_range_is_halved_until_the_bad_day_runs_alone():
    days = (MON, TUE, WED, THU)
    (week,) = batches(*map(file, days))
    left, _ = week.halves()
    _, tuesday = left.halves()
    assert decided(*days, failures={}) == ([(MON, THU, 0)], [])
    failures = {week.digest: 1}
    assert decided(*days, failures=failures) == ([(MON, TUE, 0), (WED, THU, 0)], [])
    failures |= {left.digest: 1}
    assert decided(*days, failures=failures) == (
        [(MON, MON, 0), (TUE, TUE, 0), (WED, THU, 0)],
        [],
    )
    failures |= {tuesday.digest: 2}
    assert decided(*days, failures=failures) == (
        [(MON, MON, 0), (TUE, TUE, 2), (WED, THU, 0)],
        [],
    )


def test_a_range_whose_inputs_are_not_ready_is_tried_again_without_being_split():
    files = (file(MON), file(TUE))
    (week,) = batches(*files)
    for failed in (1, 2):
        facts = Facts(new_files=files, failures={week.digest: failed}, not_ready={week.digest})
        (due,) = decide(facts, LIMITS).due
        assert (due.batch.digest, due.attempt) == (week.digest, failed)
    facts = Facts(new_files=files, failures={week.digest: 3}, not_ready={week.digest})
    assert [each.batch.digest for each in decide(facts, LIMITS).given_up] == [week.digest]


def test_a_day_is_given_up_after_its_last_attempt_until_its_file_changes():
    (bad,) = batches(file(MON))
    assert decided(MON, failures={bad.digest: 2}) == ([(MON, MON, 2)], [])
    assert decided(MON, failures={bad.digest: 3}) == ([], [(MON, MON)])
    changed = decide(Facts(new_files=(file(MON, size=10),), failures={bad.digest: 3}), LIMITS)
    assert [(due.batch.first, due.attempt) for due in changed.due] == [(MON, 0)]


JAN, FEB, APR = (dt.date(2024, month, 1) for month in (1, 2, 4))


def test_a_cause_outside_of_the_data_uses_up_no_attempt_and_waits_for_its_pause():
    files = (file(MON), file(TUE))
    (week,) = batches(*files)
    facts = Facts(new_files=files, outside={week.digest: 9})
    (due,) = decide(facts, LIMITS).due
    assert (due.batch.digest, due.attempt) == (week.digest, 9)
    found = decide(replace(facts, paused={week.digest}), LIMITS)
    assert (found.due, found.given_up) == ((), ())
    assert [each.batch.digest for each in found.paused] == [week.digest]
    both = replace(facts, failures={week.digest: 1})
    assert [each.batch.first for each in decide(both, LIMITS).due] == [MON, TUE]


def test_reference_dates_wait_until_no_day_has_to_run_and_are_one_batch_of_chosen_days():
    dates = {JAN: "a", FEB: "b", APR: "c"}
    waiting = batches(outdated_reference_dates=dates, waiting={JAN: "x"})
    assert [batch.work.value for batch in waiting] == ["refresh"]
    (together,) = batches(outdated_reference_dates=dates)
    assert spans([together]) == [("reference_dates", JAN, APR, 3)]
    assert together.chosen_days == (JAN, FEB, APR)

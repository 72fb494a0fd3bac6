"""Rows are corrected one by one, with a trail; every fault ends in a clear state."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.platform.quarantine import correct_row
from lakehouse.platform.quarantine.correct_row import (
    Author,
    RowError,
    RowKey,
    RowProblem,
    Wish,
    correct,
    find_row,
    foresee,
    undo,
)
from lakehouse.platform.quarantine.correction_outcome import settle
from lakehouse.platform.quarantine.listing import RejectionKind, count_rejections
from lakehouse.platform.quarantine.trail import Correction, read_trail
from lakehouse.platform.storage.errors import DayConflict
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.ops_tables import CorrectionStep
from lakehouse_tests.platform.quarantine.rejected_lake import (
    MONDAY,
    RIGHT_ORDERS,
    WRONG_ORDERS,
)
from lakehouse_tests.platform.quarantine.test_preview import rejected, workplace_of
from lakehouse_tests.platform.small_lake import SmallLake
from lakehouse_tests.servers import S3Server

ANA = Author(person="ana", role="operador", reason="valor por extenso no arquivo")
RUI = replace(ANA, person="rui")
RIGHT = Wish(values={"Vlr_Pedido": "12.00"})
T0 = dt.datetime(2026, 10, 9, 12, tzinfo=dt.UTC)
CORRECTED = f"mrhealth/{MONDAY}/unidade_001/replay/PEDIDO.csv"


def at(minute: int) -> dt.datetime:
    return T0 + dt.timedelta(minutes=minute)


def key_of(small: SmallLake, table: str, kind: RejectionKind = RejectionKind.ROW) -> RowKey:
    row = rejected(small, table, kind)
    return RowKey(
        table=row.table, day=row.day, file=row.file, line=row.line or 0, digest=row.digest
    )


def run(small: SmallLake, minute: int) -> None:
    """Load what landed, as the daemon does."""
    small.now = at(minute)
    small.arrive([dt.date(2026, 10, 4), MONDAY])


def settled(small: SmallLake, minute: int) -> Correction:
    return settle(workplace_of(small), read_trail(small.lake, "mrhealth"), at(minute))[0]


def steps(small: SmallLake) -> list[tuple[str, list[str]]]:
    return [
        (each.request.kind, [event.step.value for event in each.events])
        for each in read_trail(small.lake, "mrhealth")
    ]


def test_a_correction_is_loaded_and_an_undo_takes_it_back(wrong: SmallLake):
    key, before = key_of(wrong, "orders"), wrong.versions("silver", "gold")
    rejections = count_rejections(wrong.lake)
    asked = correct(workplace_of(wrong), key, RIGHT, ANA, at(0))
    assert (wrong.folder / "landing" / CORRECTED).read_bytes() == RIGHT_ORDERS.encode()
    assert settled(wrong, 0).last.step is CorrectionStep.LANDED
    run(wrong, 1)
    done = settled(wrong, 1)
    assert (done.id, done.last.step) == (asked.id, CorrectionStep.LOADED)
    assert (done.request.before, done.request.after) == (
        '{"Vlr_Pedido": "twelve"}',
        '{"Vlr_Pedido": "12.00"}',
    )
    assert wrong.versions("silver", "gold") != before

    undo(workplace_of(wrong), asked.id, RUI, at(2))
    assert (wrong.folder / "landing" / CORRECTED).read_bytes() == WRONG_ORDERS.encode()
    assert settled(wrong, 2).last.step is CorrectionStep.LANDED
    run(wrong, 3)
    taken_back = settled(wrong, 3)
    assert taken_back.last.step is CorrectionStep.LOADED
    assert (taken_back.request.undoes, taken_back.request.person) == (asked.id, "rui")
    assert wrong.versions("gold") == {
        place: version for place, version in before.items() if place[0].startswith("gold")
    }
    assert count_rejections(wrong.lake) == rejections
    assert {row["balance"] for row in wrong.rows("ops.mrhealth_reconciliation")} == {"balanced"}
    whole = ["requested", "landed", "loaded"]
    assert steps(wrong) == [("undo", whole), ("correction", whole)]

    again = correct(workplace_of(wrong), key_of(wrong, "orders"), RIGHT, RUI, at(4))
    assert settled(wrong, 4).last.step is CorrectionStep.LANDED, "the same bytes as before"
    run(wrong, 5)
    assert (settled(wrong, 5).id, settled(wrong, 5).last.step) == (again.id, CorrectionStep.LOADED)


def test_two_persons_cannot_correct_one_row(wrong: SmallLake, monkeypatch: pytest.MonkeyPatch):
    key = key_of(wrong, "orders")
    correct(workplace_of(wrong), key, RIGHT, ANA, at(0))
    with pytest.raises(RowError) as late:
        correct(workplace_of(wrong), key, Wish(values={"Vlr_Pedido": "13.00"}), RUI, at(0))
    assert late.value.problem in (RowProblem.BUSY, RowProblem.CHANGED)
    run(wrong, 1)
    with pytest.raises(RowError) as gone:
        correct(workplace_of(wrong), key, RIGHT, RUI, at(1))
    assert gone.value.problem is RowProblem.GONE
    assert len(steps(wrong)) == 1


def test_of_two_requests_at_the_same_moment_one_lands(
    wrong: SmallLake, monkeypatch: pytest.MonkeyPatch
):
    key, planned = key_of(wrong, "orders"), correct_row.plan

    def overtaken(*given, **named):
        found = planned(*given, **named)
        monkeypatch.setattr(correct_row, "plan", planned)
        correct(workplace_of(wrong), key, RIGHT, RUI, at(0))
        return found

    monkeypatch.setattr(correct_row, "plan", overtaken)
    with pytest.raises(RowError) as late:
        correct(workplace_of(wrong), key, Wish(values={"Vlr_Pedido": "99.00"}), ANA, at(0))
    assert late.value.problem is RowProblem.BUSY
    assert isinstance(late.value.__cause__, DayConflict)
    assert (wrong.folder / "landing" / CORRECTED).read_bytes() == RIGHT_ORDERS.encode()
    assert [each.request.person for each in read_trail(wrong.lake, "mrhealth")] == ["rui"]


def test_a_file_that_was_sent_again_meanwhile_is_not_overwritten(wrong: SmallLake):
    key = key_of(wrong, "orders")
    sent = WRONG_ORDERS.replace("30.00", "31.00")
    wrong.land(f"{MONDAY}/unidade_001/PEDIDO.csv", sent, at(0))
    with pytest.raises(RowError, match="lakehouse ingest") as unread:
        correct(workplace_of(wrong), key, RIGHT, ANA, at(1))
    assert unread.value.problem is RowProblem.CHANGED
    run(wrong, 2)
    with pytest.raises(RowError, match="sent again") as changed:
        correct(workplace_of(wrong), key, RIGHT, ANA, at(3))
    assert changed.value.problem is RowProblem.CHANGED
    assert steps(wrong) == []


def test_a_correction_that_a_newer_file_replaces_has_failed(wrong: SmallLake):
    correct(workplace_of(wrong), key_of(wrong, "orders"), RIGHT, ANA, at(0))
    wrong.land(f"{MONDAY}/unidade_001/PEDIDO.csv", RIGHT_ORDERS.replace("30", "31"), at(1))
    run(wrong, 2)
    found = settled(wrong, 2)
    assert found.last.step is CorrectionStep.FAILED
    assert "newer version" in (found.last.detail or "")


def test_a_corrected_file_that_vanishes_unread_has_failed(wrong: SmallLake):
    correct(workplace_of(wrong), key_of(wrong, "orders"), RIGHT, ANA, at(0))
    (wrong.folder / "landing" / CORRECTED).unlink()
    assert settled(wrong, 1).last.step is CorrectionStep.FAILED
    correct(workplace_of(wrong), key_of(wrong, "orders"), RIGHT, ANA, at(2))
    assert len(steps(wrong)) == 2


def test_a_row_that_is_rejected_again_stays_to_be_corrected(wrong: SmallLake):
    wish = Wish(values={"Vlr_Pedido": "doze"})
    planned, effect = foresee(workplace_of(wrong), key_of(wrong, "orders"), wish, sums=False)
    assert effect.result.reasons == ("bad_amount",)
    assert planned.after == '{"Vlr_Pedido": "doze"}'
    correct(workplace_of(wrong), key_of(wrong, "orders"), wish, ANA, at(0))
    run(wrong, 1)
    found = settled(wrong, 1)
    assert found.last.step is CorrectionStep.REJECTED
    assert (found.last.detail or "").startswith("bad_amount: ")
    assert find_row(workplace_of(wrong), key_of(wrong, "orders")).columns["Vlr_Pedido"] == "doze"


@pytest.mark.parametrize(
    "wish",
    [
        Wish(values={"Vlr_Pedido": "twelve"}),
        Wish(values={"../../etc/passwd": "1"}),
        Wish(values={"Vlr_Pedido": "12.00\u65e5"}),
    ],
    ids=["nothing changes", "unknown column", "damaged text"],
)
def test_an_edit_that_cannot_be_used_writes_nothing(wrong: SmallLake, wish: Wish):
    if "\u65e5" in wish.values.get("Vlr_Pedido", ""):
        wish = Wish(values={"Observacao": "\u65e5"})
        key = key_of(wrong, "order_items")
    else:
        key = key_of(wrong, "orders")
    with pytest.raises(RowError) as error:
        correct(workplace_of(wrong), key, wish, ANA, at(0))
    assert error.value.problem in (RowProblem.INVALID, RowProblem.UNCHANGED)
    assert steps(wrong) == []


@pytest.mark.parametrize("file", ["../../../etc/passwd", "mrhealth/x/PEDIDO.csv", "/etc/passwd"])
def test_only_rows_in_quarantine_can_be_named(wrong: SmallLake, file: str):
    key = replace(key_of(wrong, "orders"), file=file)
    with pytest.raises(RowError) as error:
        correct(workplace_of(wrong), key, RIGHT, ANA, at(0))
    assert error.value.problem is RowProblem.GONE


def test_corrections_are_undone_newest_first(wrong: SmallLake):
    first = correct(workplace_of(wrong), key_of(wrong, "orders"), RIGHT, ANA, at(0))
    with pytest.raises(RowError) as loading:
        undo(workplace_of(wrong), first.id, ANA, at(0))
    assert loading.value.problem is RowProblem.BUSY
    run(wrong, 1)
    assert settled(wrong, 1).last.step is CorrectionStep.LOADED
    wrong.land(f"{MONDAY}/unidade_001/PEDIDO.csv", RIGHT_ORDERS.replace("30", "31"), at(2))
    run(wrong, 3)
    with pytest.raises(RowError) as changed:
        undo(workplace_of(wrong), first.id, ANA, at(4))
    assert changed.value.problem is RowProblem.CHANGED
    with pytest.raises(RowError) as unknown:
        undo(workplace_of(wrong), "nothing", ANA, at(4))
    assert unknown.value.problem is RowProblem.GONE


def test_a_line_can_be_removed_and_comes_back(wrong: SmallLake):
    key = key_of(wrong, "order_items", RejectionKind.LINE)
    removed = correct(workplace_of(wrong), key, Wish(values={}, remove=True), ANA, at(0))
    run(wrong, 1)
    assert settled(wrong, 1).last.step is CorrectionStep.LOADED
    with pytest.raises(RowError):
        find_row(workplace_of(wrong), key)
    undo(workplace_of(wrong), removed.id, ANA, at(2))
    run(wrong, 3)
    assert key_of(wrong, "order_items", RejectionKind.LINE).line == key.line


def test_a_row_is_corrected_and_taken_back_on_s3(
    wrong_once: SmallLake, s3: S3Server, tmp_path: Path
):
    place = f"s3://{s3.bucket}/corrections"
    small = SmallLake(
        folder=tmp_path, now=at(0), root=f"{place}/lake", landing_root=f"{place}/landing"
    )
    for name in ("lake", "landing"):
        store = ObjectStore.at(f"{place}/{name}")
        folder = wrong_once.folder / name
        for file in folder.rglob("*"):
            if file.is_file():
                store.write(file.relative_to(folder).as_posix(), file.read_bytes())
    start = dt.datetime.now(dt.UTC)

    def later(minutes: int) -> dt.datetime:
        return start + dt.timedelta(minutes=minutes)

    def load(minutes: int) -> Correction:
        small.now = later(minutes)
        small.arrive([dt.date(2026, 10, 4), MONDAY])
        return settle(workplace_of(small), read_trail(small.lake, "mrhealth"), later(minutes))[0]

    small.now = later(1)
    small.arrive([dt.date(2026, 10, 4), MONDAY])  # the copies are newer than the files were
    before = small.versions("gold")
    key = key_of(small, "orders")
    _, effect = foresee(workplace_of(small), key, RIGHT)
    assert effect.result.accepted
    asked = correct(workplace_of(small), key, RIGHT, ANA)
    assert small.landing.store.read(CORRECTED) == RIGHT_ORDERS.encode()
    assert load(2).last.step is CorrectionStep.LOADED
    assert small.versions("gold") != before
    undo(workplace_of(small), asked.id, RUI)
    assert load(4).last.step is CorrectionStep.LOADED
    assert small.versions("gold") == before

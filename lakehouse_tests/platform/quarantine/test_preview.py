"""A preview says what a correction would do, and is what the correction then does."""

import datetime as dt
from decimal import Decimal

import pytest

from lakehouse.platform.orchestration.io_manager import commit
from lakehouse.platform.privacy.marks import MarkedPersons
from lakehouse.platform.quarantine.corrections import Edit
from lakehouse.platform.quarantine.listing import Rejection, RejectionKind, list_rejections
from lakehouse.platform.quarantine.patch import PatchRow
from lakehouse.platform.quarantine.preview import Effect, Workplace, preview
from lakehouse.platform.quarantine.replay import Replayer
from lakehouse.platform.quarantine.selection import Selection
from lakehouse.platform.transform.stage import stage_days
from lakehouse_tests.platform.quarantine.rejected_lake import MONDAY, NOW, TUESDAY
from lakehouse_tests.platform.small_lake import SmallLake

SUNDAY = dt.date(2026, 10, 4)


def workplace_of(small: SmallLake) -> Workplace:
    return Workplace(
        lake=small.lake,
        domain=small.domain,
        settings=small.settings,
        erased=lambda: MarkedPersons.load(small.lake, small.settings, "mrhealth"),
    )


def rejected(small: SmallLake, table: str, kind: RejectionKind = RejectionKind.ROW) -> Rejection:
    found = list_rejections(small.lake, Selection(table=table))
    return next(each for each in found if each.kind is kind)


def previewed(
    small: SmallLake, row: Rejection, *, text: str | None = None, delete: bool = False, **to: str
) -> Effect:
    edit = Edit(line=row.line or 0, values=row.columns | to, text=text, delete=delete)
    patch = PatchRow(file=row.file, digest=row.digest, edit=edit, place="form")
    replayer = Replayer(small.lake, small.landing, small.settings, NOW)
    ((file,), _) = replayer.checked_patch([patch])
    return preview(workplace_of(small), file, edit.line, removes=delete)


def sums(effect: Effect, table: str, column: str | None) -> dict[dt.date, tuple[Decimal, Decimal]]:
    return {
        each.day: (each.before, each.after)
        for each in effect.changes
        if (each.table, each.column) == (table, column)
    }


def test_a_corrected_order_would_add_its_value_to_its_day(wrong: SmallLake):
    before = wrong.paths()
    effect = previewed(wrong, rejected(wrong, "orders"), Vlr_Pedido="12.00")
    assert effect.result.accepted
    assert effect.days == (SUNDAY, MONDAY)
    (old, new) = sums(effect, "gold.mrhealth_unit_day", "revenue")[MONDAY]
    assert new - old == 12
    assert wrong.paths() == before
    assert not (wrong.folder / f"landing/mrhealth/{MONDAY}/unidade_001/replay").exists()


def test_a_preview_is_what_the_correction_does(wrong: SmallLake):
    row = rejected(wrong, "orders")
    effect = previewed(wrong, row, Vlr_Pedido="12.00")
    values = row.columns | {"Vlr_Pedido": "12.00"}
    patch = PatchRow(
        file=row.file,
        digest=row.digest,
        edit=Edit(line=row.line or 0, values=values),
        place="form",
    )
    done = Replayer(wrong.lake, wrong.landing, wrong.settings, NOW).replay_patch([patch])
    wrong.arrive(done.days)
    for each in effect.changes:
        rows = wrong.rows(each.table, each.day)
        found = len(rows) if each.column is None else sum(row[each.column] or 0 for row in rows)  # type: ignore[misc]
        assert found == each.after, each


def test_a_preview_computes_tables_as_of_their_newest_day(wrong: SmallLake):
    for table in wrong.domain.tables:
        if table.id.name in ("gold.mrhealth_sales_by_year", "gold.mrhealth_sales_by_country"):
            computed = stage_days(table, [TUESDAY], wrong.lake, wrong.settings)
            commit(computed, wrong.lake, note={"by": "test"})
    effect = previewed(wrong, rejected(wrong, "orders"), Vlr_Pedido="12.00")
    found = sums(effect, "gold.mrhealth_sales_by_year", "revenue")
    ((old, new),) = found.values()
    assert list(found) == [TUESDAY]
    assert new - old == 12


@pytest.mark.parametrize(
    ("value", "reason"), [("-3.00", "bad_amount"), ("dez", "bad_amount"), ("", "missing_required")]
)
def test_a_row_that_would_be_rejected_again_says_why(wrong: SmallLake, value: str, reason: str):
    effect = previewed(wrong, rejected(wrong, "orders"), Vlr_Pedido=value, Taxa_Entrega="1.00")
    assert not effect.result.accepted
    assert reason in effect.result.reasons
    assert sums(effect, "gold.mrhealth_unit_day", "revenue") == {}


def test_an_unparsable_line_can_be_corrected_or_removed(wrong: SmallLake):
    line = rejected(wrong, "order_items", RejectionKind.LINE)
    assert previewed(wrong, line, text="10;2;2;1;5,00;").result.accepted
    assert previewed(wrong, line, delete=True).result.outcome == "removed"
    again = previewed(wrong, line, text="10;2;99;1;5,00;")
    assert again.result.reasons == ("unknown_product",)

"""The generator of Mr. Health: its files, read with the standard library alone."""

import csv
import datetime as dt
import hashlib
import io
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lakehouse.demo.files import LandedFile
from lakehouse.demo.mrhealth import (
    Expected,
    Plan,
    PlantedError,
    deliveries,
    expected,
    reference,
    write,
)
from lakehouse.demo.mrhealth.errors import plant
from lakehouse.demo.mrhealth.shipments import draw, files_of, tally
from lakehouse_tests.demo.plain_mrhealth import (
    Reading,
    parsed,
    read,
    rows_of,
    text_of,
)

MONDAY = dt.date(2026, 1, 5)
DEFAULT = Plan(first=MONDAY)
SMALL = Plan(first=MONDAY, units=10, days=3, orders_per_unit=6)
CLEAN = replace(SMALL, errors=0)


def digest(files: Iterable[LandedFile]) -> str:
    combined = hashlib.sha256()
    for file in files:
        combined.update(f"{file.path} {file.modified_at} ".encode() + file.data)
    return combined.hexdigest()


@pytest.fixture(scope="module")
def landed() -> list[LandedFile]:
    return list(deliveries(DEFAULT))


@pytest.fixture(scope="module")
def clean() -> list[LandedFile]:
    return list(deliveries(CLEAN))


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_another_process_generates_the_same_bytes(hash_seed: str):
    code = (
        "import datetime as dt; from lakehouse_tests.demo.test_mrhealth import *;"
        "print(digest(deliveries(SMALL)), digest(reference(SMALL)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [digest(deliveries(SMALL)), digest(reference(SMALL))]


def test_another_seed_gives_other_bytes():
    assert digest(deliveries(SMALL)) != digest(deliveries(replace(SMALL, seed=8)))


def test_a_longer_plan_starts_with_the_files_of_a_shorter_one(landed: list[LandedFile]):
    shorter = list(deliveries(replace(DEFAULT, days=3)))
    assert shorter == landed[: len(shorter)]


def test_a_day_has_the_same_files_in_every_plan(landed: list[LandedFile]):
    day = MONDAY + dt.timedelta(days=8)
    alone = list(deliveries(replace(DEFAULT, first=day, days=1)))
    assert alone == [file for file in landed if f"/{day}/" in file.path]


def test_the_default_plan_contains_every_kind_of_error():
    assert set(expected(DEFAULT).errors) == set(PlantedError)


@dataclass
class UnitDay:
    """The delivery of one unit on one day: its files and its expected outcomes."""

    files: list[LandedFile]
    total: Expected

    @property
    def orders(self) -> list[list[str]]:
        return parsed(text_of(self.files[0]))

    @property
    def summary(self) -> tuple[int, int, int]:
        return self.total.orders, self.total.items, self.total.unreconciled


def unit_day(kind: PlantedError | None) -> UnitDay:
    shipment = draw(DEFAULT, MONDAY, 21, kind)
    plant(shipment)
    total = Expected()
    tally(total, shipment)
    return UnitDay(list(files_of(shipment)), total)


@pytest.mark.parametrize(
    ("kind", "is_visible"),
    [
        (
            PlantedError.DUPLICATE_FILE,
            lambda it, _: it.total.files == {"loaded": 2, "duplicate": 2},
        ),
        (PlantedError.CORRECTED_FILE, lambda it, clean: it.total.revenue != clean.total.revenue),
        (PlantedError.MISSING_COLUMN, lambda it, _: it.orders[0][-1] == "Taxa_Entrega"),
        (PlantedError.EXTRA_COLUMN, lambda it, _: {len(row) for row in it.orders} == {9}),
        (PlantedError.REORDERED_COLUMNS, lambda it, _: it.orders[0][0] == "Status"),
        (PlantedError.TRUNCATED, lambda it, clean: it.files[0].data in clean.files[0].data[:-2]),
        (PlantedError.EMPTY_FILE, lambda it, _: it.files[0].data == b""),
        (PlantedError.MISSING_DELIVERY, lambda it, _: it.total.missing == [(MONDAY, 21)]),
        (
            PlantedError.MISSING_ITEMS,
            lambda it, _: [f.path[-10:] for f in it.files] == ["PEDIDO.csv"],
        ),
        (PlantedError.HEADER_ONLY, lambda it, _: len(it.orders) == 1),
        (PlantedError.LINE_BREAK, lambda it, _: 'portaria,\r\nbloco B"' in text_of(it.files[1])),
        (PlantedError.PREVIOUS_DAY, lambda it, _: it.total.other_day == 2),
    ],
)
def test_an_error_of_a_file_is_visible(
    kind: PlantedError, is_visible: Callable[[UnitDay, UnitDay], bool]
):
    assert is_visible(unit_day(kind), unit_day(None))
    assert not is_visible(unit_day(None), unit_day(None))


@pytest.mark.parametrize(
    ("kind", "orders", "items", "rows"),
    [
        (PlantedError.ORPHAN_ITEM, 0, 0, {"orphan_item": 1}),
        (PlantedError.UNKNOWN_PRODUCT, 0, -1, {"unknown_product": 1}),
        (PlantedError.BAD_STATUS, -1, None, {"bad_status": 1}),
        (PlantedError.BAD_DATE, -1, None, {"bad_date": 1}),
        (PlantedError.MISSING_KEY, -1, None, {"missing_required": 1}),
        (PlantedError.UNIT_MISMATCH, -1, None, {"unit_mismatch": 1}),
        (PlantedError.DUPLICATE_ROW, 0, 0, {"duplicate_row": 2}),
        (PlantedError.DUPLICATE_KEY, 0, 0, {"duplicate_key": 1}),
        (PlantedError.UNTERMINATED_QUOTE, 0, -1, {"bad_quoting": 1}),
        (PlantedError.COLUMN_COUNT, 0, -1, {"column_count": 1}),
    ],
)
def test_an_error_of_a_row_changes_the_outcome_of_that_row_only(
    kind: PlantedError, orders: int, items: int | None, rows: dict[str, int]
):
    with_error, clean = unit_day(kind).total, unit_day(None).total
    lost = with_error.item_rows["parent_rejected"]
    assert with_error.orders - clean.orders == orders
    assert with_error.items - clean.items == (-lost if items is None else items)
    assert (lost > 0) is (items is None)
    outcomes = with_error.order_rows + with_error.item_rows
    del outcomes["kept"], outcomes["parent_rejected"]
    assert outcomes == rows


def test_an_unterminated_quote_is_found_on_the_next_line():
    text = text_of(unit_day(PlantedError.UNTERMINATED_QUOTE).files[1])
    opened = next(n for n, line in enumerate(text.splitlines(), start=1) if line.count('"') % 2)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    with pytest.raises(csv.Error, match="expected after"):
        list(reader)
    assert reader.line_num == opened + 1


def test_an_order_with_a_duplicate_key_is_pending_first_and_finished_later():
    key, value, status = 1, 4, 7
    rows = unit_day(PlantedError.DUPLICATE_KEY).orders
    [(before, after)] = [pair for pair in pairwise(rows) if pair[0][key] == pair[1][key]]
    assert (before[status], after[status]) == ("Pendente", "Finalizado")
    assert Decimal(before[value]) == Decimal(after[value]) - 1


def test_invalid_amounts_occur_in_orders_and_in_items():
    total = expected(replace(DEFAULT, days=60))
    in_orders, in_items = total.order_rows["bad_amount"], total.item_rows["bad_amount"]
    assert in_orders + in_items == total.errors[PlantedError.BAD_AMOUNT]
    assert (in_orders > 0, in_items > 0) == (True, True)


def test_an_order_whose_value_differs_from_its_items_is_kept_and_counted():
    with_error, clean = unit_day(PlantedError.VALUE_MISMATCH), unit_day(None)
    assert clean.summary == (clean.total.orders, clean.total.items, 0)
    assert with_error.summary == (clean.total.orders, clean.total.items, 1)


def test_a_plan_without_errors_has_no_rejections():
    total = expected(CLEAN)
    assert not total.errors
    assert not total.missing
    assert (total.unreconciled, total.other_day) == (0, 0)
    assert total.files == {"loaded": 2 * CLEAN.units * CLEAN.days}
    assert set(total.order_rows) == set(total.item_rows) == {"kept"}


@pytest.mark.parametrize(
    "plan",
    [DEFAULT, CLEAN, replace(SMALL, errors=10), replace(SMALL, errors=3, seed=1, units=3, days=30)],
    ids=("default", "no-errors", "an-error-in-every-unit-day", "few-units"),
)
def test_the_expected_outcomes_equal_the_rules_applied_to_the_bytes(plan: Plan):
    total, reading = expected(plan), read(deliveries(plan))
    assert reading.days == total.days
    assert reading.unreconciled == total.unreconciled
    assert +reading.rejected_files == +Counter(
        {reason: total.files[reason] for reason in ("schema", "truncated", "empty_file")}
    )
    repeated = total.order_rows["duplicate_row"] + total.order_rows["duplicate_key"]
    reasons = ("missing_required", "unit_mismatch", "bad_status", "bad_amount", "bad_date")
    assert +reading.rejected_orders == +Counter(
        {"repeated": repeated, **{reason: total.order_rows[reason] for reason in reasons}}
    )
    item_rows = total.item_rows
    assert +reading.rejected_items == +Counter(
        no_order=item_rows["orphan_item"] + item_rows["parent_rejected"],
        unknown_product=item_rows["unknown_product"],
        bad_amount=item_rows["bad_amount"],
        repeated=item_rows["duplicate_row"],
        unparsable=item_rows["column_count"] + item_rows["bad_quoting"],
    )


def test_totals_equal_the_sums_of_the_days():
    total = expected(DEFAULT)
    assert total.orders == sum(day.orders for day in total.days.values())
    assert total.items == sum(day.items for day in total.days.values())
    assert total.revenue == sum(day.revenue for day in total.days.values())


def test_files_and_missing_deliveries_are_counted(landed: list[LandedFile]):
    total = expected(DEFAULT)
    assert total.files.total() == len(landed)
    delivered = {tuple(file.path.split("/")[1:3]) for file in landed}
    missing = {(day.isoformat(), f"unidade_{unit:03d}") for day, unit in total.missing}
    assert len(missing) == total.errors[PlantedError.MISSING_DELIVERY]
    assert len(delivered) == DEFAULT.units * DEFAULT.days - len(missing)
    assert not delivered & missing


def test_a_file_sent_again_is_newer_than_the_file_it_repeats_or_corrects(landed: list[LandedFile]):
    files = {file.path: file for file in landed}
    resent = [file for file in landed if "/reenvio/" in file.path]
    same = 0
    for file in resent:
        first = files[file.path.replace("/reenvio", "")]
        assert file.modified_at > first.modified_at
        same += file.data == first.data
    total = expected(DEFAULT)
    assert same == total.files["duplicate"] == 2 * total.errors[PlantedError.DUPLICATE_FILE]
    assert (
        len(resent) - same == total.files["superseded"] == total.errors[PlantedError.CORRECTED_FILE]
    )


def test_files_arrive_in_order_and_after_their_day(landed: list[LandedFile]):
    times = [file.modified_at for file in landed]
    assert times == sorted(times)
    for file in landed:
        day = dt.date.fromisoformat(file.path.split("/")[1])
        assert file.modified_at >= dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(1)


def test_ids_repeat_between_units(clean: list[LandedFile]):
    ids: dict[str, list[str]] = defaultdict(list)
    for file in clean:
        if "item" not in file.path.lower():
            rows = rows_of(file, Reading(), status=True)
            ids[file.path.split("/")[1]] += [row["id_pedido"] for row in rows]
    counts = [Counter(day) for day in ids.values()]
    repeated = sum(n for day in counts for n in day.values() if n > 1)
    assert repeated == expected(CLEAN).repeated_ids > 0


def test_the_tills_write_both_dialects_latin_1_and_gzip(clean: list[LandedFile]):
    files = {file.path.split("/", 2)[2]: file for file in clean if str(MONDAY) in file.path}
    assert len(files) == 2 * CLEAN.units
    first = files["unidade_001/PEDIDO.csv"].data
    assert first.startswith("\ufeffId_Unidade,Id_Pedido,".encode())
    assert b"Endereco Entrega" in first
    assert first.count(b"\n") == first.count(b"\r\n") > 1
    second = files["unidade_002/pedido.csv"].data.decode()
    assert second.startswith("Id_Unidade;Id_Pedido;")
    assert "Endereco_Entrega" in second
    assert "\r" not in second
    assert "Loja Física" not in second
    assert all(len(line.split(";")[1]) == 36 for line in second.splitlines()[1:])
    with pytest.raises(UnicodeDecodeError):
        files["unidade_007/PEDIDO.csv"].data.decode("utf-8")
    assert ",Endereco Entrega," in text_of(files["unidade_005/PEDIDO.csv.gz"])
    assert ";Id_Item_Pedido;" in text_of(files["unidade_009/item_pedido.csv.gz"])


def test_the_business_has_the_documented_shape():
    plan = replace(DEFAULT, errors=0, days=28)
    total = expected(plan)
    assert total.orders / (plan.units * plan.days) == pytest.approx(12, rel=0.05)
    assert total.items / total.orders == pytest.approx(2.48, rel=0.05)
    finished = sum(day.finished for day in total.days.values())
    assert finished / total.orders == pytest.approx(0.85, abs=0.02)
    by_weekday = Counter[int]()
    by_unit = Counter[str]()
    kinds = Counter[str]()
    for file in deliveries(plan):
        if "item" in file.path.lower():
            continue
        rows = rows_of(file, Reading(), status=True)
        by_weekday[file.modified_at.weekday()] += len(rows)
        by_unit[file.path.split("/")[2]] += len(rows)
        kinds.update(row["tipo_pedido"] for row in rows)
        for row in rows:
            online = row["tipo_pedido"] == "Loja Online"
            assert (row["endereco_entrega"].count(",") == 3) is online
            assert (row["endereco_entrega"] == "--") is not online
            assert (Decimal(5) <= Decimal(row["taxa_entrega"]) <= 25) is online
    assert kinds["Loja Online"] / total.orders == pytest.approx(0.6, abs=0.03)
    saturday, tuesday = by_weekday[6], by_weekday[2]  # they arrive the night after
    assert saturday > 1.2 * tuesday
    largest = sum(count for _, count in by_unit.most_common(plan.units // 5))
    assert 0.6 < largest / total.orders < 0.85


def test_the_reference_tables_have_every_unit_state_country_and_product():
    tables = {Path(file.path).stem: parsed(text_of(file)) for file in reference(DEFAULT)}
    header, *units = tables["Tabela_Unidade"]
    assert header == ["Id_Unidade", "Nome_Unidade", "Id_Estado"]
    assert [int(unit) for unit, _, _ in units] == list(range(1, 51))
    assert len({name for _, name, _ in units}) == 50
    states = Counter(state for _, _, state in units)
    assert states == {"43": 20, "42": 18, "41": 12}
    assert set(states) <= {state for state, _, _ in tables["Tabela_Estado"][1:]}
    countries = {country for country, _ in tables["Tabela_Pais"][1:]}
    assert countries == {"BR", "AR", "CL"} == {row[1] for row in tables["Tabela_Estado"][1:]}
    assert len(tables["Tabela_Produto"]) == 31


def test_write_stores_every_file_with_its_modification_time(tmp_path: Path):
    assert write(SMALL, tmp_path) == len(list(deliveries(SMALL))) + 4
    for file in (*reference(SMALL), *deliveries(SMALL)):
        path = tmp_path / file.path
        assert path.read_bytes() == file.data
        assert path.stat().st_mtime == file.modified_at.timestamp()
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == write(SMALL, tmp_path)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("units", 0),
        ("units", 1000),
        ("days", 0),
        ("errors", 10.5),
        ("errors", -1),
        ("orders_per_unit", -1),
    ],
)
def test_a_plan_outside_its_range_is_rejected(setting: str, value: Any):
    with pytest.raises(ValueError, match=setting):
        replace(DEFAULT, **{setting: value})

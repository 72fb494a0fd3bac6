"""Files of the landing zone are recognized by their path alone."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.platform.ingestion.path_problems import UnrecognizedReason
from lakehouse.platform.ingestion.paths import (
    PathRules,
    RecognizedFile,
    UnrecognizedFile,
    recognize,
)
from lakehouse.platform.storage.object_store import Entry
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse_tests.platform.ingestion.landed import (
    AT,
    FIFTH,
    RULES,
    SOURCES,
    SPEC,
    START,
    TODAY,
    ZONE,
    source,
)


def recognized(
    path: str, rules: PathRules = RULES, *, modified_at: dt.datetime = AT
) -> RecognizedFile | UnrecognizedFile:
    entry = Entry(path=path, size=3, modified_at=modified_at, etag="e")
    return recognize(entry, rules, today=TODAY)


FIRST_OF_MARCH = dt.date(2021, 3, 1)


@pytest.mark.parametrize(
    ("path", "dataset", "day", "unit", "dated"),
    [
        ("2021-01-05/unidade_007/PEDIDO.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/unidade_007/reenvio/2/ITEM_PEDIDO.csv", "order_items", FIFTH, 7, True),
        ("2021-01-05/UNIDADE_012/pedido.CSV.GZ", "orders", FIFTH, 12, True),
        ("2021-01-05/unidade-7/Pedido.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/unidade_7/unit_007/2021-01-05/pedido.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/Unidade 7/pedido.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/unidade7/pedido.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/unidade - 7/pedido.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/unidade_007/re envio [1]/pedido.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/unidade_007/2/pedido.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/unidade_007/o'clock; drop table x--/pedido.csv", "orders", FIFTH, 7, True),
        ("20210105/unidade_007/pedido.csv", "orders", FIFTH, 7, True),
        ("2021_01_05/unidade_007/pedido.csv", "orders", FIFTH, 7, True),
        ("2021.01.05/unidade_007/pedido.csv", "orders", FIFTH, 7, True),
        ("2021/01/05/unidade_007/pedido.csv", "orders", FIFTH, 7, True),
        ("unidade_007/2021/01/05/pedido.csv", "orders", FIFTH, 7, True),
        ("2021/01/05/pedido.csv", "orders", FIFTH, None, True),
        ("2021/2021-01-05/unidade_007/pedido.csv", "orders", FIFTH, 7, True),
        ("2021/01/2021-01-05/unidade_007/pedido.csv", "orders", FIFTH, 7, True),
        ("arquivo 2020/2021-01-05/unidade_007/pedido.csv", "orders", FIFTH, 7, True),
        ("raw/csv_sales/2021-01-05/unit_050/pedido.csv", "orders", FIFTH, 50, True),
        ("raw/2021-01-05/pedido.csv", "orders", FIFTH, None, True),
        ("2021-01-05/replay/pedido.csv", "orders", FIFTH, None, True),
        ("unidade_3/2021-01-05/pedido.csv", "orders", FIFTH, 3, True),
        ("unidade_3/pedido.csv", "orders", FIRST_OF_MARCH, 3, False),
        ("unidade_3/raw/pedido.csv", "orders", FIRST_OF_MARCH, 3, False),
        ("PEDIDO.csv", "orders", FIRST_OF_MARCH, None, False),
        ("reference/Tabela_Unidade.csv", "units", FIRST_OF_MARCH, None, False),
        ("reference/2021-01-05/Tabela_Unidade.csv.gz", "units", FIFTH, None, True),
        ("2021-01-05/unidade_007/Tabela_Unidade.csv", "units", FIFTH, None, True),
    ],
)
def test_the_path_decides_dataset_day_and_unit(
    path: str, dataset: str, day: dt.date, unit: int | None, dated: bool
):
    assert recognized(f"mrhealth/{path}") == RecognizedFile(
        path=f"mrhealth/{path}",
        dataset=dataset,
        day=day,
        unit=unit,
        size=3,
        modified_at=AT,
        etag="e",
        dated=dated,
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("mrhealth/../PEDIDO.csv", "unsafe_path"),
        ("mrhealth/./PEDIDO.csv", "unsafe_path"),
        ("mrhealth//PEDIDO.csv", "unsafe_path"),
        ("/mrhealth/2021-01-05/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/..\\PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05\\unidade_007/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/unidade_007/PEDIDO.csv\n", "unsafe_path"),
        ("mrhealth/2021-01-05/\0/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/\udcff/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/\u202e/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/..\n/x.tmp", "unsafe_path"),
        ("mrhealth/2021-01-05/.PEDIDO.csv", "temporary"),
        ("mrhealth/.sync/2021-01-05/PEDIDO.csv", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv.TMP", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv.part", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv.filepart", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv.crdownload", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv~", "temporary"),
        ("mrhealth/2021-01-05/_SUCCESS", "temporary"),
        ("mrhealth/2021-01-05/unidade_007/PEDIDO.csv'; drop table orders;--", "unknown_file"),
        ("mrhealth/2021-01-05/unidade_007/PEDIDO (1).csv", "unknown_file"),
        ("mrhealth/2021-01-05/unidade_007/PEDIDO.csv.gz.gz", "unknown_file"),
        ("mrhealth/2021-01-05/unidade_007/README.txt", "unknown_file"),
        ("mrhealth/2021-02-30/README.txt", "unknown_file"),
        ("elsewhere/2021-01-05/unidade_007/PEDIDO.csv", "unknown_file"),
        ("PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-02-30/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/20210230/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021_13_05/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021-1-5/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/05-01-2021/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/05012021/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021/02/30/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021/1/5/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/05/01/2021/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021/01/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021-01/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/202101/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/jan 2021/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/05-01-21/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/05-01/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/05/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/segunda/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2020/2021-01-05/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021/01/05/2021-01-06/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021-02/Tabela_Unidade.csv", "bad_day"),
        ("mrhealth/2021/02/30/Tabela_Unidade.csv", "bad_day"),
        ("mrhealth/day=2021-01-05/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021-01-05/unidade_007/2021-01-06/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021-01-05/unidade_x/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_7a/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade 7 - copia/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/7/PEDIDO.csv", "bad_unit"),
        ("mrhealth/7/2021-01-05/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/loja 7/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/Loja_07/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/centro/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/units/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/o'clock; drop table x--/PEDIDO.csv", "bad_unit"),
        ("mrhealth/caixa/ITEM_PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_-7/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_٧/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_12345678901/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_007/unidade_008/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-06-17/unidade_007/PEDIDO.csv", "future_day"),
        ("mrhealth/9999-12-31/unidade_007/PEDIDO.csv", "future_day"),
        ("mrhealth/2019-12-31/unidade_007/PEDIDO.csv", "before_start"),
    ],
)
def test_an_unrecognized_file_has_exactly_one_reason(path: str, reason: str):
    found = recognized(path)
    assert isinstance(found, UnrecognizedFile)
    assert (found.reason, found.path.isprintable(), found.detail != "") == (reason, True, True)


def test_the_detail_names_the_folder_and_ends_with_a_hint():
    found = recognized("mrhealth/2021-02-30/unidade_007/PEDIDO.csv")
    assert isinstance(found, UnrecognizedFile)
    assert "'2021-02-30'" in found.detail
    assert "hint: name the day folder 2026-01-31" in found.detail


@pytest.mark.parametrize("folder", ["7", "loja 7", "Loja_07", "007"])
def test_the_detail_of_a_folder_that_may_be_a_unit_says_how_to_rename_it(folder: str):
    found = recognized(f"mrhealth/2021-01-05/{folder}/PEDIDO.csv")
    assert isinstance(found, UnrecognizedFile)
    assert f"folder {folder!r} is not a unit of this domain" in found.detail
    assert "hint: rename it to unidade_007, or declare it" in found.detail


@pytest.mark.parametrize(
    ("folder", "target"),
    [
        ("unidade_007 ", "unidade_007"),
        ("unidade_7a", "unidade_007"),
        ("unit_x", "unidade_<number>"),
    ],
)
def test_the_detail_of_a_malformed_unit_names_the_folder_that_is_meant(folder: str, target: str):
    found = recognized(f"mrhealth/2021-01-05/{folder}/PEDIDO.csv")
    assert isinstance(found, UnrecognizedFile)
    assert found.detail.endswith(f"has no valid unit number; hint: rename it to {target}")


def test_the_detail_of_an_unknown_name_shows_names_and_no_patterns():
    everything = source("all", r"all_.*\.csv", example="all_stores.csv")
    rules = PathRules(spec=SPEC, sources=(*SOURCES, everything), zone=ZONE)
    found = recognized("mrhealth/2021-01-05/orders.txt", rules)
    assert isinstance(found, UnrecognizedFile)
    assert "named like pedido.csv (orders), item_pedido.csv (order_items)" in found.detail
    assert "all_stores.csv (all)" in found.detail
    assert "\\" not in found.detail


def test_a_declared_control_file_is_ignored_and_another_one_is_unknown():
    spec = DomainSpec(name="mrhealth", title="Mr. Health", since=START, control_files=r".*\.ctl")
    reasons = {
        name: getattr(loosely(f"2021-01-05/{name}", spec), "reason", None)
        for name in ("pedido.csv", "PEDIDO.CTL", "pedido.csv.ctl", "pedido.done")
    }
    assert reasons == {
        "pedido.csv": None,
        "PEDIDO.CTL": UnrecognizedReason.CONTROL_FILE,
        "pedido.csv.ctl": UnrecognizedReason.CONTROL_FILE,
        "pedido.done": UnrecognizedReason.UNKNOWN_FILE,
    }


LOOSE = DomainSpec(
    name="mrhealth",
    title="Mr. Health",
    since=START,
    unit_folders=("unidade", "loja"),
    numbered_units=True,
    day_folders=("YYYY-MM-DD", "YYYY/MM/DD", "DD-MM-YYYY", "D/M/YYYY", "day=YYYYMMDD"),
    ignored_folders=("raw",),
)


def loosely(path: str, spec: DomainSpec = LOOSE) -> RecognizedFile | UnrecognizedFile:
    return recognized(f"mrhealth/{path}", PathRules(spec=spec, sources=SOURCES, zone=ZONE))


@pytest.mark.parametrize(
    ("folders", "unit"),
    [
        ("2021-01-05/7", 7),
        ("7/2021-01-05", 7),
        ("2021-01-05/007", 7),
        ("2021-01-05/loja 7", 7),
        ("2021-01-05/Loja_07", 7),
        ("loja-7/05-01-2021", 7),
        ("2021/01/05/7", 7),
        ("7/2021/01/05", 7),
        ("2021/01/05/unidade_007", 7),
        ("5/1/2021/7", 7),
        ("Day=20210105/7", 7),
        ("2021/01/05", None),
        ("2021/2021-01-05/7", 7),
        ("2021/01/2021-01-05/loja 7", 7),
        ("2021-01-05/loja 7/reenvio/2", 7),
        ("raw/2/2021-01-05", 2),
    ],
)
def test_declared_forms_of_days_and_units_are_understood(folders: str, unit: int | None):
    found = loosely(f"{folders}/pedido.csv")
    assert isinstance(found, RecognizedFile), found.detail
    assert (found.day, found.unit, found.dated) == (FIFTH, unit, True)


@pytest.mark.parametrize(
    ("folders", "reason"),
    [
        ("2021-01-05/7/8", "bad_unit"),
        ("2021-01-05/loja 7/8", "bad_unit"),
        ("7/2021-01-05/8", "bad_unit"),
        ("2021-01-05/2020", "bad_day"),
        ("2021-01-05/2021", "bad_day"),
        ("2021-01-05/2021/7", "bad_day"),
        ("2021/01/2021-01-05", "bad_unit"),
        ("2021/01/2021-01-05/7", "bad_unit"),
        ("2021-01-05/1234567890", "bad_unit"),
        ("2021-01-05/7a", "bad_unit"),
        ("7", "bad_day"),
        ("01/05", "bad_day"),
        ("2021/01/loja 7/05", "bad_day"),
        ("2021/01/05/06-01-2021", "bad_day"),
    ],
)
def test_numbers_that_may_be_a_day_or_a_unit_are_rejected(folders: str, reason: str):
    found = loosely(f"{folders}/pedido.csv")
    assert isinstance(found, UnrecognizedFile)
    assert (found.reason, "hint: " in found.detail) == (reason, True)


def test_a_date_that_may_be_two_days_is_rejected():
    both = DomainSpec(
        name="mrhealth",
        title="Mr. Health",
        since=START,
        day_folders=("DD-MM-YYYY", "MM-DD-YYYY"),
    )
    found = loosely("01-02-2021/unit_7/pedido.csv", both)
    assert isinstance(found, UnrecognizedFile)
    assert found.reason == "bad_day"
    assert "folder '01-02-2021' may be 2021-01-02 or 2021-02-01; hint:" in found.detail
    for folder in ("13-02-2021", "02-13-2021", "02-02-2021"):
        assert isinstance(loosely(f"{folder}/unit_7/pedido.csv", both), RecognizedFile)


def test_a_source_that_declares_no_undated_files_needs_a_day():
    dated = source("visits", r"visits\.csv", undated=None)
    rules = PathRules(spec=SPEC, sources=(dated,), zone=ZONE)
    for folder in ("", "unidade_7/"):
        found = recognized(f"mrhealth/{folder}visits.csv", rules)
        assert isinstance(found, UnrecognizedFile)
        assert found.reason == "bad_day"
        assert "the path names no day, and visits need one; hint: name the day" in found.detail


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("2021-01-05/menu.pdf", FIFTH),
        ("2021/01/05/unidade_007/menu.pdf", FIFTH),
        ("2021-01-05/loja 7/pedido.csv", FIFTH),
        ("2021-06-17/pedido.csv", FIRST_OF_MARCH),
        ("2019-12-31/pedido.csv", FIRST_OF_MARCH),
        ("2062-01-05/menu.pdf", FIRST_OF_MARCH),
        ("2021/02/30/pedido.csv", FIRST_OF_MARCH),
    ],
)
def test_an_unrecognized_file_is_recorded_on_a_day_that_a_run_can_have(path: str, day: dt.date):
    found = recognized(f"mrhealth/{path}")
    assert isinstance(found, UnrecognizedFile)
    assert found.day == day


@pytest.mark.parametrize(
    ("modified_at", "day"), [("2031-01-01T12:00Z", TODAY), ("1999-01-01T12:00Z", START)]
)
def test_a_modification_time_outside_of_the_domain_is_recorded_on_its_nearest_day(
    modified_at: str, day: dt.date
):
    found = recognized("mrhealth/menu.pdf", modified_at=dt.datetime.fromisoformat(modified_at))
    assert isinstance(found, UnrecognizedFile)
    assert found.day == day


@pytest.mark.parametrize(
    ("day", "is_recognized"),
    [(START, True), (TODAY, True), (dt.date(2021, 6, 16), True), (dt.date(2021, 6, 17), False)],
)
def test_days_are_recognized_from_the_first_day_of_the_domain_until_tomorrow(
    day: dt.date, is_recognized: bool
):
    assert (
        isinstance(recognized(f"mrhealth/{day}/unidade_1/pedido.csv"), RecognizedFile)
        is is_recognized
    )


@pytest.mark.parametrize(
    ("modified_at", "reason"),
    [("2021-06-18T00:00Z", "future_day"), ("2019-05-01T00:00Z", "before_start")],
)
def test_the_same_bounds_apply_to_a_day_that_comes_from_the_modification_time(
    modified_at: str, reason: str
):
    found = recognized("mrhealth/PEDIDO.csv", modified_at=dt.datetime.fromisoformat(modified_at))
    assert isinstance(found, UnrecognizedFile)
    assert found.reason == reason


def test_a_file_that_matches_two_datasets_is_unrecognized():
    everything = source("all", r".*\.csv")
    rules = PathRules(spec=SPEC, sources=(*SOURCES, everything), zone=ZONE)
    found = recognized("mrhealth/pedido.csv", rules)
    assert isinstance(found, UnrecognizedFile)
    assert found.reason is UnrecognizedReason.UNKNOWN_FILE
    assert "orders and all" in found.detail


PARTS = st.sampled_from(
    [
        "mrhealth",
        "2021-01-05",
        "2021-01-06",
        "2021-02-30",
        "2021-01-05 ",
        "20210105",
        "2021",
        "01",
        "7",
        "unidade_007",
        "unit_8",
        "unit",
        "..",
        "",
        ".x",
        "raw",
        "PEDIDO.csv",
        "pedido.csv.gz",
        "x\\y",
        "a\nb",
    ]
) | st.text(max_size=6)


@given(st.lists(PARTS, max_size=6).map("/".join))
def test_any_path_is_recognized_inside_the_domain_or_becomes_a_printable_unrecognized_file(
    path: str,
):
    found = recognized(path)
    if isinstance(found, UnrecognizedFile):
        assert found.path.isprintable()
        return
    first, *_, name = parts = path.split("/")
    assert first == "mrhealth"
    assert name.lower().removesuffix(".gz") == "pedido.csv"
    assert not {"", ".", ".."} & set(parts)
    assert path.isprintable()
    assert "\\" not in path
    assert found.dated == bool({str(found.day), f"{found.day:%Y%m%d}"} & set(parts))
    if found.unit is None:
        understood = {"raw", "2021", "01", "2021-01-05", "2021-01-06", "20210105", "replay"}
        assert set(parts[1:-1]) <= understood


@pytest.mark.parametrize(
    ("folder", "unit"),
    [("unit_007", 7), ("UNIT-8", 8), ("unidade_007", None), ("loja_1", None), ("unity_1", None)],
)
def test_without_a_declaration_the_folder_of_a_unit_starts_with_unit(folder: str, unit: int | None):
    spec = DomainSpec(name="tolls", title="Tolls", since=START)
    rules = PathRules(spec=spec, sources=SOURCES, zone=ZONE)
    found = recognized(f"tolls/2021-01-05/{folder}/pedido.csv", rules)
    assert isinstance(found, RecognizedFile) is (unit is not None)
    if isinstance(found, RecognizedFile):
        assert found.unit == unit
    else:
        assert found.reason == "bad_unit"


def test_the_folder_that_a_domain_writes_for_a_unit_is_recognized_as_that_unit():
    spec = DomainSpec(name="tolls", title="Tolls", since=START, unit_folders=("loja", "filial"))
    rules = PathRules(spec=spec, sources=SOURCES, zone=ZONE)
    for folder in (spec.unit_folder(7), "filial-7"):
        found = recognized(f"tolls/2021-01-05/{folder}/pedido.csv", rules)
        assert isinstance(found, RecognizedFile)
        assert found.unit == 7
    wrong = recognized("tolls/2021-01-05/filial_x/pedido.csv", rules)
    assert isinstance(wrong, UnrecognizedFile)
    assert "folder 'filial_x'" in wrong.detail
    assert "hint: rename it to loja_<number>" in wrong.detail


@pytest.mark.parametrize("words", [(), ("",), ("unit_[0-9]",)])
def test_unit_folders_must_be_words(words: tuple[str, ...]):
    with pytest.raises(ValueError, match="domain 'tolls': unit_folders must be words"):
        DomainSpec(name="tolls", title="Tolls", since=START, unit_folders=words)


@pytest.mark.parametrize(
    "form", ["", "YYYY", "YYYY-MM", "YYYY-MM-DD-DD", "YYYY//MM/DD", "../YYYY-MM-DD", "Day YYYYMMDD"]
)
def test_day_folders_must_name_year_month_and_day(form: str):
    with pytest.raises(ValueError, match="domain 'tolls': day_folders: expected one YYYY"):
        DomainSpec(name="tolls", title="Tolls", since=START, day_folders=(form,))

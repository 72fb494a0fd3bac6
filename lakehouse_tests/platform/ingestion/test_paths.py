"""Files of the landing zone are recognized by their path alone."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.platform.ingestion.paths import (
    PathRules,
    RecognizedFile,
    UnrecognizedFile,
    UnrecognizedReason,
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
        ("raw/csv_sales/2021-01-05/unit_050/pedido.csv", "orders", FIFTH, 50, True),
        ("raw/csv_sales/2021-01-05/units/pedido.csv", "orders", FIFTH, None, True),
        ("unidade_3/2021-01-05/pedido.csv", "orders", FIFTH, 3, True),
        ("unidade_3/pedido.csv", "orders", FIRST_OF_MARCH, 3, False),
        ("PEDIDO.csv", "orders", FIRST_OF_MARCH, None, False),
        ("caixa/ITEM_PEDIDO.csv", "order_items", FIRST_OF_MARCH, None, False),
        ("reference/Tabela_Unidade.csv", "units", FIRST_OF_MARCH, None, False),
        ("reference/2021-01-05/Tabela_Unidade.csv.gz", "units", FIFTH, None, True),
        ("2021-01-05/unidade_007/Tabela_Unidade.csv", "units", FIFTH, None, True),
        ("2021-01-05/o'clock; drop table x--/pedido.csv", "orders", FIFTH, None, True),
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
        ("mrhealth/20210105/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021_01_05/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/05-01-2021/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/day=2021-01-05/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021-01-05/unidade_007/2021-01-06/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021-01-05/unidade_x/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade7/PEDIDO.csv", "bad_unit"),
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
    assert "hint: rename it to YYYY-MM-DD" in found.detail


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
    assert str(found.day) in parts or not found.dated


@pytest.mark.parametrize(
    ("folder", "unit"),
    [("unit_007", 7), ("UNIT-8", 8), ("unidade_007", None), ("loja_1", None), ("unity_1", None)],
)
def test_without_a_declaration_the_folder_of_a_unit_starts_with_unit(folder: str, unit: int | None):
    spec = DomainSpec(name="tolls", title="Tolls", since=START)
    rules = PathRules(spec=spec, sources=SOURCES, zone=ZONE)
    found = recognized(f"tolls/2021-01-05/{folder}/pedido.csv", rules)
    assert isinstance(found, RecognizedFile)
    assert found.unit == unit


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

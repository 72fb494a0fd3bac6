"""The generator of bikes has the shape of AdventureWorks, and the tables equal plain SQL."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from lakehouse.demo.bikes import Plan, deliveries, demo, expected, tables
from lakehouse.demo.files import LandedFile
from lakehouse.platform.serving.export_writing import write_exports
from lakehouse.platform.serving.exports import exports_of
from lakehouse_tests.domains.bikes.files import COLUMNS
from lakehouse_tests.domains.bikes.plain import ANSWERS, Plain, prepared
from lakehouse_tests.domains.bikes.test_rejections import BAD
from lakehouse_tests.domains.business import Business

MISSING = {
    "customers": {"PersonID": 701, "StoreID": 18_484},
    "order_headers": {"SalesPersonID": 27_659, "PurchaseOrderNumber": 27_659},
    "order_details": {"CarrierTrackingNumber": 60_398},
    "persons": {
        "Title": 19_972 - 1_009,
        "MiddleName": 19_972 - 11_473,
        "Suffix": 19_972 - 53,
        "AdditionalContactInfo": 19_972 - 10,
    },
    "products": {
        "Color": 248,
        "Weight": 299,
        "ProductSubcategoryID": 209,
        "SellEndDate": 406,
        "Size": 293,
    },
}


@pytest.fixture(scope="module")
def full() -> dict[str, list[dict[str, str]]]:
    """The valid rows at full size, as dictionaries."""
    return {
        dataset: [dict(zip(COLUMNS[dataset], row, strict=True)) for row in rows]
        for dataset, rows in tables(Plan()).items()
    }


def test_full_size_equals_adventureworks(full: dict[str, list[dict[str, str]]]):
    assert {dataset: len(rows) for dataset, rows in full.items()} == {
        "persons": 19_972,
        "products": 504,
        "customers": 19_820,
        "order_headers": 31_465,
        "special_offer_products": 538,
        "order_details": 121_317,
    }
    for dataset, columns in MISSING.items():
        nulls = {column: sum(row[column] == "NULL" for row in full[dataset]) for column in columns}
        assert nulls == columns, dataset


def test_orders_and_lines_have_the_shape_of_adventureworks(full: dict[str, list[dict[str, str]]]):
    headers, lines = full["order_headers"], full["order_details"]
    assert [int(row["SalesOrderID"]) for row in headers] == list(range(43_659, 75_124))
    days = [row["OrderDate"][:10] for row in headers]
    assert (min(days), max(days)) == ("2011-05-31", "2014-06-30")
    counts = Counter(row["SalesOrderID"] for row in lines)
    assert min(counts.values()) == 1
    assert max(counts.values()) <= 72
    pieces = [int(row["OrderQty"]) for row in lines]
    assert (min(pieces), max(pieces), round(sum(pieces) / len(pieces), 3)) == (1, 44, 2.266)
    assert len({row["ProductID"] for row in lines}) == 266
    offers = {(row["SpecialOfferID"], row["ProductID"]) for row in full["special_offer_products"]}
    assert {(row["SpecialOfferID"], row["ProductID"]) for row in lines} <= offers
    customers = {row["CustomerID"] for row in full["customers"]}
    assert {row["CustomerID"] for row in headers} <= customers
    by_stores = Counter(row["OrderDate"][8:10] for row in headers if row["OnlineOrderFlag"] == "0")
    assert set(by_stores) <= {"28", "29", "30", "31"}


def test_some_persons_have_the_same_name_and_some_xml_is_long(
    full: dict[str, list[dict[str, str]]],
):
    names = Counter(
        (row["FirstName"], row["MiddleName"], row["LastName"]) for row in full["persons"]
    )
    assert max(names.values()) > 1
    assert max(len(row["AdditionalContactInfo"]) for row in full["persons"]) > 2_000
    assert {row["PersonType"] for row in full["persons"]} == {"IN", "SC", "GC", "EM", "VC", "SP"}


def test_equal_seeds_give_equal_bytes_and_other_seeds_others():
    def files(seed: int) -> list[LandedFile]:
        return list(deliveries(demo(seed)))

    assert files(1) == files(1)
    assert {file.data for file in files(1)} & {file.data for file in files(2)} == set()


@pytest.mark.parametrize(
    "wrong", [{"scale": 0}, {"scale": 21}, {"errors": -1}, {"first": dt.date(2014, 6, 30)}]
)
def test_a_plan_outside_its_range_is_rejected(wrong: dict[str, object]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Plan(**wrong)  # type: ignore[arg-type]


def test_planted_errors_are_rejected_with_their_reason_and_other_rows_are_kept(tmp_path: Path):
    plan = Plan(scale=0.005, errors=2)
    shop = Business("bikes", tmp_path)
    shop.land_all(deliveries(plan))
    shop.ingest()
    valid = {dataset: len(rows) for dataset, rows in tables(plan).items()}
    for dataset, reasons in expected(plan).items():
        assert Counter(reason for reason, _, _ in shop.rejections(dataset)) == reasons
    tested = {reason for errors in BAD.values() for reason, _ in errors}
    assert {reason for reasons in expected(plan).values() for reason in reasons} <= tested
    assert shop.rows("select reasons from ops.quarantine where detail is null") == []
    for dataset in ("persons", "customers", "order_headers", "special_offer_products"):
        assert shop.rows(f"select count(*) from silver.bikes_{dataset}") == [(valid[dataset],)]
    orphans = "select count(*) from gold.bikes_fact_order_lines where customer_id is null"
    assert shop.rows(orphans) == [(2,)]
    corrected = "select count(*) from gold.bikes_fact_orders o join silver.bikes_order_headers h"
    replaced = f"{corrected} using (sales_order_id) where h.comment = 'Entregue na portaria'"
    assert shop.rows(replaced) == [(5,)]
    assert set(shop.balance()) == {"balanced"}


@pytest.mark.parametrize("scale", [0.01, pytest.param(1, marks=pytest.mark.chaos)])
def test_the_answers_equal_plain_sql_over_the_files(tmp_path: Path, scale: float):
    shop = Business("bikes", tmp_path)
    files = list(deliveries(Plan(scale=scale, errors=0)))
    shop.land_all(files)
    shop.ingest()
    plain = Plain(tmp_path / "landing" / Path(files[0].path).parent)
    for name, sql in ANSWERS.items():
        columns = "*" if shop.domain.table("gold", name).daily else "* exclude (day)"
        found = shop.rows(f"select {columns} from gold.bikes_{name}")
        assert found, name
        assert found == plain.rows(sql), name


def test_prepared_files_equal_the_delivered_ones_without_the_dialect(tmp_path: Path):
    shop = Business("bikes", tmp_path)
    files = {Path(file.path).name: file for file in deliveries(Plan(scale=0.005, errors=0))}
    shop.land_all(files.values())
    shop.ingest()
    out = tmp_path / "out"
    ready = [
        export for export in exports_of("bikes", shop.settings) if export.name.endswith("_prepared")
    ]
    written = list(write_exports("bikes", ready, str(out), shop.lake, shop.settings))
    assert len(written) == len(files)
    for name, file in files.items():
        assert (out / "data" / name).read_bytes() == prepared(name, file.data), name

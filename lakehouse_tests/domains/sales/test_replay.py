"""Rejected sales are corrected and loaded; later deliveries of other rows stay newer."""

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from lakehouse.platform.ingestion.landing_zone import LandingZone, landing_zone_of
from lakehouse.platform.quarantine.export import export_rejections
from lakehouse.platform.quarantine.listing import RejectionKind, list_rejections
from lakehouse.platform.quarantine.replay import replace_file, replay_patch
from lakehouse.platform.quarantine.selection import Selection
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.sales.files import file, sale

DAY = "2023-01-02"


@pytest.fixture
def shop(tmp_path: Path) -> Business:
    return Business("sales", tmp_path)


def landing(shop: Business) -> LandingZone:
    return landing_zone_of(shop.domain, shop.settings)


def replay(shop: Business, patch: Path, **values: str) -> list[str]:
    """Write these values into every rejected row, land and ingest; return the landed paths."""
    export_rejections(shop.lake, patch, Selection(domain="sales"))
    with patch.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    with patch.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(row | values for row in rows)
    done = replay_patch(shop.lake, landing(shop), shop.settings, patch)
    shop.ingest()
    return [each.path for each in done.landed]


@pytest.mark.parametrize(
    "path", [f"{DAY}/sales_raw.csv", f"{DAY}/norte/sales_raw.csv", "sales.csv"]
)
def test_a_corrected_row_is_loaded_and_later_deliveries_of_other_rows_stay(
    shop: Business, tmp_path: Path, path: str
) -> None:
    shop.land(path, file(sale(1), sale(2, region="?")))
    shop.land(f"{DAY}/sales_b.csv", file(sale(3)))
    shop.ingest()
    shop.land(f"{DAY}/sales_c.csv", file(sale(1, quantity=3, total_value="30.00")))
    shop.ingest()
    (landed,) = replay(shop, tmp_path / "patch.csv", region="Sul")
    assert landed.endswith(f"/replay/{path}")
    assert shop.rows("select id, total_value, region from gold.sales_fact_sales order by id") == [
        (1, Decimal("30.00"), "Norte"),
        (2, Decimal("20.00"), "Sul"),
        (3, Decimal("20.00"), "Norte"),
    ]
    assert list(list_rejections(shop.lake, Selection(domain="sales"))) == []
    assert shop.rows("select status, count(*) from raw.sales_sales group by 1 order by 1") == [
        ("loaded", 3),
        ("superseded", 1),
    ]
    assert set(shop.balance()) == {"balanced"}


def test_a_row_may_be_corrected_twice(shop: Business, tmp_path: Path) -> None:
    shop.land(f"{DAY}/sales_raw.csv", file(sale(1), sale(2, region="?")))
    shop.ingest()
    first = replay(shop, tmp_path / "first.csv", region="Nordeste")
    second = replay(shop, tmp_path / "second.csv", region="Sul")
    assert first == second == [f"sales/{DAY}/replay/{DAY}/sales_raw.csv"]
    assert shop.rows("select region from gold.sales_fact_sales order by id") == [
        ("Norte",),
        ("Sul",),
    ]


def test_a_rejected_file_is_listed_beside_loaded_files_and_loaded_after_correction(
    shop: Business, tmp_path: Path
) -> None:
    shop.land(f"{DAY}/sales_a.csv", file(sale(1)).replace("sale_date", "data"))
    shop.land(f"{DAY}/sales_b.csv", file(sale(2)))
    shop.ingest()
    (listed,) = list_rejections(shop.lake, Selection(domain="sales"))
    assert (listed.kind, listed.reasons, listed.file) == (
        RejectionKind.FILE,
        ("schema",),
        f"sales/{DAY}/sales_a.csv",
    )
    content = tmp_path / "corrected.csv"
    content.write_text(file(sale(1, quantity=3, total_value="30.00")))
    replace_file(
        shop.lake, landing(shop), shop.settings, listed.file, content, now=dt.datetime.now(dt.UTC)
    )
    shop.ingest()
    assert shop.rows("select id, quantity from gold.sales_fact_sales order by id") == [
        (1, 3),
        (2, 2),
    ]
    assert list(list_rejections(shop.lake, Selection(domain="sales"))) == []

"""The original files of Mr. Health, if they are next to the checkout."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from lakehouse_tests.stories.world import World

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "mrhealth"

pytestmark = pytest.mark.skipif(
    not REAL.is_dir(),
    reason="the original files may not be published; none in ../shared/data/mrhealth",
)


def test_the_original_files_give_the_known_figures(world: World):
    now = dt.datetime.now(dt.UTC)
    for path in sorted(REAL.glob("*.csv")):
        world.land(f"mrhealth/{path.name}", path.read_bytes(), at=now)
    world.ingest()
    by_status: dict[str, list[Decimal]] = {}
    for status, value in world.rows("gold.mrhealth_fact_orders", "status", "order_value"):
        by_status.setdefault(status, []).append(value)
    assert {status: (len(v), str(sum(v))) for status, v in by_status.items()} == {
        "Finalizado": (14, "1821.28"),
        "Pendente": (7, "1145.14"),
        "Cancelado": (4, "489.79"),
    }
    assert sum(map(Decimal, world.revenue().values())) == Decimal("1821.28")
    assert world.rejections("order_items") == ["ambiguous_parent"] * 14
    assert len(world.rows("gold.mrhealth_fact_order_items", "item_id")) == 2
    assert set(world.balance()) == {"balanced"}
    assert world.ingest() == []

"""Files of sales with defaults for values that a test does not need."""

from pathlib import Path

SAMPLE = Path(__file__).parents[3].parent / "shared" / "data" / "sales" / "sales_raw.csv"
DEFAULTS = {
    "id": "1",
    "sale_date": "2023-01-02",
    "product_id": "101",
    "customer_id": "1001",
    "quantity": "2",
    "unit_price": "10.00",
    "total_value": "20.00",
    "seller_id": "1",
    "region": "Norte",
}
HEADER = ",".join(DEFAULTS)


def sale(number: int | str = 1, **values: object) -> str:
    """One line; by default 2 pieces for BRL 20.00 on 2 January 2023 in the north."""
    unknown = values.keys() - DEFAULTS.keys() - {"operation"}
    assert not unknown, unknown
    line = DEFAULTS | {"id": str(number)} | {name: str(value) for name, value in values.items()}
    return ",".join(line.values())


def file(*lines: str, changes: bool = False) -> str:
    """An export, or a change file whose lines end in their operation."""
    header = f"{HEADER},operation" if changes else HEADER
    return "".join(f"{line}\n" for line in [header, *lines])

"""Define how much data each part of the benchmark gets."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Size:
    """Define the amount of data; rows and files per day are those of the full size."""

    small_days: int
    large: tuple[tuple[int, int], ...]
    pandas_days: int
    history_days: int
    listing_files: int
    deliveries: int
    clients: tuple[int, ...]
    pollution_step: int
    purchase_runs: int
    forecast_series: int
    forecast_seeds: str
    idle_seconds: int
    gold_rows: int
    engine_items: tuple[int, ...]
    growth_files: tuple[int, ...]


SIZES = {
    "quick": Size(
        small_days=10,
        large=((333_333, 3),),
        pandas_days=1,
        history_days=60,
        listing_files=10_000,
        deliveries=3,
        clients=(10_000,),
        pollution_step=11,
        purchase_runs=5,
        forecast_series=600,
        forecast_seeds="81",
        idle_seconds=60,
        gold_rows=300_000,
        engine_items=(1_000_000,),
        growth_files=(1_000, 3_000, 10_000),
    ),
    "default": Size(
        small_days=72,
        large=((2_000_000, 18), (2_000_000, 73)),
        pandas_days=2,
        history_days=400,
        listing_files=100_000,
        deliveries=10,
        clients=(10_000, 100_000),
        pollution_step=1,
        purchase_runs=100,
        forecast_series=5000,
        forecast_seeds="81-83",
        idle_seconds=120,
        gold_rows=9_400_000,
        engine_items=(1_000_000, 10_000_000),
        growth_files=(10_000, 30_000, 100_000),
    ),
    "full": Size(
        small_days=360,
        large=((10_000_000, 90), (10_000_000, 365)),
        pandas_days=3,
        history_days=3650,
        listing_files=100_000,
        deliveries=20,
        clients=(10_000, 1_000_000),
        pollution_step=1,
        purchase_runs=100,
        forecast_series=5000,
        forecast_seeds="81-83",
        idle_seconds=600,
        gold_rows=9_400_000,
        engine_items=(1_000_000, 10_000_000, 40_000_000),
        growth_files=(10_000, 100_000, 300_000),
    ),
}

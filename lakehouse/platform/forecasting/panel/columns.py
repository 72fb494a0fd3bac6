"""Columns of forecast pieces, shared by the contracts of forecast tables."""

import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.platform.tables.contract import TableModel


class PiecesForecast(TableModel):
    """Expected number of pieces and quantiles of one series on one future day."""

    expected: Decimal(18, 2) = pa.Field(
        ge=0,
        description="Expected number of pieces; only these may be added up over days and series",
    )
    q05: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 95 %"
    )
    q25: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 75 %"
    )
    q50: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 50 %"
    )
    q75: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 25 %"
    )
    q95: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 5 %"
    )
    model: str = pa.Field(
        description="Method that the back-test selected for series of this kind, see"
        " docs/forecast.md"
    )

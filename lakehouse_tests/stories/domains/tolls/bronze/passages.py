"""Passages as the gates wrote them."""

import pandera.ibis as pa
from lakehouse.domains.tolls.sources import PASSAGES

from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Passages(Landed):
    """Passages as the gates wrote them."""

    gate: str = pa.Field(nullable=True, description="Gate that was passed")
    number: str = pa.Field(nullable=True, description="Number of the passage at its gate")
    passed_on: str = pa.Field(nullable=True, description="Day of the passage")
    fee: str = pa.Field(nullable=True, description="Fee in R$")


passages = landed(module=__name__, source=PASSAGES, contract=Passages)

"""The state table of the headquarters, snapshot by snapshot."""

import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import STATES
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class States(Landed):
    """States as the headquarters wrote them, one row per record of a snapshot."""

    Id_Estado: str = pa.Field(nullable=True, description="State number")
    Id_Pais: str = pa.Field(nullable=True, description="Country of the state")
    Nome_Estado: str = pa.Field(nullable=True, description="State name")


states = landed(module=__name__, source=STATES, contract=States)

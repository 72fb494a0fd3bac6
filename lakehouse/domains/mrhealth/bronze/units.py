"""The unit table of the headquarters, snapshot by snapshot."""

import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import UNITS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Units(Landed):
    """Units as the headquarters wrote them, one row per record of a snapshot."""

    Id_Unidade: str = pa.Field(nullable=True, description="Unit number")
    Nome_Unidade: str = pa.Field(nullable=True, description="Unit name")
    Id_Estado: str = pa.Field(nullable=True, description="State the unit lies in")


units = landed(module=__name__, source=UNITS, contract=Units)

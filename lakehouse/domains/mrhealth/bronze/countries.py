"""The country table of the headquarters, snapshot by snapshot."""

import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import COUNTRIES
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Countries(Landed):
    """Countries as the headquarters wrote them, one row per record of a snapshot."""

    Id_Pais: str = pa.Field(nullable=True, description="Country code, two letters")
    Nome_Pais: str = pa.Field(nullable=True, description="Country name, Portuguese")


countries = landed(module=__name__, source=COUNTRIES, contract=Countries)

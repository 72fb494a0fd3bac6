"""The product table of the headquarters, snapshot by snapshot."""

import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import PRODUCTS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Products(Landed):
    """Products as the headquarters wrote them, one row per record of a snapshot."""

    Id_Produto: str = pa.Field(nullable=True, description="Product number")
    Nome_Produto: str = pa.Field(nullable=True, description="Product name, Portuguese")


products = landed(module=__name__, source=PRODUCTS, contract=Products)

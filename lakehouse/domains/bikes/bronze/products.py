"""Products as the shop wrote them, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.bikes.sources import PRODUCTS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Products(Landed):
    """Products as the shop wrote them, one row per record."""

    ProductID: str = pa.Field(nullable=True, description="Product number")
    Name: str = pa.Field(nullable=True, description="Product name")
    ProductNumber: str = pa.Field(nullable=True, description="Product code")
    MakeFlag: str = pa.Field(nullable=True, description="1 when made in house")
    FinishedGoodsFlag: str = pa.Field(nullable=True, description="1 when it can be sold")
    Color: str = pa.Field(nullable=True, description="Colour")
    SafetyStockLevel: str = pa.Field(nullable=True, description="Least pieces in stock")
    ReorderPoint: str = pa.Field(nullable=True, description="Pieces at which it is ordered again")
    StandardCost: str = pa.Field(nullable=True, description="Cost in US$, decimal comma")
    ListPrice: str = pa.Field(nullable=True, description="Price in US$, decimal comma")
    Size: str = pa.Field(nullable=True, description="Size")
    SizeUnitMeasureCode: str = pa.Field(nullable=True, description="Unit of the size, padded")
    WeightUnitMeasureCode: str = pa.Field(nullable=True, description="Unit of the weight, padded")
    Weight: str = pa.Field(nullable=True, description="Weight, decimal point")
    DaysToManufacture: str = pa.Field(nullable=True, description="Days to make it")
    ProductLine: str = pa.Field(nullable=True, description="R, M, T or S, padded")
    Class: str = pa.Field(nullable=True, description="H, M or L, padded")
    Style: str = pa.Field(nullable=True, description="W, M or U, padded")
    ProductSubcategoryID: str = pa.Field(nullable=True, description="Subcategory number")
    ProductModelID: str = pa.Field(nullable=True, description="Model number")
    SellStartDate: str = pa.Field(nullable=True, description="First day of sale")
    SellEndDate: str = pa.Field(nullable=True, description="Last day of sale")
    DiscontinuedDate: str = pa.Field(nullable=True, description="When it was given up")
    rowguid: str = pa.Field(nullable=True, description="Identity of the row")
    ModifiedDate: str = pa.Field(nullable=True, description="When the row was last changed")


products = landed(module=__name__, source=PRODUCTS, contract=Products)

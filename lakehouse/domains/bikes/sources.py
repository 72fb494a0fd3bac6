"""What lands: the six tables of the bike shop, each a file of its own."""

from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.source import Source


def _written(*columns: str, money: tuple[str, ...] = ()) -> CsvFormat:
    """The shop's dialect: ``;``, UTF-8 with a byte order mark, the text NULL for what is missing.

    Money has a decimal comma, any other number a point. Values that contain commas are not quoted;
    codes of fixed width keep their trailing blanks.
    """
    return CsvFormat(
        columns=columns,
        delimiters=";",
        encodings=("utf-8",),
        null_texts=frozenset({"NULL"}),
        decimal_comma=money,
    )


PERSONS = Source(
    dataset="persons",
    files=r"person\.person\.csv",
    format=_written(
        "BusinessEntityID",
        "PersonType",
        "NameStyle",
        "Title",
        "FirstName",
        "MiddleName",
        "LastName",
        "Suffix",
        "EmailPromotion",
        "AdditionalContactInfo",
        "Demographics",
        "rowguid",
        "ModifiedDate",
    ),
    snapshot=True,
)
PRODUCTS = Source(
    dataset="products",
    files=r"production\.product\.csv",
    format=_written(
        "ProductID",
        "Name",
        "ProductNumber",
        "MakeFlag",
        "FinishedGoodsFlag",
        "Color",
        "SafetyStockLevel",
        "ReorderPoint",
        "StandardCost",
        "ListPrice",
        "Size",
        "SizeUnitMeasureCode",
        "WeightUnitMeasureCode",
        "Weight",
        "DaysToManufacture",
        "ProductLine",
        "Class",
        "Style",
        "ProductSubcategoryID",
        "ProductModelID",
        "SellStartDate",
        "SellEndDate",
        "DiscontinuedDate",
        "rowguid",
        "ModifiedDate",
        money=("StandardCost", "ListPrice"),
    ),
    snapshot=True,
)
CUSTOMERS = Source(
    dataset="customers",
    files=r"sales\.customer\.csv",
    format=_written(
        "CustomerID",
        "PersonID",
        "StoreID",
        "TerritoryID",
        "AccountNumber",
        "rowguid",
        "ModifiedDate",
    ),
    snapshot=True,
)
ORDER_HEADERS = Source(
    dataset="order_headers",
    files=r"sales\.salesorderheader\.csv",
    format=_written(
        "SalesOrderID",
        "RevisionNumber",
        "OrderDate",
        "DueDate",
        "ShipDate",
        "Status",
        "OnlineOrderFlag",
        "SalesOrderNumber",
        "PurchaseOrderNumber",
        "AccountNumber",
        "CustomerID",
        "SalesPersonID",
        "TerritoryID",
        "BillToAddressID",
        "ShipToAddressID",
        "ShipMethodID",
        "CreditCardID",
        "CreditCardApprovalCode",
        "CurrencyRateID",
        "SubTotal",
        "TaxAmt",
        "Freight",
        "TotalDue",
        "Comment",
        "rowguid",
        "ModifiedDate",
        money=("SubTotal", "TaxAmt", "Freight", "TotalDue"),
    ),
    business_day="OrderDate",
    per_file=True,
    key=("SalesOrderID",),
    affects={"order_details": ("SalesOrderID",)},
)
SPECIAL_OFFER_PRODUCTS = Source(
    dataset="special_offer_products",
    files=r"sales\.specialofferproduct\.csv",
    format=_written(
        "SpecialOfferID",
        "ProductID",
        "rowguid",
        "ModifiedDate",
    ),
    snapshot=True,
)
ORDER_DETAILS = Source(
    dataset="order_details",
    files=r"sales\.salesorderdetail\.csv",
    format=_written(
        "SalesOrderID",
        "SalesOrderDetailID",
        "CarrierTrackingNumber",
        "OrderQty",
        "ProductID",
        "SpecialOfferID",
        "UnitPrice",
        "UnitPriceDiscount",
        "LineTotal",
        "rowguid",
        "ModifiedDate",
        money=("UnitPrice", "UnitPriceDiscount"),
    ),
    business_day="ModifiedDate",
    per_file=True,
    key=("SalesOrderID", "SalesOrderDetailID"),
)

SOURCES = (PERSONS, PRODUCTS, CUSTOMERS, ORDER_HEADERS, SPECIAL_OFFER_PRODUCTS, ORDER_DETAILS)

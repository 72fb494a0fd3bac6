"""Datasets of Rox Bikes: six tables of the shop's database, each in its own file."""

from lakehouse.domains.bikes import SPEC
from lakehouse.platform.tables.csv_format import CsvDialect
from lakehouse.platform.tables.source import Column, Source

DIALECT = CsvDialect(delimiters=";", encodings=("utf-8",), null_texts=frozenset({"NULL"}))
"""UTF-8 with a byte order mark; values that contain commas are not quoted.

Codes of fixed width keep their trailing blanks. A number has a decimal point unless its column
declares a decimal comma.
"""
ROWGUID = "Identifier of the row in the shop's database, a UUID"
MODIFIED = "Time of the last change of the row in the shop's database"


def _usd(description: str) -> Column:
    return Column(f"{description} in USD, with decimal comma", decimal_comma=True)


PERSONS = Source(
    domain=SPEC.name,
    dataset="persons",
    description="Persons as the shop wrote them, one row per record.",
    files=r"person\.person\.csv",
    example="Person.Person.csv",
    columns={
        "BusinessEntityID": Column("Number of the person", personal="identifier"),
        "PersonType": "Type of person: IN, SC, GC, EM, VC or SP",
        "NameStyle": "1 when the family name comes first, else 0",
        "Title": Column("Courtesy title; null when unknown", personal="name"),
        "FirstName": Column("First name", personal="name"),
        "MiddleName": Column("Middle name or initial; null when there is none", personal="name"),
        "LastName": Column("Last name", personal="name"),
        "Suffix": Column("Suffix of the name; null when there is none", personal="name"),
        "EmailPromotion": "Consent to e-mail promotions: 0, 1 or 2",
        "AdditionalContactInfo": Column(
            "Additional contact data as XML; null when there is none",
            personal="contact",
            quotes_inside=True,
        ),
        "Demographics": Column(
            "Answers to a survey as XML", personal="demographics", quotes_inside=True
        ),
        "rowguid": ROWGUID,
        "ModifiedDate": MODIFIED,
    },
    dialect=DIALECT,
    snapshot=True,
)
PRODUCTS = Source(
    domain=SPEC.name,
    dataset="products",
    description="Products as the shop wrote them, one row per record.",
    files=r"production\.product\.csv",
    example="Production.Product.csv",
    columns={
        "ProductID": "Number of the product",
        "Name": "Name of the product",
        "ProductNumber": "Code of the product",
        "MakeFlag": "1 when the product is made in house, 0 when it is bought",
        "FinishedGoodsFlag": "1 when the product can be sold, else 0",
        "Color": "Color of the product; null when it has none",
        "SafetyStockLevel": "Minimum stock in pieces",
        "ReorderPoint": "Stock in pieces at which the product is reordered",
        "StandardCost": _usd("Cost of one piece"),
        "ListPrice": _usd("List price of one piece"),
        "Size": "Size; null when the product has none",
        "SizeUnitMeasureCode": "Unit of the size, with trailing blanks; null without a size",
        "WeightUnitMeasureCode": "Unit of the weight, with trailing blanks; null without a weight",
        "Weight": "Weight, with decimal point; null when unknown",
        "DaysToManufacture": "Number of days to manufacture the product",
        "ProductLine": "Product line: R, M, T or S, with trailing blanks; null when in none",
        "Class": "Class: H, M or L, with trailing blanks; null when it has none",
        "Style": "Style: W, M or U, with trailing blanks; null when it has none",
        "ProductSubcategoryID": "Number of the subcategory; null when it has none",
        "ProductModelID": "Number of the model; null when it has none",
        "SellStartDate": "First day of sale",
        "SellEndDate": "Last day of sale; null while the product is sold",
        "DiscontinuedDate": "Time when the product was discontinued; null until then",
        "rowguid": ROWGUID,
        "ModifiedDate": MODIFIED,
    },
    dialect=DIALECT,
    snapshot=True,
)
CUSTOMERS = Source(
    domain=SPEC.name,
    dataset="customers",
    description="Customers as the shop wrote them, one row per record.",
    files=r"sales\.customer\.csv",
    example="Sales.Customer.csv",
    columns={
        "CustomerID": "Number of the customer",
        "PersonID": "Number of the person; null when the customer is a store without a contact",
        "StoreID": "Number of the store; null when the customer is a person",
        "TerritoryID": "Number of the sales territory",
        "AccountNumber": "Account number of the customer",
        "rowguid": ROWGUID,
        "ModifiedDate": MODIFIED,
    },
    dialect=DIALECT,
    snapshot=True,
)
ORDER_HEADERS = Source(
    domain=SPEC.name,
    dataset="order_headers",
    description="Orders as the shop wrote them, one row per record.",
    files=r"sales\.salesorderheader\.csv",
    example="Sales.SalesOrderHeader.csv",
    columns={
        "SalesOrderID": "Number of the order",
        "RevisionNumber": "Number of the order's revision",
        "OrderDate": "Time when the order was placed",
        "DueDate": "Time when the order is due",
        "ShipDate": "Time when the order was shipped; null until then",
        "Status": "Status of the order, 1 to 6",
        "OnlineOrderFlag": "1 when the order was placed online, else 0",
        "SalesOrderNumber": "Number of the order as printed for the customer",
        "PurchaseOrderNumber": "Order number of the customer; null when there is none",
        "AccountNumber": "Account number of the customer",
        "CustomerID": "Number of the customer",
        "SalesPersonID": "Number of the salesperson; null for online orders",
        "TerritoryID": "Number of the sales territory",
        "BillToAddressID": "Number of the billing address",
        "ShipToAddressID": "Number of the delivery address",
        "ShipMethodID": "Number of the shipping method",
        "CreditCardID": "Number of the stored credit card; null without one",
        "CreditCardApprovalCode": "Approval code of the bank; null without a credit card",
        "CurrencyRateID": "Number of the exchange rate; null for orders in USD",
        "SubTotal": _usd("Sum of the order lines"),
        "TaxAmt": _usd("Tax"),
        "Freight": _usd("Freight"),
        "TotalDue": _usd("Total to be paid"),
        "Comment": "Comment in free text; null when there is none",
        "rowguid": ROWGUID,
        "ModifiedDate": MODIFIED,
    },
    dialect=DIALECT,
    business_day="OrderDate",
    per_file=True,
    key=("SalesOrderID",),
    affects={"order_details": ("SalesOrderID",)},
)
SPECIAL_OFFER_PRODUCTS = Source(
    domain=SPEC.name,
    dataset="special_offer_products",
    description="Products of special offers as the shop wrote them, one row per record.",
    files=r"sales\.specialofferproduct\.csv",
    example="Sales.SpecialOfferProduct.csv",
    columns={
        "SpecialOfferID": "Number of the special offer",
        "ProductID": "Number of the product",
        "rowguid": ROWGUID,
        "ModifiedDate": MODIFIED,
    },
    dialect=DIALECT,
    snapshot=True,
)
ORDER_DETAILS = Source(
    domain=SPEC.name,
    dataset="order_details",
    description="Order lines as the shop wrote them, one row per record.",
    files=r"sales\.salesorderdetail\.csv",
    example="Sales.SalesOrderDetail.csv",
    columns={
        "SalesOrderID": "Number of the order",
        "SalesOrderDetailID": "Number of the line, unique within its order",
        "CarrierTrackingNumber": "Tracking number of the carrier; null when there is none",
        "OrderQty": "Number of pieces",
        "ProductID": "Number of the product",
        "SpecialOfferID": "Number of the special offer",
        "UnitPrice": _usd("Price of one piece"),
        "UnitPriceDiscount": Column(
            "Discount as a share of the price, with decimal comma", decimal_comma=True
        ),
        "LineTotal": "Amount of the line in USD, with decimal point",
        "rowguid": ROWGUID,
        "ModifiedDate": MODIFIED,
    },
    dialect=DIALECT,
    business_day="ModifiedDate",
    per_file=True,
    key=("SalesOrderID", "SalesOrderDetailID"),
)

"""Small files in the shop's dialect, and the path of the sample."""

from pathlib import Path

from lakehouse.domains.bikes import sources
from lakehouse.platform.tables.source import declared_in

SAMPLE = Path(__file__).parents[3].parent / "shared" / "data" / "bikes"
NO_SAMPLE = "the sample is not ours to ship; none at ../shared/data/bikes"

NAMES = {
    "persons": "Person.Person.csv",
    "products": "Production.Product.csv",
    "customers": "Sales.Customer.csv",
    "order_headers": "Sales.SalesOrderHeader.csv",
    "special_offer_products": "Sales.SpecialOfferProduct.csv",
    "order_details": "Sales.SalesOrderDetail.csv",
}
COLUMNS = {source.dataset: source.format.columns for source in declared_in(sources)}
VALID = {
    "persons": '1;IN;0;NULL;Ken;J;Sánchez;NULL;0;NULL;<a b="c"/>;92C4-F;2009-01-07 00:00:00.000',
    "products": (
        "680;HL Road Frame - Black, 58;FR-R92B-58;1;1;Black;500;375;1059,31;1431,50;58;"
        '"CM ";"LB ";2.24;1;"R ";"H ";"U ";14;6;2008-04-30 00:00:00.000;NULL;NULL;43DD-A;'
        "2014-02-08 10:01:36.827"
    ),
    "customers": "11000;1;NULL;9;AW00011000;477586B3;2014-09-12 11:15:07.263",
    "order_headers": (
        "43659;8;2011-09-30 23:59:59.997;2011-10-12 00:00:00.000;NULL;5;1;SO43659;NULL;10-4030;"
        "11000;NULL;9;1;1;1;NULL;NULL;NULL;2000,0000;160,5;50;2210,5;NULL;79B6;"
        "2011-10-07 00:00:00.000"
    ),
    "special_offer_products": "1;680;BB30B868;2011-04-01 00:00:00.000",
    "order_details": ("43659;1;NULL;2;680;1;1000,00;0,00;2000.000000;B207;2011-09-30 23:59:59.997"),
}
DAY = "2014-10-01"


def row(dataset: str, **values: object) -> str:
    """A valid line with changed values; a keyword is the column name without its underscores."""
    columns = COLUMNS[dataset]
    fields = dict(zip(columns, VALID[dataset].split(";"), strict=True))
    assert set(values) <= set(columns), set(values) - set(columns)
    return ";".join(str({**fields, **values}[column]) for column in columns)


def file(dataset: str, *rows: str) -> bytes:
    """A file with byte order mark and CR LF."""
    lines = [";".join(COLUMNS[dataset]), *rows, ""]
    return "\r\n".join(lines).encode("utf-8-sig")


def path(dataset: str, day: str = DAY) -> str:
    """Path of a dataset's file below the domain's folder."""
    return f"{day}/{NAMES[dataset]}"

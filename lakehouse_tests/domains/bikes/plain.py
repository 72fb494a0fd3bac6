"""The answers in plain DuckDB SQL over the CSV files, without code of the platform."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

TABLES = {
    "person": "Person.Person.csv",
    "product": "Production.Product.csv",
    "customer": "Sales.Customer.csv",
    "header": "Sales.SalesOrderHeader.csv",
    "offer": "Sales.SpecialOfferProduct.csv",
    "detail": "Sales.SalesOrderDetail.csv",
}
NAME = """
    array_to_string(list_filter([p.FirstName, p.MiddleName, p.LastName], x -> x IS NOT NULL), ' ')
"""
SOLD = """
    select p.ProductID::int id, any_value(p.Name) as called,
           any_value(p.DaysToManufacture)::int as days, sum(d.OrderQty::int)::int as qty
    from detail d, offer o, product p
    where d.ProductID = o.ProductID and d.SpecialOfferID = o.SpecialOfferID
      and o.ProductID = p.ProductID
    group by p.ProductID
"""
PAID = "replace(TotalDue, ',', '.')::decimal(19,4)"
ANSWERS = {
    "q1_orders_with_three_lines": """
        select count(*) from (select 1 from detail group by SalesOrderID having count(*) >= 3)
    """,
    "q1_orders_with_three_lines_list": """
        select SalesOrderID::int, count(*) n from detail group by 1 having n >= 3 order by 1
    """,
    "q2_top_products": f"""
        select row_number() over (order by qty desc, id), id, called, days, qty
        from ({SOLD}) order by 1 limit 3
    """,
    "q2_top_products_by_days_to_manufacture": f"""
        select days, row_number() over (partition by days order by qty desc, id) n, id, called, qty
        from ({SOLD}) qualify n <= 3 order by 1, 2
    """,
    "q3_customer_orders": f"""
        select p.BusinessEntityID::int person, c.CustomerID::int as buyer,
               any_value({NAME}), count(*) n
        from person p, customer c, header h
        where p.BusinessEntityID = c.PersonID and c.CustomerID = h.CustomerID
        group by 1, 2 order by n desc, 1, 2
    """,
    "q3_customer_orders_by_name": f"""
        select {NAME} as called, count(*) n, count(distinct c.CustomerID)
        from person p, customer c, header h
        where p.BusinessEntityID = c.PersonID and c.CustomerID = h.CustomerID
        group by 1 order by n desc, 1
    """,
    "q4_product_day_quantity": """
        select d.ProductID::int id, p.Name, h.OrderDate::timestamp as at, sum(d.OrderQty::int) qty
        from header h, detail d, product p
        where h.SalesOrderID = d.SalesOrderID and d.ProductID = p.ProductID
        group by 1, 2, 3 order by qty desc, 1, 3
    """,
    "q4_product_name_day_quantity": """
        select p.Name, h.OrderDate[:10]::date as at, sum(d.OrderQty::int) qty
        from header h, detail d, product p
        where h.SalesOrderID = d.SalesOrderID and d.ProductID = p.ProductID
        group by 1, 2 order by qty desc, 1, 2
    """,
    "q5_september_2011_orders": f"""
        select SalesOrderID::int, OrderDate::timestamp, {PAID} as due from header
        where OrderDate like '2011-09-%' and due > 1000 order by due desc, 1
    """,
    "q5_september_2011_orders_by_total_due": f"""
        select {PAID} as due, count(*) from header
        where OrderDate like '2011-09-%' and due > 1000 group by 1 order by 1 desc
    """,
    "order_day": f"""
        select OrderDate[:10]::date, count(*), count_if(OnlineOrderFlag = '1'), sum({PAID})
        from header group by 1 order by 1
    """,
}
"""SQL by the name of the table or view in the lake."""


MONEY = {
    *("StandardCost", "ListPrice", "SubTotal", "TaxAmt", "Freight", "TotalDue"),
    *("UnitPrice", "UnitPriceDiscount"),
}
PAIRS = ("Sales.SpecialOfferProduct.csv", "Sales.SalesOrderDetail.csv")


def prepared(name: str, data: bytes) -> bytes:
    """A file of the shop, prepared as in section 2.2 of the specification, ordered by its key."""
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";")
    header, *rows = reader
    made = [
        [
            "" if value == "NULL" else value.replace(",", ".") if column in MONEY else value.strip()
            for column, value in zip(header, row, strict=True)
        ]
        for row in rows
    ]
    key = 2 if name in PAIRS else 1
    made.sort(key=lambda row: [int(value) for value in row[:key]])
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\n").writerows([header, *made])
    return text.getvalue().encode()


class Plain:
    """The files of one folder as tables of text."""

    def __init__(self, folder: Path) -> None:
        self.connection = duckdb.connect()
        for name, file in TABLES.items():
            text = (folder / file).read_bytes().decode("utf-8-sig")
            header, *lines = text.split("\r\n")[:-1]
            columns = header.split(";")
            rows = [
                [None if v == "NULL" else re.sub(r'^"(.*?) *"$', r"\1", v) for v in line.split(";")]
                for line in lines
            ]
            assert {len(row) for row in rows} == {len(columns)}
            taken = {c: [row[n] for row in rows] for n, c in enumerate(columns)}
            self.connection.register(
                name, pa.table(taken, schema=pa.schema([(c, pa.string()) for c in columns]))
            )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of an answer, in its order."""
        return self.connection.execute(sql).fetchall()

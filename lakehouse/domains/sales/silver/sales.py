"""Valid sales, one row per number of the legacy table."""

import datetime as dt
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.sources import COLUMNS, SALES
from lakehouse.platform.tables import identifiers
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import (
    absent,
    explained,
    found,
    parse_date,
    parse_decimal,
    parse_int,
    provenance_of,
    rejected,
)
from lakehouse.platform.tables.text import trimmed

INT = {"min_value": 1, "max_value": rules.LARGEST_INT}


class Sales(TableModel, key=("id",)):
    """The newest version of one sale."""

    day: dt.date = pa.Field(description="Date of the sale, equal to sale_date")
    id: int = pa.Field(in_range=INT, description="Number of the sale in the legacy table")
    sale_date: dt.date = pa.Field(description="Date of the sale")
    product_id: int = pa.Field(
        in_range=INT, metadata={"reason": "bad_id"}, description="Number of the product"
    )
    customer_id: int = pa.Field(
        in_range=INT,
        metadata={"personal": "identifier", "reason": "bad_id"},
        description="Number of the customer",
    )
    quantity: int = pa.Field(in_range=INT, description="Number of pieces sold")
    unit_price: Decimal(10, 2) = pa.Field(
        gt=0, metadata={"reason": "bad_amount"}, description="Price of one piece in BRL"
    )
    total_value: Decimal(10, 2) = pa.Field(
        gt=0, metadata={"reason": "bad_amount"}, description="quantity × unit_price in BRL"
    )
    seller_id: int = pa.Field(
        in_range=INT, metadata={"reason": "bad_id"}, description="Number of the seller"
    )
    region: str = pa.Field(
        isin=rules.REGIONS, description="Region of the sale: Centro, Leste, Norte, Oeste or Sul"
    )
    deleted: bool = pa.Field(
        description=(
            "True when the source deleted the sale; the row stays so that older"
            " versions stay superseded"
        )
    )


@silver(contract=Sales, reads=[SALES.bronze])
def sales(rows: ir.Table) -> ir.Table:
    """Valid sales; the newest delivery of a sale wins, whatever day the older rows had.

    A delete is a version like any other: its row stays, with `deleted`.
    """
    read = rows.mutate(
        sale_id=rules.sale_number(rows.id),
        sold_on=parse_date(rows.sale_date),
        product=parse_int(rows["product_id"]),
        customer=parse_int(rows.customer_id),
        units=parse_int(rows.quantity),
        price=parse_decimal(rows.unit_price, 10, 2),
        total=parse_decimal(rows.total_value, 10, 2),
        seller=parse_int(rows.seller_id),
        known_region=rules.region(rows.region),
        change=rules.operation(rows.operation),
    )
    exact = read.units * read.price
    is_wrong = (read.total != exact).fill_null(False)
    numbers = {
        "id": read.sale_id,
        "product_id": read["product"],
        "customer_id": read.customer,
        "seller_id": read.seller,
    }
    damaged = {name: identifiers.is_damaged(read[name]) for name in numbers}
    bad_ids = {
        name: rules.is_invalid(read[name], rules.is_number(number)) & ~damaged[name]
        for name, number in numbers.items()
    }
    bad_date = rules.is_invalid(read.sale_date, read.sold_on == read["_business_day"])
    bad_quantity = rules.is_invalid(read.quantity, rules.is_number(read.units))
    bad_price = rules.is_invalid(read.unit_price, read.price > 0)
    bad_value = rules.is_invalid(read.total_value, read.total > 0)
    bad_region = rules.is_invalid(read.region, read.known_region.notnull())
    return read.select(
        **provenance_of(read, day=read.day),
        _reasons=rejected(
            missing_required=reduce(or_, (trimmed(read[name]).isnull() for name in COLUMNS)),
            damaged_id=reduce(or_, damaged.values()),
            bad_id=reduce(or_, bad_ids.values()),
            bad_date=bad_date,
            bad_quantity=bad_quantity,
            bad_amount=bad_price | bad_value,
            bad_total=is_wrong,
            bad_region=bad_region,
            bad_operation=read.change.isnull(),
        ),
        _detail=explained(
            *absent(read, *(name for name in COLUMNS if name != "operation")),
            *((damaged[name], found(name, read[name]), identifiers.EXPECTED) for name in damaged),
            (bad_ids["id"], found("id", read.id), rules.SALE_NUMBER),
            *((bad_ids[n], found(n, read[n]), rules.NUMBER) for n in bad_ids if n != "id"),
            (bad_date, found("sale_date", read.sale_date), rules.SALE_DATE),
            (bad_quantity, found("quantity", read.quantity), rules.NUMBER),
            (bad_price, found("unit_price", read.unit_price), rules.AMOUNT),
            (bad_value, found("total_value", read.total_value), rules.AMOUNT),
            (bad_region, found("region", read.region), ", ".join(rules.REGIONS)),
            (
                read.change.isnull(),
                found("operation", read.operation),
                ", ".join(rules.OPERATIONS),
            ),
        ).coalesce(
            is_wrong.ifelse(
                read.total_value + " is not " + read.quantity + " x " + read.unit_price,
                ibis.null("string"),
            )
        ),
        day=read["_business_day"].fill_null(read.day),
        id=read.sale_id,
        sale_date=read.sold_on,
        product_id=read["product"],
        customer_id=read.customer,
        quantity=read.units,
        unit_price=read.price,
        total_value=read.total,
        seller_id=read.seller,
        region=read.known_region,
        deleted=read.change == "delete",
    )

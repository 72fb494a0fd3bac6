"""Item lines as the previous system computed them."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.fact_order_items import fact_order_items as items_fact
from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders as orders_fact
from lakehouse.domains.mrhealth.silver.ambiguous_items import ambiguous_items as unattached_items
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import newest_by
from lakehouse.platform.tables.table import TableOptions

ITEM = ("order_id", "item_id", "product_id", "quantity", "unit_price", "note")


class OriginalItemLines(TableModel):
    uid: str = pa.Field(
        description="Id_Pedido-Id_Item_Pedido-Data_Pedido; not unique, because it lacks the unit"
    )
    forma_de_venda: str = pa.Field(
        alias="Forma de venda",
        nullable=True,
        description="Loja Online or Loja Física; null when unknown",
    )
    data: dt.date = pa.Field(alias="Data", description="Date of the order")
    valor_do_pedido: Decimal(14, 2) = pa.Field(
        alias="Valor do pedido", description="Value of the order in BRL, repeated on each line"
    )
    endereco: str = pa.Field(
        alias="Endereço de entraega",
        metadata={"personal": "address"},
        description="Delivery address, -- when there is none; the heading keeps its typing error",
    )
    taxa_de_entrega: Decimal(14, 2) = pa.Field(
        alias="Taxa de entrega", description="Delivery fee in BRL, repeated on each line"
    )
    status: str = pa.Field(alias="Status", description="Finalizado, Pendente or Cancelado")
    quantidade_do_item: int = pa.Field(alias="Quantidade do item", description="Number of pieces")
    valor_do_item: Decimal(14, 2) = pa.Field(
        alias="Valor do item", description="Price of one piece in BRL"
    )
    observacao: str = pa.Field(
        alias="Observacao",
        nullable=True,
        metadata={"personal": "note"},
        description="Wish of the guest in free text; null when there is none",
    )
    ano: int = pa.Field(alias="Ano", description="Year of the order")
    mes: int = pa.Field(alias="Mês", description="Month of the order, 1 to 12")
    produto: str = pa.Field(
        alias="Produto", description="Name of the product in Portuguese, the newest known"
    )
    filial: str = pa.Field(alias="Filial", description="Name of the unit, the newest known")
    estado: str = pa.Field(
        alias="Estado", nullable=True, description="Name of the unit's state; null when unknown"
    )
    pais: str = pa.Field(
        alias="País", nullable=True, description="Name of the unit's country; null when unknown"
    )


@gold_as_of(
    contract=OriginalItemLines,
    reads=[items_fact, unattached_items, orders_fact, products_by_day, units_by_day],
    options=TableOptions(on_request=True),
)
def original_item_lines(
    items: ir.Table, unattached: ir.Table, orders: ir.Table, products: ir.Table, units: ir.Table
) -> ir.Table:
    """Item lines as the previous system computed them, with its errors: never sum them as sales.

    Items are joined to orders by Id_Pedido alone, across units and days, so an item appears with
    every order of the same number. Orders of every status are included, and the value and the fee
    of an order repeat on each of its lines. Items that the platform rejects as `ambiguous_parent`
    are included, as in the previous system. The number of lines grows with the square of the
    repetitions of a number: filter on Data. For correct figures use `fact_orders` and
    `agg_daily_sales`, for item lines `fact_order_items` and `agg_product_performance`.
    """
    lines = ibis.union(items.select(*ITEM), unattached.select(*ITEM), distinct=False)
    sold = lines.join(
        orders.drop("quantity"), "order_id"
    )  # many to many, as in the previous system
    product = newest_by(products, "product_id", at="day").select("product_id", "product_name")
    unit = newest_by(units, "unit_id", at="day").drop("day")
    named = sold.join(product, "product_id")  # many lines to one product
    made = named.join(unit, "unit_id")  # many lines to one unit
    written = made.day.cast("string")
    return made.select(
        uid=made.order_id + "-" + made.item_id + "-" + written,
        **{
            "Forma de venda": made.order_type.cases(
                ("ONLINE", "Loja Online"), ("PHYSICAL", "Loja Física")
            ),
            "Data": made.day,
            "Valor do pedido": made.order_value,
            "Endereço de entraega": made.delivery_address.fill_null(rules.NO_ADDRESS),
            "Taxa de entrega": made.delivery_fee,
            "Status": made.status,
            "Quantidade do item": made.quantity,
            "Valor do item": made.unit_price,
            "Observacao": made.note,
            "Ano": made.day.year(),
            "Mês": made.day.month(),
            "Produto": made.product_name,
            "Filial": made.unit_name,
            "Estado": made.state_name,
            "País": made.country_name,
        },
    )

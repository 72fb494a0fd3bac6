"""Order items as the units wrote them, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import ORDER_ITEMS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class OrderItems(Landed):
    """Items of orders as the units wrote them, one row per record of an ITEM_PEDIDO file."""

    Id_Pedido: str = pa.Field(nullable=True, description="Order number within the delivery")
    Id_Item_Pedido: str = pa.Field(nullable=True, description="Item number within the order")
    Id_Produto: str = pa.Field(nullable=True, description="Product sold")
    Qtd: str = pa.Field(nullable=True, description="Quantity")
    Vlr_Item: str = pa.Field(nullable=True, description="Price of one unit of the product in R$")
    Observacao: str = pa.Field(nullable=True, description="What the guest asked for")


order_items = landed(module=__name__, source=ORDER_ITEMS, contract=OrderItems)

"""Orders as the units wrote them, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import ORDERS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Orders(Landed):
    """Orders as the units wrote them, one row per record of a landed PEDIDO file."""

    Id_Unidade: str = pa.Field(nullable=True, description="Unit that took the order")
    Id_Pedido: str = pa.Field(nullable=True, description="Order number, repeats between units")
    Tipo_Pedido: str = pa.Field(nullable=True, description="Loja Online or Loja Física")
    Data_Pedido: str = pa.Field(nullable=True, description="Day of the order")
    Vlr_Pedido: str = pa.Field(nullable=True, description="Value of the order in R$, fee included")
    Endereco_Entrega: str = pa.Field(nullable=True, description="Delivery address, -- for none")
    Taxa_Entrega: str = pa.Field(nullable=True, description="Delivery fee in R$")
    Status: str = pa.Field(nullable=True, description="Finalizado, Pendente or Cancelado")


orders = landed(module=__name__, source=ORDERS, contract=Orders)

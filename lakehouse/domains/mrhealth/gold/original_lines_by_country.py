"""The original's sales by country."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.original_item_lines import original_item_lines as item_lines
from lakehouse.platform.tables.declare import view


class OriginalLinesByCountry(pa.DataFrameModel):
    pais: str = pa.Field(alias="País", nullable=True, description="Country")
    vendas: int = pa.Field(alias="Vendas", description="Item lines, not orders")
    receita: Decimal(18, 2) = pa.Field(
        alias="Receita (R$)", description="Σ Valor do pedido, once per item line"
    )

    class Config:
        """One row per key."""

        strict = True
        unique = ["País"]


@view(contract=OriginalLinesByCountry, reads=[item_lines])
def original_lines_by_country(lines: ir.Table) -> ir.Table:
    """The original's sales by country; neither "Vendas" nor "Receita" means what it says.

    "Vendas" counts item lines, "Receita" adds an order's value once per item line, over orders of
    every status, joined on Id_Pedido alone. Use `sales_by_country`.
    """
    return (
        lines.group_by("País")
        .agg(
            **{
                "Vendas": lines.count(),
                "Receita (R$)": lines["Valor do pedido"].sum().cast("decimal(18, 2)"),
            }
        )
        .order_by(ibis.desc("Receita (R$)"), "País")
    )

"""The original's sales by product."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.original_item_lines import original_item_lines as item_lines
from lakehouse.platform.tables.declare import view


class OriginalLinesByProduct(pa.DataFrameModel):
    produto: str = pa.Field(alias="Produto", description="Product name")
    total_vendido: int = pa.Field(alias="Total vendido", description="Σ Quantidade do item")
    receita: Decimal(18, 2) = pa.Field(
        alias="Receita (R$)", description="Σ Valor do item: prices of one piece, not × quantity"
    )

    class Config:
        """One row per key."""

        strict = True
        unique = ["Produto"]


@view(contract=OriginalLinesByProduct, reads=[item_lines])
def original_lines_by_product(lines: ir.Table) -> ir.Table:
    """The original's sales by product; its "Receita" is no revenue.

    It adds up prices of one piece whatever the quantity, over orders of every status, and counts an
    item once for every order that shares its Id_Pedido. Use `agg_product_performance`.
    """
    return (
        lines.group_by("Produto")
        .agg(
            **{
                "Total vendido": lines["Quantidade do item"].sum(),
                "Receita (R$)": lines["Valor do item"].sum().cast("decimal(18, 2)"),
            }
        )
        .order_by(ibis.desc("Total vendido"), "Produto")
    )

"""Sales by product as the previous system computed them."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.original_item_lines import original_item_lines as item_lines
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import TableOptions


class OriginalLinesByProduct(TableModel, key=("Produto",)):
    produto: str = pa.Field(alias="Produto", description="Name of the product in Portuguese")
    total_vendido: int = pa.Field(alias="Total vendido", description="Sum of Quantidade do item")
    receita: Decimal(18, 2) = pa.Field(
        alias="Receita (R$)",
        description=(
            "Sum of Valor do item in BRL: prices of one piece, not multiplied by the quantity"
        ),
    )


@gold_as_of(
    contract=OriginalLinesByProduct, reads=[item_lines], options=TableOptions(on_request=True)
)
def original_lines_by_product(lines: ir.Table) -> ir.Table:
    """Sales by product as the previous system computed them; use `agg_product_performance` instead.

    "Receita" adds prices of one piece whatever the quantity, over orders of every status, and
    counts an item once for every order with the same Id_Pedido.
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

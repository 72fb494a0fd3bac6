"""Sales by year and unit as the previous system computed them."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.original_item_lines import original_item_lines as item_lines
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import TableOptions


class OriginalLinesByYear(TableModel, key=("Ano", "Filial", "País")):
    ano: int = pa.Field(alias="Ano", description="Year of the orders")
    filial: str = pa.Field(alias="Filial", description="Name of the unit")
    pais: str = pa.Field(
        alias="País", nullable=True, description="Name of the unit's country; null when unknown"
    )
    vendas: int = pa.Field(alias="Vendas", description="Number of item lines, not of orders")
    receita: Decimal(18, 2) = pa.Field(
        alias="Receita (R$)",
        description="Sum of Valor do pedido in BRL, counted once per item line",
    )


@gold_as_of(
    contract=OriginalLinesByYear,
    reads=[item_lines],
    options=TableOptions(on_request=True),
)
def original_lines_by_year(lines: ir.Table) -> ir.Table:
    """Sales by year and unit as the previous system computed them; use `sales_by_year` instead.

    "Vendas" counts item lines, not orders. "Receita" adds the value of an order once per item line,
    over orders of every status, joined by Id_Pedido alone.
    """
    return (
        lines.group_by("Ano", "Filial", "País")
        .agg(
            **{
                "Vendas": lines.count(),
                "Receita (R$)": lines["Valor do pedido"].sum().cast("decimal(18, 2)"),
            }
        )
        .order_by(ibis.desc("Ano"), ibis.desc("Receita (R$)"), "Filial")
    )

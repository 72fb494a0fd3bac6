"""Purchases: what each unit should order of each product, with every term of the arithmetic."""

from collections.abc import Mapping
from dataclasses import replace

from lakehouse.dashboard.declare import (
    Chart,
    Column,
    FilterName,
    Page,
    Query,
    Series,
    Table,
    Totals,
)
from lakehouse.dashboard.words import Words

COLUMNS: Mapping[FilterName, str] = {"unidade": "unit_id", "produto": "product_id"}
TABLE = "gold.mrhealth_purchase_recommendation"
STOCK = {"sim": Words("contado", "counted"), "não": Words("desconhecido", "unknown")}
SUMS = Query(
    sql=f"""
SELECT sum(order_value) AS valor, sum(order_pieces) AS pecas,
  count(*) FILTER (order_pieces > 0) AS linhas, count(DISTINCT unit_id) AS unidades,
  count(*) FILTER (NOT stock_known) AS sem_estoque, count(*) AS produtos,
  sum(lost_sales_value) AS falta, sum(waste_value) AS perda
FROM {TABLE} WHERE {{scope}}
""",  # noqa: S608  declared
    columns=COLUMNS,
)
BY_UNIT = Query(
    sql=f"""
SELECT unit_name AS label, sum(order_value) AS valor FROM {TABLE} WHERE {{scope}}
GROUP BY unit_id, unit_name ORDER BY valor DESC NULLS LAST, unit_id LIMIT 12
""",  # noqa: S608  declared
    columns=COLUMNS,
)
BY_CLASS = Query(
    sql=f"""
SELECT abc_class AS label, sum(order_value) AS valor FROM {TABLE} WHERE {{scope}}
GROUP BY abc_class ORDER BY label
""",  # noqa: S608  declared
    columns=COLUMNS,
)
UNITS = Query(
    sql=f"""
SELECT unit_id, unit_name, count(*) FILTER (order_pieces > 0) AS linhas,
  sum(order_pieces) AS pecas, sum(order_value) AS valor, sum(lost_sales_value) AS falta,
  sum(waste_value) AS perda, count(*) FILTER (NOT stock_known) AS sem_estoque
FROM {TABLE} WHERE {{scope}} GROUP BY unit_id, unit_name ORDER BY valor DESC NULLS LAST, unit_id
""",  # noqa: S608  declared
    columns=COLUMNS,
)
ORDERS = Query(
    sql=f"""
SELECT unit_id, unit_name, product_id, product_name, order_pieces, order_lots, lot, order_value,
  on_hand, on_order, CASE WHEN stock_known THEN 'sim' ELSE 'não' END AS stock, days_of_cover,
  explanation
FROM {TABLE} WHERE {{scope}} AND order_pieces > 0
ORDER BY order_value DESC NULLS LAST, unit_id, product_id
""",  # noqa: S608  declared
    columns=COLUMNS,
)
TERMS = Query(
    sql=f"""
SELECT unit_id, unit_name, product_id, product_name, abc_class || xyz_class AS class, service_rate,
  daily_demand, covered_days, demand, demand_deviation, safety_factor, safety_stock, reorder_point,
  lot_allowance, target, shelf_limit, on_hand, on_order, order_pieces, lead_days, shelf_days,
  expected_lost, expected_expired
FROM {TABLE} WHERE {{scope}} ORDER BY unit_name, unit_id, product_name, product_id
""",  # noqa: S608  declared
    columns=COLUMNS,
)
UNIT = Column(
    name="unit_name",
    label=Words("Unidade", "Unit"),
    link="/compras?unidade={unit_id}",
    width=190,
    wraps=True,
)
PRODUCT = Column(
    name="product_name",
    label=Words("Produto", "Product"),
    link="/compras?produto={product_id}",
    width=200,
    wraps=True,
)
VALUE = Column(name="valor", label=Words("Valor", "Value"), kind="brl")
LOST = Column(name="falta", label=Words("Falta esperada", "Expected shortage"), kind="brl")
WASTE = Column(name="perda", label=Words("Vencimento", "Expired"), kind="brl")
PIECES = Column(name="order_pieces", label=Words("Pedir", "Order"), kind="count", width=90)
ON_HAND = Column(name="on_hand", label=Words("Em estoque", "In stock"), kind="count")
ON_ORDER = Column(name="on_order", label=Words("A caminho", "On order"), kind="count")


def _term(name: str, pt: str, en: str) -> Column:
    return Column(name=name, label=Words(pt, en), kind="decimal", width=100)


PAGE = Page(
    name="compras",
    title=Words("Compras", "Purchases"),
    lead=Words(
        "O que cada unidade deve pedir, e a conta de cada linha.",
        "What each unit should order, and the arithmetic of each line.",
    ),
    filters=("unidade", "produto"),
    views=(
        Totals(
            id="resumo",
            title=Words("Resumo", "Summary"),
            query=SUMS,
            columns=(
                Column(
                    name="valor",
                    label=Words("Valor a pedir", "Value to order"),
                    kind="brl",
                    below=Column(
                        name="unidades", label=Words("{} unidades", "{} units"), kind="count"
                    ),
                ),
                Column(
                    name="pecas",
                    label=Words("Peças a pedir", "Pieces to order"),
                    kind="count",
                    below=Column(name="linhas", label=Words("{} linhas", "{} lines"), kind="count"),
                ),
                Column(
                    name="falta",
                    label=Words("Falta esperada", "Expected shortage"),
                    kind="brl",
                ),
                Column(
                    name="perda",
                    label=Words("Vencimento esperado", "Expected waste"),
                    kind="brl",
                ),
                Column(
                    name="sem_estoque",
                    label=Words("Estoque desconhecido", "Stock unknown"),
                    kind="count",
                    below=Column(
                        name="produtos",
                        label=Words("de {} produtos", "of {} products"),
                        kind="count",
                    ),
                ),
            ),
        ),
        Table(
            id="pedidos",
            title=Words("Lista de compras", "Purchase list"),
            note=Words(
                "sem contagem, o estoque vale zero: desconte o que a unidade tem",
                "without a count the stock is zero: take off what the unit has",
            ),
            query=ORDERS,
            empty=Words("Nada a pedir.", "Nothing to order."),
            columns=(
                UNIT,
                PRODUCT,
                PIECES,
                Column(name="order_value", label=Words("Valor", "Value"), kind="brl"),
                Column(
                    name="explanation", label=Words("A conta", "Arithmetic"), width=420, wraps=True
                ),
                ON_HAND,
                Column(
                    name="stock",
                    label=Words("Estoque", "Stock"),
                    texts=STOCK,
                    badges={"sim": "green", "não": "orange"},
                    width=120,
                    hidden=True,
                ),
                replace(ON_ORDER, hidden=True),
                replace(_term("days_of_cover", "Dias de cobertura", "Days of cover"), hidden=True),
                Column(name="order_lots", label=Words("Lotes", "Lots"), hidden=True),
                Column(name="lot", label=Words("Lote", "Lot"), hidden=True),
            ),
        ),
        Chart(
            id="por-unidade",
            title=Words("Valor por unidade", "Value by unit"),
            span=6,
            form="ranking",
            query=BY_UNIT,
            series=(Series(name="valor", label=Words("Valor", "Value")),),
        ),
        Chart(
            id="por-classe",
            title=Words("Valor por classe ABC", "Value by ABC class"),
            note=Words("A: os primeiros 80 % da receita", "A: the first 80 % of revenue"),
            span=6,
            form="donut",
            query=BY_CLASS,
            series=(Series(name="valor", label=Words("Valor", "Value")),),
        ),
        Table(
            id="unidades",
            title=Words("Por unidade", "By unit"),
            query=UNITS,
            columns=(
                UNIT,
                Column(name="linhas", label=Words("Linhas", "Lines"), kind="count"),
                Column(name="pecas", label=Words("Peças", "Pieces"), kind="count"),
                VALUE,
                LOST,
                WASTE,
                Column(
                    name="sem_estoque", label=Words("Sem contagem", "Not counted"), kind="count"
                ),
            ),
        ),
        Table(
            id="termos",
            title=Words("Todos os termos da conta", "Every term of the arithmetic"),
            note=Words(
                "alvo = demanda + segurança + lote; pedir = (alvo − estoque − a caminho) em lotes",
                "target = demand + safety + lot; order = (target − stock − on order) in lots",
            ),
            query=TERMS,
            columns=(
                UNIT,
                PRODUCT,
                Column(name="class", label=Words("Classe", "Class"), width=80),
                Column(
                    name="service_rate", label=Words("Nível de serviço", "Service"), kind="percent"
                ),
                _term("daily_demand", "Demanda por dia", "Demand a day"),
                _term("covered_days", "Dias cobertos", "Days covered"),
                _term("demand", "Demanda", "Demand"),
                _term("demand_deviation", "Desvio", "Deviation"),
                _term("safety_factor", "Fator", "Factor"),
                _term("safety_stock", "Segurança", "Safety"),
                _term("reorder_point", "Ponto de pedido", "Reorder point"),
                _term("lot_allowance", "Folga do lote", "Lot allowance"),
                _term("target", "Alvo", "Target"),
                _term("shelf_limit", "Limite da validade", "Shelf limit"),
                ON_HAND,
                ON_ORDER,
                PIECES,
                _term("lead_days", "Dias de entrega", "Lead days"),
                Column(name="shelf_days", label=Words("Validade", "Shelf days"), kind="count"),
                _term("expected_lost", "Falta esperada", "Expected lost"),
                _term("expected_expired", "Vencimento esperado", "Expected expired"),
            ),
        ),
    ),
)

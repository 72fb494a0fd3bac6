"""Orders: search, and one order with its items, its source lines and its versions.

Addresses and notes of guests are personal and are never read. The source file and line of an order
are in bronze only; of bronze, nothing but file, line, version and delivery are read.
"""

from lakehouse.dashboard.declare import Column, Page, Query, Table, Totals
from lakehouse.dashboard.pages.executivo import CHANNELS
from lakehouse.dashboard.pages.mrhealth import ORDERS_COLUMNS, ORDERS_FROM
from lakehouse.dashboard.words import Words

STATUS_BADGES = {"Finalizado": "green", "Pendente": "orange", "Cancelado": "red"}
STATUSES = {
    "Finalizado": Words("Finalizado", "Finished"),
    "Pendente": Words("Pendente", "Pending"),
    "Cancelado": Words("Cancelado", "Cancelled"),
}
ONE_ORDER = "/pedido?de={day}&ate={day}&unidade={unit_id}&busca={order_id}"
ORDER_COLUMNS = (
    Column(name="order_id", label=Words("Pedido", "Order"), link=ONE_ORDER),
    Column(name="day", label=Words("Dia", "Day"), kind="day"),
    Column(name="unit_name", label=Words("Unidade", "Unit"), width=220),
    Column(name="order_type", label=Words("Canal", "Channel"), texts=CHANNELS),
    Column(name="status", label=Words("Status", "Status"), texts=STATUSES, badges=STATUS_BADGES),
    Column(name="items", label=Words("Itens", "Items"), kind="count"),
    Column(name="order_value", label=Words("Valor", "Value"), kind="brl"),
    Column(name="delivery_fee", label=Words("Taxa", "Fee"), kind="brl"),
    Column(name="reconciliation_difference", label=Words("Diferença", "Difference"), kind="brl"),
)
FOUND = Query(
    sql=f"""
SELECT day, unit_id, unit_name, order_id, order_type, status, "items", order_value, delivery_fee,
  reconciliation_difference
FROM {ORDERS_FROM}
WHERE {{where}} AND ({{search}} = '' OR contains(lower(order_id), lower({{search}})))
ORDER BY day DESC, unit_id, order_value DESC, order_id
""",  # noqa: S608  declared
    columns=ORDERS_COLUMNS,
)
ONE = Query(
    sql=f"""
SELECT day, unit_name, order_type, status, order_value, delivery_fee, items_subtotal, line_total,
  reconciliation_difference
FROM {ORDERS_FROM}
WHERE {{where}} AND order_id = {{search}}
""",  # noqa: S608  declared
    columns=ORDERS_COLUMNS,
)
ITEMS = Query(
    sql="""
SELECT item_id, product_id, product_name, quantity, unit_price, line_total
FROM gold.mrhealth_fact_order_items
LEFT JOIN (SELECT day, product_id, product_name FROM gold.mrhealth_product_day)
USING (day, product_id)
WHERE {where} AND order_id = {search}
ORDER BY try_cast(item_id AS BIGINT), item_id
""",
    columns={"periodo": "day", "unidade": "unit_id"},
)
VERSIONS = Query(
    sql="""
SELECT o._file AS file, o._line AS line, d.version, d.status, d.landed_at,
  CASE WHEN o._superseded THEN 'superseded' ELSE 'current' END AS row_status
FROM (
  SELECT _file, _line, _digest, _superseded FROM bronze.mrhealth_orders
  WHERE day BETWEEN {from} - 1 AND {to} + 31 AND _business_day BETWEEN {from} AND {to}
    AND trim("Id_Pedido") = {search} AND {scope}
) o
LEFT JOIN (
  SELECT file, digest, max(version) AS version, any_value(status) AS status,
    max(landed_at) AS landed_at
  FROM ops.deliveries WHERE domain = 'mrhealth' AND "table" = 'orders' GROUP BY ALL
) d ON d.file = o._file AND d.digest = o._digest
ORDER BY landed_at, version, file, line
""",
    columns={"unidade": "_unit"},
)
ROW_STATUS = {
    "current": Words("vigente", "current"),
    "superseded": Words("substituída", "superseded"),
}

PAGE = Page(
    name="pedidos",
    title=Words("Pedidos", "Orders"),
    lead=Words(
        "Busque um pedido e veja seus itens, o arquivo e a linha de onde veio.",
        "Search an order and see its items, and the file and line that it came from.",
    ),
    filters=("periodo", "uf", "unidade", "busca"),
    search=Words("Número do pedido", "Number of the order"),
    views=(
        Table(
            id="lista",
            title=Words("Pedidos encontrados", "Orders found"),
            query=FOUND,
            page_size=20,
            columns=ORDER_COLUMNS,
            empty=Words("Nenhum pedido encontrado.", "Not one order found."),
        ),
    ),
)

ORDER = Page(
    name="pedido",
    title=Words("Pedido", "Order"),
    lead=Words("Um pedido com tudo o que se sabe dele.", "One order with all that is known."),
    filters=("periodo", "unidade", "busca"),
    in_menu=False,
    views=(
        Totals(
            id="pedido",
            title=Words("Pedido", "Order"),
            query=ONE,
            columns=(
                Column(name="unit_name", label=Words("Unidade", "Unit")),
                Column(name="status", label=Words("Status", "Status"), texts=STATUSES),
                Column(name="order_type", label=Words("Canal", "Channel"), texts=CHANNELS),
                Column(name="order_value", label=Words("Valor", "Value"), kind="brl"),
                Column(name="delivery_fee", label=Words("Taxa de entrega", "Fee"), kind="brl"),
                Column(
                    name="reconciliation_difference",
                    label=Words("Diferença", "Difference"),
                    kind="brl",
                ),
            ),
        ),
        Table(
            id="itens",
            title=Words("Itens", "Items"),
            query=ITEMS,
            empty=Words("Nenhum item chegou.", "Not one item arrived."),
            columns=(
                Column(name="item_id", label=Words("Item", "Item")),
                Column(name="product_name", label=Words("Produto", "Product"), width=260),
                Column(name="quantity", label=Words("Quantidade", "Quantity"), kind="count"),
                Column(name="unit_price", label=Words("Preço", "Price"), kind="brl"),
                Column(name="line_total", label=Words("Total", "Total"), kind="brl"),
            ),
        ),
        Table(
            id="versoes",
            title=Words("Origem e versões", "Origin and versions"),
            query=VERSIONS,
            columns=(
                Column(name="file", label=Words("Arquivo", "File"), width=380),
                Column(name="line", label=Words("Linha", "Line"), kind="count"),
                Column(name="version", label=Words("Versão", "Version"), kind="count"),
                Column(name="landed_at", label=Words("Chegou, UTC", "Landed, UTC"), kind="moment"),
                Column(
                    name="row_status",
                    label=Words("Situação", "State"),
                    texts=ROW_STATUS,
                    badges={"current": "green", "superseded": "gray"},
                ),
            ),
        ),
    ),
)

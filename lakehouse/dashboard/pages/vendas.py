"""Sales of the legacy shop: months by year, products, customers and sellers.

The region is that of the sale. Lists with names have every sale once, as each dimension has one row
for each key.
"""

from lakehouse.dashboard.declare import (
    OTHERS,
    Cards,
    Chart,
    Column,
    Measure,
    Page,
    Query,
    Series,
    Source,
    Table,
    Term,
    Totals,
    coded,
)
from lakehouse.dashboard.words import Words

MONTHS_PT = ("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {
    str(number): Words(*both)
    for number, both in enumerate(zip(MONTHS_PT, MONTHS_EN, strict=True), start=1)
}
GAPS = """
SELECT 'quarantine' AS kind, reason, count(*) AS rows,
  coalesce(sum(amount), 0) AS total_value, coalesce(sum(pieces), 0) AS quantity
FROM (
  SELECT day, reasons[1] AS reason, json_extract_string("values", '$.region') AS region,
    try_cast(json_extract_string("values", '$.product_id') AS BIGINT) AS product_id,
    try_cast(json_extract_string("values", '$.total_value') AS DECIMAL(18, 2)) AS amount,
    try_cast(json_extract_string("values", '$.quantity') AS BIGINT) AS pieces
  FROM ops.quarantine WHERE domain = 'sales' AND layer = 'silver'
)
WHERE {where} GROUP BY reason ORDER BY rows DESC, reason
"""
SALES = Source(
    table="gold.sales_fact_sales",
    columns={"periodo": "day", "produto": "product_id", "regiao": "region"},
    gaps=GAPS,
)
TOTAL = Measure(
    id="vendas_total",
    label=Words("Vendas", "Sales"),
    meaning=Words("Valor de todas as vendas.", "Value of all sales."),
    source=SALES,
    term=Term(column="total_value"),
    kind="brl",
)
QUANTITY = Measure(
    id="vendas_quantidade",
    label=Words("Peças vendidas", "Pieces sold"),
    meaning=Words("Quantidade de todas as vendas.", "Quantity of all sales."),
    source=SALES,
    term=Term(column="quantity"),
)
AVERAGE = Measure(
    id="vendas_media",
    label=Words("Valor médio por venda", "Average per sale"),
    meaning=Words("Valor das vendas ÷ número de vendas.", "Value of the sales ÷ their number."),
    source=SALES,
    term=Term(column="total_value"),
    per=Term(),
    kind="brl",
)


def _named(key: str, table: str, name: str, more: str = "") -> str:
    """Return the SQL of the sums of each product, customer or seller, with the best first."""
    return f"""
SELECT {name} AS nome, {key} AS numero{more}, sum(quantity) AS quantidade,
  sum(total_value) AS total, count(*) AS vendas
FROM gold.sales_fact_sales s JOIN (SELECT * EXCLUDE (day) FROM {table}) d USING ({key})
WHERE {{where}}
GROUP BY ALL ORDER BY total DESC, {key}
"""  # noqa: S608  declared


def _ranked(sql: str, limit: int) -> Query:
    """Return the best of a list with their share, and with the revenue up to each of them."""
    return Query(
        sql=f"""
SELECT nome AS label, total, quantidade, sum(total) OVER best AS acumulado,
  CAST(total AS DOUBLE) / nullif(sum(total) OVER (), 0) AS parte
FROM ({sql})
WINDOW best AS (ORDER BY total DESC, numero ROWS UNBOUNDED PRECEDING)
ORDER BY total DESC, numero LIMIT {limit}
""",  # noqa: S608  declared
        columns=SALES.columns,
    )


def _listed(sql: str) -> Query:
    return Query(
        sql=f"""
SELECT *, CAST(total AS DOUBLE) / nullif(sum(total) OVER (), 0) AS parte FROM ({sql})
ORDER BY total DESC, numero
""",  # noqa: S608  declared
        columns=SALES.columns,
    )


PRODUCTS = _named("product_id", "gold.sales_dim_product", "product_name")
SELLERS = _named("seller_id", "gold.sales_dim_seller", "seller_name")
CUSTOMERS = f"""
SELECT 'Cliente ' || {{code customer_id}} AS nome, {coded("customer_id", "numero")},
  d.region AS regiao, sum(quantity) AS quantidade, sum(total_value) AS total, count(*) AS vendas
FROM (SELECT * FROM gold.sales_fact_sales WHERE {{where}}) s
JOIN (SELECT customer_id, region FROM gold.sales_dim_customer) d USING (customer_id)
GROUP BY customer_id, d.region ORDER BY total DESC, customer_id
"""  # noqa: S608  declared
BEST = Query(
    sql="""
WITH s AS (SELECT * FROM gold.sales_fact_sales WHERE {where}),
months AS (
  SELECT strftime(day, '%m/%Y') AS nome, sum(total_value) AS total FROM s
  GROUP BY nome, date_trunc('month', day) ORDER BY total DESC, date_trunc('month', day) LIMIT 1
),
products AS (
  SELECT product_id, sum(total_value) AS total FROM s
  GROUP BY product_id ORDER BY total DESC, product_id LIMIT 1
),
sellers AS (
  SELECT seller_id, sum(total_value) AS total FROM s
  GROUP BY seller_id ORDER BY total DESC, seller_id LIMIT 1
)
SELECT months.nome AS mes, months.total AS mes_total,
  product_name AS produto, products.total AS produto_total,
  seller_name AS vendedor, sellers.total AS vendedor_total
FROM months, products JOIN gold.sales_dim_product USING (product_id),
  sellers JOIN gold.sales_dim_seller USING (seller_id)
""",
    columns=SALES.columns,
)
BY_MONTH = Query(
    sql="""
SELECT month(day) AS label, year(day) AS ano, sum(total_value) AS total,
  sum(quantity) AS quantidade,
  sum(sum(total_value)) OVER (PARTITION BY year(day) ORDER BY month(day)) AS acumulado
FROM gold.sales_fact_sales WHERE {where}
GROUP BY label, ano ORDER BY label, ano
""",
    columns={**SALES.columns, "ano": "year(day)"},
)
FIVE = Query(
    sql=f"""
WITH ranked AS (
  SELECT *, row_number() OVER (ORDER BY total DESC, numero) AS lugar FROM ({CUSTOMERS})
)
SELECT CASE WHEN lugar <= 5 THEN nome ELSE 'outros' END AS label, sum(total) AS total,
  sum(quantidade) AS quantidade, count(*) AS clientes
FROM ranked GROUP BY label, least(lugar, 6) ORDER BY least(lugar, 6)
""",  # noqa: S608  declared
    columns=SALES.columns,
)
QUANTITY_COLUMN = Column(name="quantidade", label=Words("Peças", "Pieces"), kind="count")
RUNNING_COLUMN = Column(
    name="acumulado", label=Words("Receita acumulada", "Cumulative revenue"), kind="brl"
)
SHARE_COLUMN = Column(name="parte", label=Words("Parte", "Share"), kind="percent")
SALES_SERIES = Series(name="total", label=Words("Vendas", "Sales"))


def _columns(name: Words, *more: Column) -> tuple[Column, ...]:
    return (
        Column(name="nome", label=name, width=160),
        *more,
        QUANTITY_COLUMN,
        Column(name="total", label=Words("Total", "Total"), kind="brl"),
    )


PAGE = Page(
    name="vendas",
    title=Words("Vendas", "Sales"),
    lead=Words(
        "A loja do sistema legado: meses, produtos, clientes e vendedores.",
        "The shop of the legacy system: months, products, customers and sellers.",
    ),
    filters=("periodo", "produto", "regiao", "ano"),
    choices={
        "produto": "SELECT product_id AS value, product_name AS label"
        " FROM gold.sales_dim_product ORDER BY value",
    },
    period="all",
    domain="sales",
    daily=False,
    group=OTHERS,
    views=(
        Cards(
            id="resumo",
            title=Words("Resumo", "Summary"),
            measures=(TOTAL, QUANTITY, AVERAGE),
            compared=False,
        ),
        Totals(
            id="destaques",
            title=Words("Destaques", "Best"),
            query=BEST,
            columns=(
                Column(
                    name="mes",
                    label=Words("Melhor mês", "Best month"),
                    below=Column(name="mes_total", label=Words("{}", "{}"), kind="brl"),
                ),
                Column(
                    name="produto",
                    label=Words("Produto mais vendido", "Best product"),
                    below=Column(name="produto_total", label=Words("{}", "{}"), kind="brl"),
                ),
                Column(
                    name="vendedor",
                    label=Words("Melhor vendedor", "Best seller"),
                    below=Column(name="vendedor_total", label=Words("{}", "{}"), kind="brl"),
                ),
            ),
        ),
        Chart(
            id="por-mes",
            title=Words("Vendas por mês", "Sales by month"),
            note=Words("uma linha por ano", "a line for each year"),
            form="line",
            query=BY_MONTH,
            by="ano",
            labels=MONTHS,
            series=(SALES_SERIES,),
            details=(QUANTITY_COLUMN, RUNNING_COLUMN),
        ),
        Chart(
            id="dez-produtos",
            title=Words("Dez maiores produtos", "Top ten products"),
            span=6,
            form="ranking",
            query=_ranked(PRODUCTS, 10),
            series=(SALES_SERIES,),
            details=(QUANTITY_COLUMN, RUNNING_COLUMN),
        ),
        Table(
            id="produtos",
            title=Words("Por produto", "By product"),
            span=6,
            query=_listed(PRODUCTS),
            columns=(*_columns(Words("Produto", "Product")), SHARE_COLUMN),
        ),
        Chart(
            id="cinco-clientes",
            title=Words("Cinco maiores clientes e os outros", "Top five customers and others"),
            span=4,
            form="donut",
            query=FIVE,
            labels={"outros": Words("Outros", "Others")},
            series=(SALES_SERIES,),
            details=(
                QUANTITY_COLUMN,
                Column(name="clientes", label=Words("Clientes", "Customers"), kind="count"),
            ),
        ),
        Table(
            id="clientes",
            title=Words("Por cliente", "By customer"),
            note=Words(
                "região: a de mais compras do cliente", "region: where the customer buys most"
            ),
            span=8,
            query=Query(sql=CUSTOMERS, columns=SALES.columns),
            columns=_columns(
                Words("Cliente", "Customer"),
                Column(name="regiao", label=Words("Região", "Region")),
            ),
        ),
        Chart(
            id="vendas-por-vendedor",
            title=Words("Vendas por vendedor", "Sales by seller"),
            span=12,
            form="bars",
            query=_ranked(SELLERS, 40),
            series=(SALES_SERIES,),
            details=(QUANTITY_COLUMN, RUNNING_COLUMN),
        ),
        Table(
            id="vendedores",
            title=Words("Por vendedor", "By seller"),
            query=_listed(SELLERS),
            columns=(*_columns(Words("Vendedor", "Seller")), SHARE_COLUMN),
        ),
    ),
)

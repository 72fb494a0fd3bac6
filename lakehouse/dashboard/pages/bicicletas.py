"""Bike shop: the total of each day with the peak of each month, and the five business questions.

The period counts for the days. The five questions are about all orders, as they were asked.
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
    masked,
)
from lakehouse.dashboard.words import Words

ORDER_DAY = Source(
    table="gold.bikes_order_day",
    columns={"periodo": "day"},
    gaps="""
SELECT 'quarantine' AS kind, reasons[1] AS reason, count(*) AS rows, count(*) AS orders,
  coalesce(sum(try_cast(replace(json_extract_string("values", '$.TotalDue'), ',', '.')
    AS DECIMAL(19, 4))), 0) AS total_due
FROM ops.quarantine
WHERE domain = 'bikes' AND layer = 'silver' AND "table" = 'order_headers' AND {where}
GROUP BY reason ORDER BY rows DESC, reason
""",
)
TOTAL = Measure(
    id="bicicletas_total",
    label=Words("Total dos pedidos", "Total of orders"),
    meaning=Words("TotalDue: produtos, imposto e frete.", "TotalDue: products, tax and freight."),
    source=ORDER_DAY,
    term=Term(column="total_due"),
    kind="usd",
)
ORDERS = Measure(
    id="bicicletas_pedidos",
    label=Words("Pedidos", "Orders"),
    meaning=Words("Pedidos da loja e da internet.", "Orders of stores and of the web."),
    source=ORDER_DAY,
    term=Term(column="orders"),
)
ONLINE = Measure(
    id="bicicletas_online",
    label=Words("Pela internet", "Online"),
    meaning=Words("Pedidos pela internet ÷ todos os pedidos.", "Online orders ÷ all orders."),
    source=ORDER_DAY,
    term=Term(column="online_orders"),
    per=Term(column="orders"),
    kind="percent",
)
AVERAGE = Measure(
    id="bicicletas_media",
    label=Words("Valor médio do pedido", "Average order"),
    meaning=Words("Total dos pedidos ÷ pedidos.", "Total of the orders ÷ orders."),
    source=ORDER_DAY,
    term=Term(column="total_due"),
    per=Term(column="orders"),
    kind="usd",
)
BY_DAY = Query(
    sql="""
SELECT day AS label, total_due AS total, orders AS pedidos,
  CASE WHEN row_number() OVER month = 1 THEN total_due END AS pico
FROM gold.bikes_order_day WHERE {where}
WINDOW month AS (PARTITION BY date_trunc('month', day) ORDER BY total_due DESC, day)
ORDER BY day
""",
    columns=ORDER_DAY.columns,
)
PEAKS = Query(
    sql="""
SELECT strftime(day, '%m/%Y') AS mes, day AS pico, day = last_day(day) AS ultimo, total_due,
  orders, CAST(total_due AS DOUBLE) / nullif(sum(total_due) OVER month, 0) AS parte
FROM gold.bikes_order_day WHERE {where}
WINDOW month AS (PARTITION BY date_trunc('month', day))
QUALIFY row_number() OVER (PARTITION BY date_trunc('month', day) ORDER BY total_due DESC, day) = 1
ORDER BY day DESC
""",
    columns=ORDER_DAY.columns,
)
ORDER_ID = Column(name="sales_order_id", label=Words("Pedido", "Order"))
PRODUCT = Column(name="name", label=Words("Produto", "Product"), width=210, wraps=True)
PIECES = Column(name="order_qty", label=Words("Peças", "Pieces"), kind="count")
MAKING = Column(name="days_to_manufacture", label=Words("Dias de fabricação", "Days to make"))
PLACE = Column(name="place", label=Words("Lugar", "Place"))
CUSTOMER = Column(name="customer_name", label=Words("Cliente", "Customer"), width=200)
COUNTED = Column(name="orders", label=Words("Pedidos", "Orders"), kind="count")
DUE = Column(name="total_due", label=Words("Total", "Total"), kind="usd")


def _all(table: str, columns: str, order: str) -> Query:
    return Query(sql=f"SELECT {columns}\nFROM gold.bikes_{table}\nORDER BY {order}")


def _answer(number: str, title: Words, query: Query, *columns: Column) -> Table:
    return Table(
        id=f"pergunta-{number}",
        title=Words(f"{number[0]}. {title.pt}", f"{number[0]}. {title.en}"),
        span=6,
        query=query,
        page_size=6,
        columns=columns,
        empty=Words("Nenhuma resposta ainda.", "No answer yet."),
    )


PAGE = Page(
    name="bicicletas",
    title=Words("Bicicletas", "Bikes"),
    lead=Words(
        "O total de cada dia, os picos do mês e as cinco perguntas do negócio.",
        "The total of each day, the peaks of months and the five business questions.",
    ),
    filters=("periodo",),
    period="all",
    domain="bikes",
    daily=False,
    group=OTHERS,
    views=(
        Cards(
            id="resumo",
            title=Words("Resumo", "Summary"),
            measures=(TOTAL, ORDERS, AVERAGE, ONLINE),
            compared=False,
        ),
        Chart(
            id="total-por-dia",
            title=Words("Total por dia", "Total by day"),
            note=Words("em destaque: o maior dia de cada mês", "marked: largest day of each month"),
            span=7,
            form="area",
            kind="usd",
            height=380,
            query=BY_DAY,
            series=(
                Series(name="total", label=Words("Total do dia", "Total of the day")),
                Series(
                    name="pico",
                    label=Words("Maior dia do mês", "Largest day of the month"),
                    color="orange.6",
                    points=True,
                ),
            ),
        ),
        Table(
            id="picos",
            title=Words("Maior dia de cada mês", "Largest day of each month"),
            span=5,
            query=PEAKS,
            page_size=7,
            columns=(
                Column(name="pico", label=Words("Dia", "Day"), kind="day"),
                Column(name="total_due", label=Words("Total", "Total"), kind="usd", width=140),
                Column(name="parte", label=Words("Do mês", "Of month"), kind="percent", width=90),
            ),
        ),
        Totals(
            id="pergunta-1",
            title=Words("Pedidos com três linhas ou mais", "Orders with three lines or more"),
            query=Query(
                sql="""
SELECT q.orders AS pedidos, f.orders AS todos,
  q.orders / nullif(f.orders, 0) AS parte
FROM gold.bikes_q1_orders_with_three_lines q,
  (SELECT count(*) AS orders FROM gold.bikes_fact_orders) f
""",
            ),
            columns=(
                Column(
                    name="pedidos",
                    label=Words(
                        "1. Quantos pedidos têm pelo menos três linhas?",
                        "1. How many orders have at least three lines?",
                    ),
                    kind="count",
                    below=Column(
                        name="parte", label=Words("{} dos pedidos", "{} of orders"), kind="percent"
                    ),
                ),
                Column(name="todos", label=Words("Pedidos ao todo", "All orders"), kind="count"),
            ),
        ),
        _answer(
            "2",
            Words("Três produtos com mais peças", "Three products with most pieces"),
            _all(
                "q2_top_products",
                "place, product_id, name, days_to_manufacture, order_qty",
                "place",
            ),
            PLACE,
            PRODUCT,
            MAKING,
            PIECES,
        ),
        _answer(
            "2-por-fabricacao",
            Words("Três por dias de fabricação", "Three by days to manufacture"),
            _all(
                "q2_top_products_by_days_to_manufacture",
                "days_to_manufacture, place, product_id, name, order_qty",
                "days_to_manufacture, place",
            ),
            MAKING,
            PLACE,
            PRODUCT,
            PIECES,
        ),
        _answer(
            "3",
            Words("Pedidos por cliente", "Orders by customer"),
            _all(
                "q3_customer_orders",
                f"{masked('customer_name')}, {coded('customer_id')}, orders",
                "orders DESC, person_id, bikes_q3_customer_orders.customer_id",
            ),
            CUSTOMER,
            Column(name="customer_id", label=Words("Número", "Number"), width=130),
            COUNTED,
        ),
        _answer(
            "3-por-nome",
            Words("Pedidos por nome", "Orders by name"),
            _all(
                "q3_customer_orders_by_name",
                f"{masked('customer_name')}, orders, customers",
                "orders DESC, bikes_q3_customer_orders_by_name.customer_name",
            ),
            CUSTOMER,
            Column(name="customers", label=Words("Clientes com o nome", "Customers"), kind="count"),
            COUNTED,
        ),
        _answer(
            "4",
            Words("Peças por produto e data", "Pieces by product and date"),
            _all(
                "q4_product_day_quantity",
                "product_id, name, order_date, order_qty",
                "order_qty DESC, product_id, order_date",
            ),
            PRODUCT,
            Column(name="order_date", label=Words("Data", "Date"), kind="day"),
            PIECES,
        ),
        _answer(
            "4-por-nome",
            Words("Peças por nome e dia", "Pieces by name and day"),
            _all(
                "q4_product_name_day_quantity",
                "name, order_day, order_qty",
                "order_qty DESC, name, order_day",
            ),
            PRODUCT,
            Column(name="order_day", label=Words("Dia", "Day"), kind="day"),
            PIECES,
        ),
        _answer(
            "5",
            Words("Setembro de 2011, acima de US$ 1.000", "September 2011, more than US$ 1,000"),
            _all(
                "q5_september_2011_orders",
                "sales_order_id, order_date, total_due",
                "total_due DESC, sales_order_id",
            ),
            ORDER_ID,
            Column(name="order_date", label=Words("Data", "Date"), kind="day"),
            DUE,
        ),
        _answer(
            "5-por-total",
            Words("Quantos pedidos de cada total", "How many orders of each total"),
            _all("q5_september_2011_orders_by_total_due", "total_due, orders", "total_due DESC"),
            DUE,
            COUNTED,
        ),
    ),
)

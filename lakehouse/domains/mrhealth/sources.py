"""What lands: two files a night from each unit, and four reference tables of the headquarters."""

from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.source import Source

ORDERS = Source(
    dataset="orders",
    files=r"pedido\.csv",
    format=CsvFormat(
        columns=(
            "Id_Unidade",
            "Id_Pedido",
            "Tipo_Pedido",
            "Data_Pedido",
            "Vlr_Pedido",
            "Endereco_Entrega",
            "Taxa_Entrega",
            "Status",
        ),
    ),
    business_day="Data_Pedido",
    required_per_unit=True,
)
ORDER_ITEMS = Source(
    dataset="order_items",
    files=r"item_pedido\.csv",
    format=CsvFormat(
        columns=("Id_Pedido", "Id_Item_Pedido", "Id_Produto", "Qtd", "Vlr_Item", "Observacao"),
    ),
    self_identifying=False,
    required_per_unit=True,
)
PRODUCTS = Source(
    dataset="products",
    files=r"(tabela_)?(produtos?|products?)\.csv",
    format=CsvFormat(columns=("Id_Produto", "Nome_Produto")),
    snapshot=True,
    query="select id_produto, nome_produto from tabela_produto order by 1",
)
UNITS = Source(
    dataset="units",
    files=r"(tabela_)?(unidades?|units?)\.csv",
    format=CsvFormat(columns=("Id_Unidade", "Nome_Unidade", "Id_Estado")),
    snapshot=True,
    query="select id_unidade, nome_unidade, id_estado from tabela_unidade order by 1",
)
STATES = Source(
    dataset="states",
    files=r"(tabela_)?(estados?|states?)\.csv",
    format=CsvFormat(columns=("Id_Estado", "Id_Pais", "Nome_Estado")),
    snapshot=True,
    query="select id_estado, id_pais, nome_estado from tabela_estado order by 1",
)
COUNTRIES = Source(
    dataset="countries",
    files=r"(tabela_)?(pais|paises|countries|country)\.csv",
    format=CsvFormat(columns=("Id_Pais", "Nome_Pais")),
    snapshot=True,
    query="select id_pais, nome_pais from tabela_pais order by 1",
)

SOURCES = (ORDERS, ORDER_ITEMS, PRODUCTS, UNITS, STATES, COUNTRIES)

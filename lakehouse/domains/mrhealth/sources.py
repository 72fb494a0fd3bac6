"""Datasets of Mr. Health: two files per unit and day, reference tables and stock movements."""

from lakehouse.domains.mrhealth import SPEC
from lakehouse.platform.tables.source import Column, Source

ORDERS = Source(
    domain=SPEC.name,
    dataset="orders",
    description="Orders as the units wrote them, one row per record of a PEDIDO file.",
    files=r"pedido\.csv",
    example="PEDIDO.csv",
    undated=True,
    columns={
        "Id_Unidade": "Number of the unit that took the order",
        "Id_Pedido": "Number of the order, unique within its unit and day",
        "Tipo_Pedido": "Channel: Loja Online or Loja Física",
        "Data_Pedido": "Date of the order, YYYY-MM-DD or DD/MM/YYYY",
        "Vlr_Pedido": "Value of the order in BRL, delivery fee included",
        "Endereco_Entrega": Column(
            "Delivery address; -- when the order is not delivered", personal="address"
        ),
        "Taxa_Entrega": "Delivery fee in BRL",
        "Status": "Finalizado, Pendente or Cancelado",
    },
    business_day="Data_Pedido",
    required_per_unit=True,
)
ORDER_ITEMS = Source(
    domain=SPEC.name,
    dataset="order_items",
    description="Order items as the units wrote them, one row per record of an ITEM_PEDIDO file.",
    files=r"item_pedido\.csv",
    example="ITEM_PEDIDO.csv",
    undated=True,
    columns={
        "Id_Pedido": "Number of the order in the same delivery",
        "Id_Item_Pedido": "Number of the item within its order",
        "Id_Produto": "Number of the product",
        "Qtd": "Number of pieces",
        "Vlr_Item": "Price of one piece in BRL",
        "Observacao": Column(
            "Wish of the guest in free text; null when there is none", personal="note"
        ),
    },
    required_per_unit=True,
)
PRODUCTS = Source(
    domain=SPEC.name,
    dataset="products",
    description="Products as the headquarters wrote them, one row per record of a snapshot.",
    files=r"(tabela_)?(produtos?|products?)\.csv",
    example="Tabela_Produto.csv",
    columns={
        "Id_Produto": "Number of the product",
        "Nome_Produto": "Name of the product in Portuguese",
    },
    snapshot=True,
    query="select id_produto, nome_produto from tabela_produto order by 1",
)
UNITS = Source(
    domain=SPEC.name,
    dataset="units",
    description="Units as the headquarters wrote them, one row per record of a snapshot.",
    files=r"(tabela_)?(unidades?|units?)\.csv",
    example="Tabela_Unidade.csv",
    columns={
        "Id_Unidade": "Number of the unit",
        "Nome_Unidade": "Name of the unit",
        "Id_Estado": "Number of the state in which the unit is located",
    },
    snapshot=True,
    query="select id_unidade, nome_unidade, id_estado from tabela_unidade order by 1",
)
STATES = Source(
    domain=SPEC.name,
    dataset="states",
    description="States as the headquarters wrote them, one row per record of a snapshot.",
    files=r"(tabela_)?(estados?|states?)\.csv",
    example="Tabela_Estado.csv",
    columns={
        "Id_Estado": "Number of the state",
        "Id_Pais": "Code of the country to which the state belongs, two letters",
        "Nome_Estado": "Name of the state",
    },
    snapshot=True,
    query="select id_estado, id_pais, nome_estado from tabela_estado order by 1",
)
COUNTRIES = Source(
    domain=SPEC.name,
    dataset="countries",
    description="Countries as the headquarters wrote them, one row per record of a snapshot.",
    files=r"(tabela_)?(pais|paises|countries|country)\.csv",
    example="Tabela_Pais.csv",
    columns={
        "Id_Pais": "Code of the country, two letters",
        "Nome_Pais": "Name of the country in Portuguese",
    },
    snapshot=True,
    query="select id_pais, nome_pais from tabela_pais order by 1",
)
STOCK_MOVEMENTS = Source(
    domain=SPEC.name,
    dataset="stock_movements",
    description="Stock movements as the units or the headquarters wrote them, one row per record"
    " of a MOVIMENTO_ESTOQUE file.",
    files=r"movimentos?_(de_)?estoque\.csv",
    example="MOVIMENTO_ESTOQUE.csv",
    undated=True,
    columns={
        "Id_Unidade": "Number of the unit that owns the stock",
        "Id_Movimento": "Number of the movement, unique within its unit and day",
        "Data_Movimento": "Date of the movement, YYYY-MM-DD or DD/MM/YYYY",
        "Tipo_Movimento": "Saldo Inicial, Compra, Entrada, Perda or Contagem",
        "Id_Produto": "Number of the product",
        "Qtd": "Number of pieces",
        "Custo_Unitario": Column(
            "Cost of one piece in BRL; null when it is unknown", optional=True
        ),
        "Data_Compra": Column(
            "Of an Entrada, the date on which the pieces were ordered; null when it is unknown",
            optional=True,
        ),
    },
    business_day="Data_Movimento",
)

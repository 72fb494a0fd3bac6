"""Which file belongs to which dataset."""

import pytest

from lakehouse.domains.mrhealth import sources
from lakehouse.platform.tables.source import declared_in

SOURCES = declared_in(sources)


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("PEDIDO.csv", "orders"),
        ("pedido.csv.gz", "orders"),
        ("ITEM_PEDIDO.CSV", "order_items"),
        ("Tabela_Produto.csv", "products"),
        ("produtos.csv", "products"),
        ("Tabela_Unidade.csv", "units"),
        ("Tabela_Estado.csv", "states"),
        ("Tabela_Pais.csv", "countries"),
        ("paises.csv", "countries"),
        ("MOVIMENTO_ESTOQUE.csv", "stock_movements"),
        ("movimentos_de_estoque.csv", "stock_movements"),
    ],
)
def test_a_file_belongs_to_one_dataset(name, dataset):
    assert [source.dataset for source in SOURCES if source.matches(name)] == [dataset]


@pytest.mark.parametrize("name", ["PEDIDO.txt", "xPEDIDO.csv", "PEDIDO.csv.bak", "leia-me.csv"])
def test_other_files_belong_to_no_dataset(name):
    assert not [source for source in SOURCES if source.matches(name)]

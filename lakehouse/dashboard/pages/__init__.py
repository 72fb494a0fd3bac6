"""The pages of the dashboard, in the order of its menu."""

from collections.abc import Iterator, Mapping

from lakehouse.dashboard.declare import Cards, Measure, Page, Query, View
from lakehouse.dashboard.filters import CHOICES, LOOKUPS
from lakehouse.dashboard.pages.alertas import PAGE as ALERTAS
from lakehouse.dashboard.pages.bicicletas import PAGE as BICICLETAS
from lakehouse.dashboard.pages.cartoes import PAGE as CARTOES
from lakehouse.dashboard.pages.catalogo import ONE as TABELA
from lakehouse.dashboard.pages.catalogo import PAGE as CATALOGO
from lakehouse.dashboard.pages.cliente import PAGE as CLIENTE
from lakehouse.dashboard.pages.compras import PAGE as COMPRAS
from lakehouse.dashboard.pages.executivo import PAGE as EXECUTIVO
from lakehouse.dashboard.pages.pedidos import ORDER as PEDIDO
from lakehouse.dashboard.pages.pedidos import PAGE as PEDIDOS
from lakehouse.dashboard.pages.pessoas import PAGE as PESSOAS
from lakehouse.dashboard.pages.pipeline import PAGE as PIPELINE
from lakehouse.dashboard.pages.previsao import PAGE as PREVISAO
from lakehouse.dashboard.pages.produtos import PAGE as PRODUTOS
from lakehouse.dashboard.pages.qualidade import PAGE as QUALIDADE
from lakehouse.dashboard.pages.reparo import PAGE as REPARO
from lakehouse.dashboard.pages.reparo import ROW as LINHA
from lakehouse.dashboard.pages.unidades import PAGE as UNIDADES
from lakehouse.dashboard.pages.vendas import PAGE as VENDAS
from lakehouse.platform.serving.sql_catalog import names_in

_ORDER = (
    EXECUTIVO,
    ALERTAS,
    UNIDADES,
    PRODUTOS,
    PEDIDOS,
    PEDIDO,
    PREVISAO,
    COMPRAS,
    VENDAS,
    BICICLETAS,
    CARTOES,
    CLIENTE,
    PESSOAS,
    QUALIDADE,
    REPARO,
    LINHA,
    PIPELINE,
    CATALOGO,
    TABELA,
)
PAGES: Mapping[str, Page] = {page.path: page for page in _ORDER}
"""Path → page."""
HELD = (
    "gold.mrhealth_product_day",
    "gold.mrhealth_unit_channel_day",
    "gold.mrhealth_unit_day",
    "gold.mrhealth_unit_product_day",
    "gold.bikes_order_day",
    "gold.sales_fact_sales",
)
"""Small tables that most queries read."""


def queries(view: View) -> Iterator[Query]:
    """Yield the query of a view; cards have none of their own."""
    if isinstance(found := getattr(view, "query", None), Query):
        yield found


def measures() -> Mapping[str, Measure]:
    """Return every measure of every page by its id.

    Raises:
        ValueError: two measures have the same id.
    """
    found: dict[str, Measure] = {}
    for page in PAGES.values():
        for view in page.views:
            for measure in view.measures if isinstance(view, Cards) else ():
                if found.setdefault(measure.id, measure) != measure:
                    raise ValueError(f"two measures are called {measure.id}")
    return found


def tables() -> set[str]:
    """Return the tables that the pages, their filters and their proofs read."""
    texts = [query.sql for page in PAGES.values() for view in page.views for query in queries(view)]
    for measure in measures().values():
        texts += [measure.source.table, measure.source.gaps or ""]
    texts += [*CHOICES.values(), *LOOKUPS.values()]
    texts += [sql for page in PAGES.values() for sql in page.choices.values()]
    return set().union(*(names_in(text) or () for text in texts))


__all__ = ["HELD", "PAGES", "measures", "queries", "tables"]

"""Dictionary of the variables of each book."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.cards.book.declaration import AMPLIADO, EXCEDENTES, FATURA
from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of

BOOKS = {
    "book_fatura": FATURA,
    "book_fatura_excedente": EXCEDENTES,
    "book_fatura_ampliado": AMPLIADO,
}


class BookDictionary(TableModel, key=("livro", "numero")):
    """One variable of one book."""

    livro: str = pa.Field(
        description="Table of the book; the seed-compatible book has the same variables"
    )
    numero: int = pa.Field(description="Position among the variables of the book, from 1")
    variavel: str = pa.Field(description="Name of the column: VAR_n or a descriptive name")
    nome: str = pa.Field(description="Descriptive name of the variable")
    classe: str = pa.Field(description="Class of the invoices that count")
    valor: str = pa.Field(description="Value that is aggregated")
    janela: str = pa.Field(description="Window in months, U1M to U12M; GERAL counts all invoices")
    agregacao: str = pa.Field(description="Aggregate: SUM, AVG, MIN or MAX")
    significado: str = pa.Field(description="Meaning of the variable in Portuguese")
    tipo: str = pa.Field(description="Data type of the column")


@gold_as_of(contract=BookDictionary, reads=[book_fatura])
def book_dictionary(_: ir.Table) -> ir.Table:
    """Variables of each book, generated from the declaration of the book."""
    rows = [
        {
            "livro": name,
            "numero": number,
            "variavel": each.column.upper() if declaration.numbered else each.column,
            "nome": each.name,
            "classe": each.of.name,
            "valor": each.value.column.upper(),
            "janela": "GERAL" if each.window.months is None else f"U{each.window.months}M",
            "agregacao": each.aggregate.value,
            "significado": each.meaning,
            "tipo": str(each.type),
        }
        for name, declaration in BOOKS.items()
        for number, each in enumerate(declaration.variables, start=1)
    ]
    kinds = ", ".join(f"{name}: {'int64' if name == 'numero' else 'string'}" for name in rows[0])
    written = ibis.literal(rows, f"array<struct<{kinds}>>").unnest().name("row").as_table()
    return written.unpack("row").order_by("livro", "numero")

"""The monthly report: its words in both languages, and how its lines are set."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the report says in one language."""

    language: str
    title: str
    columns: tuple[str, str, str, str]


PORTUGUESE = Words(
    language="pt",
    title="Total de vendas mensais:",
    columns=("ano", "mês", "total de vendas", "quantidade"),
)
ENGLISH = Words(
    language="en",
    title="Monthly sales totals:",
    columns=("year", "month", "total_sales", "total_quantity"),
)
WIDTHS = (4, 5, 18, 14)


def lines(months: ir.Table, words: Words) -> ir.Table:
    """Title, column names, then a line for each month; without sales only the first two."""
    names = [name.rjust(width) for name, width in zip(words.columns, WIDTHS, strict=True)]
    once = months.agg(months=months.count())
    head = [words.title, "  ".join(names)]
    heading = [
        once.select(
            language=ibis.literal(words.language),
            line=ibis.literal(number, "int64"),
            text=ibis.literal(text),
        )
        for number, text in enumerate(head, start=1)
    ]
    values = (months.year, months.month, months.total_sales, months.total_quantity)
    year, *others = (
        value.cast("string").lpad(width, " ") for value, width in zip(values, WIDTHS, strict=True)
    )
    set_ = year
    for value in others:
        set_ = set_ + "  " + value
    body = months.select(
        language=ibis.literal(words.language),
        line=months.year.cast("int64") * 100 + months.month,
        text=set_,
    )
    return ibis.union(*heading, body)

"""Layout of the monthly report and its texts in two languages."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir


@dataclass(frozen=True, kw_only=True)
class ReportTexts:
    """Texts of the report in one language."""

    language: str
    title: str
    columns: tuple[str, str, str, str]


PORTUGUESE = ReportTexts(
    language="pt",
    title="Total de vendas mensais:",
    columns=("ano", "mês", "total de vendas", "quantidade"),
)
ENGLISH = ReportTexts(
    language="en",
    title="Monthly sales totals:",
    columns=("year", "month", "total_sales", "total_quantity"),
)
WIDTHS = (4, 5, 18, 14)


def lines(months: ir.Table, texts: ReportTexts) -> ir.Table:
    """Return title, column names and one line per month; without sales only the first two."""
    names = [name.rjust(width) for name, width in zip(texts.columns, WIDTHS, strict=True)]
    once = months.agg(months=months.count())
    head = [texts.title, "  ".join(names)]
    heading = [
        once.select(
            language=ibis.literal(texts.language),
            line=ibis.literal(number, "int64"),
            text=ibis.literal(words),
        )
        for number, words in enumerate(head, start=1)
    ]
    values = (months.year, months.month, months.total_sales, months.total_quantity)
    year, *others = (
        value.cast("string").lpad(width, " ") for value, width in zip(values, WIDTHS, strict=True)
    )
    text = year
    for value in others:
        text = text + "  " + value
    body = months.select(
        language=ibis.literal(texts.language),
        line=months.year.cast("int64") * 100 + months.month,
        text=text,
    )
    return ibis.union(*heading, body)

"""Texts in Portuguese and English, and numbers, money and dates as their readers write them."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, NamedTuple

Language = Literal["pt", "en"]
LANGUAGES: tuple[Language, ...] = ("pt", "en")
Kind = Literal["text", "brl", "usd", "count", "percent", "decimal", "day", "moment", "seconds"]
"""How a value is written."""

NO_BREAK = "\u00a0"
MISSING = "–"
"""Shown for a value that does not exist."""


class Words(NamedTuple):
    """One text in both languages."""

    pt: str
    en: str

    def in_(self, language: Language) -> str:
        """Return the text in a language."""
        return self.en if language == "en" else self.pt


DOMAINS = {
    "mrhealth": Words("Restaurantes", "Restaurants"),
    "sales": Words("Vendas", "Sales"),
    "bikes": Words("Bicicletas", "Bikes"),
    "cards": Words("Cartões", "Cards"),
    "people": Words("Pessoas", "People"),
    "ops": Words("Operação", "Operations"),
}
"""Domain → its name on the pages."""


def domain_in(language: Language, name: str) -> str:
    """Return the name of a domain; an unknown one as it is."""
    return DOMAINS[name].in_(language) if name in DOMAINS else name


def labelled(text: str) -> dict[str, Any]:
    """Return the property that gives a component a name for screen readers."""
    return {"aria-label": text}


def written(value: object, kind: Kind, language: Language) -> str:
    r"""Return a value as a reader of the language writes it.

    >>> written(Decimal("1234567.5"), "brl", "pt"), written(Decimal("1234567.5"), "brl", "en")
    ('R$\xa01.234.567,50', 'R$\xa01,234,567.50')
    >>> written(0.1234, "percent", "pt"), written(dt.date(2026, 1, 5), "day", "pt")
    ('12,3%', '05/01/2026')
    """
    if value is None:
        return MISSING
    match kind, value:
        case "moment", dt.datetime():
            shape = "%d/%m/%Y %H:%M" if language == "pt" else "%Y-%m-%d %H:%M"
            return value.strftime(shape)
        case "day", dt.date():
            return value.strftime("%d/%m/%Y" if language == "pt" else "%Y-%m-%d")
        case (
            "brl" | "usd" | "count" | "percent" | "decimal" | "seconds",
            int() | float() | Decimal(),
        ) if not isinstance(value, bool):
            return _number(Decimal(str(value)), kind, language)
        case _:
            return str(value)


def _number(value: Decimal, kind: Kind, language: Language) -> str:
    match kind:
        case "brl" | "usd":
            sign = "-" if value < 0 else ""
            symbol = "R$" if kind == "brl" else "US$"
            return f"{sign}{symbol}{NO_BREAK}{grouped(abs(value), 2, language)}"
        case "percent":
            return f"{grouped(value * 100, 1, language)}%"
        case "seconds":
            return f"{grouped(value, 1, language)} s"
        case "decimal":
            return grouped(value, 2, language)
        case _:
            return grouped(value, 0, language)


def grouped(value: Decimal, places: int, language: Language) -> str:
    """Return a number with separated thousands and this many decimal places, rounded half up.

    >>> grouped(Decimal("1234.565"), 2, "pt"), grouped(Decimal("1234.565"), 2, "en")
    ('1.234,57', '1,234.57')
    >>> grouped(Decimal("-0.04"), 1, "pt")
    '0,0'
    """
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{rounded or abs(rounded):,.{places}f}"  # no minus before a zero
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))

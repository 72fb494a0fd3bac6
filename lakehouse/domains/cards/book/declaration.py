"""Declaration of a book: classes × values × windows × aggregates, each a variable.

A variable aggregates one value over the rows of a stage that belong to one class and one window.
How it is computed belongs to `aggregate`.
"""

import functools
from dataclasses import dataclass, field, replace
from enum import StrEnum

import ibis.expr.datatypes as dt

MONEY = dt.Decimal(14, 2)


class Aggregate(StrEnum):
    """Function that aggregates the values of the rows."""

    SUM = "SUM"
    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"


SUM, AVG, MIN, MAX = Aggregate


@dataclass(frozen=True, kw_only=True)
class Class:
    """Rows of the stage whose `column` has the value `name`."""

    column: str
    name: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Value:
    """A column of the stage, its aggregates, and the type of its average.

    Args:
        average: type of the average; a decimal is rounded half up, a double is not rounded.
        nullable: rows may lack a value; they are left out.
        is_one: the value of every row is 1, so the sum is the number of rows.
    """

    column: str
    kind: dt.DataType
    aggregates: tuple[Aggregate, ...]
    meaning: str
    average: dt.DataType = field(default_factory=lambda: dt.float64)
    nullable: bool = False
    is_one: bool = False

    def type(self, aggregate: Aggregate) -> dt.DataType:
        """Return the type of an aggregate of this value."""
        if aggregate is AVG:
            return self.average
        if aggregate is SUM and self.kind.is_decimal():
            return dt.Decimal(24, 2)
        return self.kind


@dataclass(frozen=True, kw_only=True)
class Window:
    """Rows issued at most this number of months before the reference date; None for all rows."""

    months: int | None = None

    @property
    def flag(self) -> str | None:
        """Return the column of the stage that tells whether a row is in the window."""
        return None if self.months is None else f"flg_u{self.months}m"

    @property
    def meaning(self) -> str:
        """Return the description of the months, in the language of the business."""
        if self.months is None:
            return "todas as faturas do período do book"
        return "último mês" if self.months == 1 else f"últimos {self.months} meses"


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable, a column of a book."""

    column: str
    of: Class
    value: Value
    window: Window
    aggregate: Aggregate

    @property
    def name(self) -> str:
        """Return a descriptive name of the variable."""
        words = (self.aggregate, self.value.column.removeprefix("fvl_"), self.of.name)
        name = "_".join(words).lower()
        return name if self.window.months is None else f"{name}_u{self.window.months}m"

    @property
    def type(self) -> dt.DataType:
        """Return the type of the column."""
        return self.value.type(self.aggregate)

    @property
    def meaning(self) -> str:
        """Return the meaning of the variable, in the language of the business."""
        return (
            f"{_IN_WORDS[self.aggregate]}: {self.value.meaning}; {self.of.meaning};"
            f" {self.window.meaning}"
        )


_IN_WORDS = {SUM: "Soma", AVG: "Média", MIN: "Mínimo", MAX: "Máximo"}


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A book; its variables are ordered by class, value, window and aggregate.

    Args:
        numbered: variables are named ``var_1``, ``var_2``, …; otherwise by descriptive names.
    """

    classes: tuple[Class, ...]
    values: tuple[Value, ...]
    windows: tuple[Window, ...]
    numbered: bool = False

    @functools.cached_property
    def variables(self) -> tuple[Variable, ...]:
        """Return every variable, in order."""
        found: list[Variable] = []
        for of in self.classes:
            for value in self.values:
                for window in self.windows:
                    for aggregate in value.aggregates:
                        made = Variable(
                            column=f"var_{len(found) + 1}",
                            of=of,
                            value=value,
                            window=window,
                            aggregate=aggregate,
                        )
                        found.append(made)
        return tuple(found if self.numbered else (replace(v, column=v.name) for v in found))


NO_PRAZO = "PAGAMENTO_NO_PRAZO"
ANTECIPADO = "PAGAMENTO_ANTECIPADO"
SEM_PAGAMENTO = "SEM_PAGAMENTO"
EM_ATRASO = "PAGAMENTO_EM_ATRASO"
TOTAL, PARCIAL, SEM_VALOR, EXCEDENTE = (
    "VALOR_TOTAL",
    "VALOR_PARCIAL",
    "SEM_VALOR",
    "VALOR_EXCEDENTE",
)
INSUFICIENTE = "PAGAMENTO_INSUFICIENTE"
MINIMO = "PAGAMENTO_MINIMO"
ACIMA_DO_MINIMO = "PAGAMENTO_PARCIAL"
SEM_MINIMO = "PAGAMENTO_SEM_MINIMO"
PAGO_TOTAL = "PAGAMENTO_TOTAL"
PAGO_EXCEDENTE = "PAGAMENTO_EXCEDENTE"

BY_DATE, BY_AMOUNT, BY_MINIMUM = (
    "fbc_classif_pagto",
    "fbc_classif_vlr_pagto",
    "fbc_classif_pagto_min",
)
WINDOWS = (1, 3, 6, 9, 12)

_ALL = (SUM, AVG, MIN, MAX)
_NOT_ADDED_UP = (AVG, MIN, MAX)
_INVOICE = Value(
    column="fvl_vlr_fatura",
    kind=MONEY,
    aggregates=_ALL,
    average=dt.Decimal(18, 6),
    meaning="valor da fatura em R$",
)
_COUNT = Value(
    column="fvl_qtd_transacao",
    kind=dt.int64,
    aggregates=(SUM,),
    is_one=True,
    meaning="quantidade de transações",
)
_DAYS = Value(
    column="fvl_numero_dias_atraso",
    kind=dt.int64,
    aggregates=_NOT_ADDED_UP,
    meaning="dias de atraso (−1 se antecipado)",
)
_PERCENT = Value(
    column="fvl_perc_vlr_fatura",
    kind=dt.int64,
    aggregates=_NOT_ADDED_UP,
    average=dt.Decimal(18, 4),
    meaning="percentual pago da fatura",
)
_UNBOUNDED_PERCENT = replace(_PERCENT, average=dt.Decimal(22, 4))
"""The amount paid may be any multiple of the invoice's value."""
_PAID = Value(
    column="fvl_vlr_pagto",
    kind=dt.Decimal(18, 2),
    aggregates=_ALL,
    average=dt.Decimal(22, 6),
    nullable=True,
    meaning="valor pago em R$",
)
_LEAST = Value(
    column="fvl_vlr_pagto_min",
    kind=MONEY,
    aggregates=_ALL,
    average=dt.Decimal(18, 6),
    nullable=True,
    meaning="valor do pagamento mínimo em R$",
)
_WINDOWS = (Window(), *(Window(months=months) for months in WINDOWS))

FATURA = Declaration(
    classes=(
        Class(column=BY_DATE, name=NO_PRAZO, meaning="faturas pagas no vencimento"),
        Class(column=BY_DATE, name=ANTECIPADO, meaning="faturas pagas antes do vencimento"),
        Class(column=BY_DATE, name=SEM_PAGAMENTO, meaning="faturas sem pagamento"),
        Class(column=BY_DATE, name=EM_ATRASO, meaning="faturas pagas depois do vencimento"),
        Class(column=BY_AMOUNT, name=TOTAL, meaning="faturas pagas por inteiro"),
        Class(column=BY_AMOUNT, name=PARCIAL, meaning="faturas pagas em parte"),
        Class(column=BY_AMOUNT, name=SEM_VALOR, meaning="faturas sem valor pago"),
    ),
    values=(_INVOICE, _COUNT, _DAYS, _PERCENT),
    windows=_WINDOWS,
    numbered=True,
)
"""The 462 variables."""

EXCEDENTES = Declaration(
    classes=(Class(column=BY_AMOUNT, name=EXCEDENTE, meaning="faturas pagas acima do valor"),),
    values=(_INVOICE, _COUNT, _DAYS, _UNBOUNDED_PERCENT),
    windows=_WINDOWS,
)
"""The 66 variables of overpayments, a class that the 462 variables do not have."""

AMPLIADO = Declaration(
    classes=(
        Class(column=BY_MINIMUM, name=INSUFICIENTE, meaning="pagas abaixo do mínimo"),
        Class(column=BY_MINIMUM, name=MINIMO, meaning="pagas exatamente no mínimo"),
        Class(column=BY_MINIMUM, name=ACIMA_DO_MINIMO, meaning="pagas em parte, acima do mínimo"),
        Class(column=BY_MINIMUM, name=SEM_MINIMO, meaning="pagas em parte, sem mínimo informado"),
        Class(column=BY_MINIMUM, name=PAGO_TOTAL, meaning="faturas pagas por inteiro"),
        Class(column=BY_MINIMUM, name=PAGO_EXCEDENTE, meaning="faturas pagas acima do valor"),
    ),
    values=(_COUNT, _PAID, _LEAST),
    windows=_WINDOWS,
)
"""Classes by minimum payment, over the amounts paid and the minimum payments."""

"""What is asked of the tables of cards every day.

Keys and values that must be there are kept before a row is stored (see `kept_by`); the checks on
them here look at what is stored, and fail the run when it is not so.
"""

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir

from lakehouse.domains.cards import SPEC
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.domains.cards.sources import INVOICES, PAYMENTS
from lakehouse.platform.quality.checks import QualityCheck, Result, rows_of
from lakehouse.platform.quality.common_checks import books, drift, none_found, rejections
from lakehouse.platform.tables.table import Table

MINIMUM = 30
"""Least payment in percent of the invoice."""
CENT = "0.01"


def repeated(*key: str) -> Callable[[ir.Table], ir.Table]:
    """Keys that a day holds more than once."""

    def measure(table: ir.Table) -> ir.Table:
        counted = table.group_by("day", *key).agg(n=table.count())
        return _named(counted.filter(counted.n > 1), key)

    return measure


def unset(*columns: str, key: Sequence[str]) -> Callable[[ir.Table], ir.Table]:
    """Rows without a value that must be there."""

    def measure(table: ir.Table) -> ir.Table:
        return _named(table.filter(ibis.or_(*(table[name].isnull() for name in columns))), key)

    return measure


def unusual_minimum(invoices: ir.Table) -> ir.Table:
    """Invoices whose minimum is not three tenths of them, to the cent."""
    apart = (invoices.vlr_pagto_min * 100 - invoices.vlr_fatura * MINIMUM).abs()
    allowed = ibis.literal(CENT).cast("decimal(18, 2)") * 100
    return _named(invoices.filter(apart > allowed), ("id_cliente", "id_fatura"))


def issued_after_file(table: ir.Table) -> ir.Table:
    """Invoices of a later day than the one on which their file was generated."""
    generated = table.dt_proc.substr(0, 8)
    issued = table.ref + table.dt_emissao.day().cast("string").lpad(2, "0")
    return _named(table.filter(issued > generated), ("id_cliente", "id_fatura"))


def _named(found: ir.Table, key: Sequence[str]) -> ir.Table:
    label = found[key[0]].cast("string") + "-" + found[key[1]].cast("string")
    return found.group_by("day").agg(
        found=found.count(), names=label.collect(order_by=[found[name] for name in key])
    )


def _gates(table: Table, key: tuple[str, str], required: Sequence[str]) -> tuple[QualityCheck, ...]:
    """What stops a run: a repeated key, and a value that is not there."""
    promise = f"the contract of {table.id.name}"
    return (
        QualityCheck(
            name="uniqueness",
            category="uniqueness",
            table=table.id,
            description=f"{' and '.join(key)} name one row; fails otherwise.",
            reads=(rows_of(table),),
            measure=repeated(*key),
            judge=none_found("repeated keys", Result.FAIL),
            blocking=True,
            kept_by=f"{promise}: of rows with one key, on whatever day, the latest dt_proc is kept",
        ),
        QualityCheck(
            name="not_null",
            category="completeness",
            table=table.id,
            description="Ids, dates and amounts are there; fails otherwise.",
            reads=(rows_of(table),),
            measure=unset(*required, key=key),
            judge=none_found("rows", Result.FAIL),
            blocking=True,
            kept_by=f"{promise}, under which such a row is rejected",
        ),
        rejections(table),
    )


CHECKS = (
    *_gates(
        tb_faturas,
        ("id_cliente", "id_fatura"),
        ("dt_proc", "ref", "dt_emissao", "dt_vencimento", "vlr_fatura"),
    ),
    *_gates(
        tb_pagamentos,
        ("id_cliente", "id_pagamento"),
        ("id_fatura", "dt_proc", "ref", "dt_pagamento", "vlr_pagamento"),
    ),
    QualityCheck(
        name="minimum",
        category="consistency",
        table=tb_faturas.id,
        description="The minimum, where there is one, is 30 % of the invoice to the cent; warns.",
        reads=(rows_of(tb_faturas),),
        measure=unusual_minimum,
        judge=none_found("invoices", Result.WARN),
    ),
    QualityCheck(
        name="issued_after_file",
        category="timeliness",
        table=tb_faturas.id,
        description="No invoice is of a later day than its file; warns with the invoices.",
        reads=(rows_of(tb_faturas),),
        measure=issued_after_file,
        judge=none_found("invoices", Result.WARN),
    ),
    books(SPEC.name, INVOICES.bronze),
    drift(INVOICES.raw),
    drift(PAYMENTS.raw),
)

"""Quality checks of cards, evaluated for every day.

Unique keys and required values are enforced before a row is stored (see `enforced_by`). The checks
on them here read what is stored, and fail the run if it breaks the rule.
"""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.cards import SPEC
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.domains.cards.sources import INVOICES, PAYMENTS
from lakehouse.platform.quality.checks import QualityCheck
from lakehouse.platform.quality.common_checks import no_rows, not_null, unique
from lakehouse.platform.quality.delivery_checks import (
    declared_columns,
    no_rejections,
    reconciled_files,
)
from lakehouse.platform.tables.table import Table

MINIMUM = 30
"""Minimum payment in percent of the invoice."""
CENT = "0.01"
INVOICE, PAYMENT = ("id_cliente", "id_fatura"), ("id_cliente", "id_pagamento")


def unusual_minimum(invoices: ir.Table) -> ir.Table:
    """Return the invoices whose minimum payment differs from 30 % by more than a cent."""
    apart = (invoices.vlr_pagto_min * 100 - invoices.vlr_fatura * MINIMUM).abs()
    return invoices.filter(apart > ibis.literal(CENT).cast("decimal(18, 2)") * 100)


def issued_after_file(invoices: ir.Table) -> ir.Table:
    """Return the invoices that were issued after the day on which their file was generated."""
    generated = invoices.dt_proc.substr(0, 8)
    issued = invoices.ref + invoices.dt_emissao.day().cast("string").lpad(2, "0")
    return invoices.filter(issued > generated)


def paid_after_file(payments: ir.Table) -> ir.Table:
    """Return the payments that were made after the day on which their file was generated."""
    generated = payments.dt_proc.substr(0, 8)
    paid = payments.ref + payments.dt_pagamento.day().cast("string").lpad(2, "0")
    return payments.filter(paid > generated)


def _blocking(
    table: Table, key: tuple[str, str], *required: str
) -> tuple[QualityCheck, QualityCheck]:
    contract = f"the contract of {table.id.name}"
    return (
        unique(
            table,
            *key,
            description=f"{' and '.join(key)} identify one row; fails with the repeated keys.",
            enforced_by=f"{contract}: of the rows with one key, on any day, the row with the latest"
            " dt_proc is stored",
        ),
        not_null(
            table,
            *required,
            key=key,
            description="Ids, dates and amounts are present; fails with the rows without them.",
            enforced_by=f"{contract}, which rejects such a row",
        ),
    )


CHECKS = (
    *_blocking(tb_faturas, INVOICE, "dt_proc", "ref", "dt_emissao", "dt_vencimento", "vlr_fatura"),
    no_rejections(tb_faturas),
    *_blocking(
        tb_pagamentos, PAYMENT, "id_fatura", "dt_proc", "ref", "dt_pagamento", "vlr_pagamento"
    ),
    no_rejections(tb_pagamentos),
    no_rows(
        tb_faturas,
        unusual_minimum,
        key=INVOICE,
        name="minimum",
        category="consistency",
        noun="invoices",
        description="The minimum payment, if there is one, is 30 % of the invoice to the cent;"
        " warns with the other invoices.",
    ),
    no_rows(
        tb_faturas,
        issued_after_file,
        key=INVOICE,
        name="issued_after_file",
        category="timeliness",
        noun="invoices",
        description="No invoice was issued after the day of its file; warns with the invoices.",
    ),
    no_rows(
        tb_pagamentos,
        paid_after_file,
        key=PAYMENT,
        name="paid_after_file",
        category="timeliness",
        noun="payments",
        description="No payment was made after the day of its file; warns with the payments.",
    ),
    reconciled_files(SPEC.name, INVOICES.bronze),
    declared_columns(INVOICES.raw),
    declared_columns(PAYMENTS.raw),
)

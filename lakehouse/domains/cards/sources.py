"""Datasets of PoD Cartões: invoices and payments, each in one of two layouts.

A file name ends in its reference day and the moment when the file was generated, for example
``tb_faturas_20241201_20241202000000.csv``. A file without them belongs to no dataset, because only
they tell which of two versions of an invoice is the later one.
"""

from lakehouse.domains.cards import SPEC, control
from lakehouse.platform.tables.csv_format import CsvDialect
from lakehouse.platform.tables.source import Column, Source

UP_TO_SEQUENCE = "^.*-"
"""The prefix of an identifier that only the first layout has: ``PG-345-7`` there, ``7`` here."""

INVOICES = Source(
    domain=SPEC.name,
    dataset=control.FATURAS,
    description="Invoices as they were received, one row per record.",
    files=r"tb_faturas?_[0-9]{8}_[0-9]{14}\.csv",
    example="tb_faturas_20241201_20241202000000.csv",
    columns={
        "id_fatura": (
            "Number of the invoice: <client>-<sequence> in the first layout, <sequence> in the"
            " second"
        ),
        "id_cliente": Column("Number of the client", personal="identifier"),
        "data_emissao": Column(
            "Date on which the invoice was issued", aliases=("dt_emissao_fatura",)
        ),
        "data_vencimento": Column(
            "Date on which the invoice is due", aliases=("dt_vencimento_fatura",)
        ),
        "valor_fatura": "Value of the invoice in BRL",
        "valor_pagamento_minimo": Column(
            "Minimum payment in BRL; null in the second layout, which lacks the column",
            optional=True,
        ),
    },
    dialect=CsvDialect(strip=True),
    business_day="data_emissao",
    per_file=True,
    key=("id_cliente", "id_fatura"),
    affects={control.PAGAMENTOS: ("id_cliente", "id_fatura")},
    ignored_parts={"id_fatura": UP_TO_SEQUENCE},
    after_commit=control.announce,
)
PAYMENTS = Source(
    domain=SPEC.name,
    dataset=control.PAGAMENTOS,
    description="Payments as they were received, one row per record.",
    files=r"tb_pagamentos?_[0-9]{8}_[0-9]{14}\.csv",
    example="tb_pagamentos_20241201_20241202000000.csv",
    columns={
        "id_pagamento": (
            "Number of the payment: PG-<client>-<sequence> in the first layout, <sequence> in the"
            " second"
        ),
        "id_fatura": "Number of the invoice that is paid, in the form of the file's layout",
        "id_cliente": Column("Number of the client", personal="identifier"),
        "data_pagamento": Column("Date of the payment", aliases=("dt_pagamento",)),
        "valor_pagamento": "Amount paid in BRL",
    },
    dialect=CsvDialect(strip=True),
    business_day="data_pagamento",
    per_file=True,
    key=("id_cliente", "id_pagamento"),
    ignored_parts={"id_pagamento": UP_TO_SEQUENCE},
    after_commit=control.announce,
)

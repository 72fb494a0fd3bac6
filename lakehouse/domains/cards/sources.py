"""What lands: invoices and payments, in either of two layouts.

A file's name ends in its reference day and the moment when it was generated,
``tb_faturas_20241201_20241202000000.csv``. A name without them belongs to no dataset, because
nothing else says which of two versions of an invoice is the later one.
"""

from lakehouse.domains.cards import control
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.source import Source

UP_TO_SEQUENCE = "^.*-"
"""What an identifier of the first layout has and one of the second has not: ``PG-345-7``, ``7``."""

INVOICES = Source(
    dataset=control.FATURAS,
    files=r"tb_faturas?_[0-9]{8}_[0-9]{14}\.csv",
    format=CsvFormat(
        columns=(
            "id_fatura",
            "id_cliente",
            "data_emissao",
            "data_vencimento",
            "valor_fatura",
            "valor_pagamento_minimo",
        ),
        aliases={
            "dt_emissao_fatura": "data_emissao",
            "dt_vencimento_fatura": "data_vencimento",
        },
        optional=("valor_pagamento_minimo",),
        strip=True,
    ),
    business_day="data_emissao",
    per_file=True,
    key=("id_cliente", "id_fatura"),
    affects={control.PAGAMENTOS: ("id_cliente", "id_fatura")},
    ignored={"id_fatura": UP_TO_SEQUENCE},
    kept=control.announce,
)
PAYMENTS = Source(
    dataset=control.PAGAMENTOS,
    files=r"tb_pagamentos?_[0-9]{8}_[0-9]{14}\.csv",
    format=CsvFormat(
        columns=("id_pagamento", "id_fatura", "id_cliente", "data_pagamento", "valor_pagamento"),
        aliases={"dt_pagamento": "data_pagamento"},
        strip=True,
    ),
    business_day="data_pagamento",
    per_file=True,
    key=("id_cliente", "id_pagamento"),
    ignored={"id_pagamento": UP_TO_SEQUENCE},
    kept=control.announce,
)

SOURCES = (INVOICES, PAYMENTS)

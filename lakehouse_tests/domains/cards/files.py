"""Files of invoices and payments, and a lake that ingests them."""

from dataclasses import replace
from pathlib import Path

from lakehouse.platform.tables.registry import Domain
from lakehouse_tests.domains.business import Business

SAMPLE = Path(__file__).parents[3].parent / "shared" / "data" / "cards"
INVOICES = "id_fatura,id_cliente,data_emissao,data_vencimento,valor_fatura,valor_pagamento_minimo"
PAYMENTS = "id_pagamento,id_fatura,id_cliente,data_pagamento,valor_pagamento"


class Tables(Business):
    """Cards without its books, which are slow and have their own tests."""

    @property
    def domain(self) -> Domain:
        whole = super().domain
        return replace(
            whole, tables=tuple(t for t in whole.tables if t.options.reference_dates is None)
        )


def invoices_name(generated: str = "20240302000000", table: str = "tb_faturas") -> str:
    return f"{table}_20240301_{generated}.csv"


def payments_name(generated: str = "20240302000000") -> str:
    return f"tb_pagamentos_20240301_{generated}.csv"


def lines(header: str, *rows: str) -> str:
    return "".join(f"{line}\n" for line in (header, *rows))

"""Variables of the models: the 462 of the native book, and counts from the stage of the book.

All are known on the reference date. None is a personal column: the number of the client only joins
and splits the rows.
"""

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from lakehouse.domains.cards.book import declaration as names
from lakehouse.domains.cards.book.declaration import FATURA
from lakehouse.domains.cards.positions import RISK_DAYS
from lakehouse.domains.cards.risk.scorecard import Numbers

CLIENT = "id_cliente"
RULE = "qtd_sem_pagamento_recente"
"""Invoices without payment that came due in the last 180 days; three are a risk by the rule."""
KNOWN = "qtd_faturas_conhecidas"
"""Invoices that are paid or have come due: what is known about the behavior of a client."""
MEAN_VALUE = "vlr_medio_fatura"
FEWEST_KNOWN = 3
"""With fewer known invoices a client has no history, and no probability."""

BOOK = tuple(variable.name for variable in FATURA.variables)
COLUMNS = {variable.name: variable.column for variable in FATURA.variables}
CLASSES = ("sem_pagamento", "no_prazo", "antecipado", "em_atraso")
SHARES = {f"perc_{of}_u{months}m": (of, months) for of in CLASSES for months in (3, 6, 12)}
"""Shares, 0 to 1, of the invoices of a window that were paid in time, early, late or not. Counts
grow with the history of a client, shares do not."""
ALL = (*BOOK, *SHARES, RULE)
"""Variables that a model may use."""
TEN = (
    RULE,
    "perc_sem_pagamento_u3m",
    "perc_sem_pagamento_u12m",
    "perc_em_atraso_u3m",
    "perc_em_atraso_u12m",
    "perc_antecipado_u6m",
    "sum_qtd_transacao_sem_pagamento_u1m",
    "avg_numero_dias_atraso_pagamento_em_atraso_u12m",
    "avg_perc_vlr_fatura_valor_parcial_u6m",
    "avg_vlr_fatura_sem_pagamento_u12m",
)
"""Variables of the logistic regression, chosen by their meaning."""


RECENCY = "dias_desde_ultima_fatura"
SKIPPED_DAYS = 45.0
"""Days without an invoice from which a monthly invoice was skipped."""
ACTIVE_DAYS = 90
"""A client without an invoice in these days before the reference date has left already."""
ACTIVITY = (
    RECENCY,
    *(f"qtd_faturas_u{months}m" for months in (1, 3, 6, 12)),
    "perc_valor_u1m",
    "perc_valor_u3m",
)
"""What the invoices of a client say of its activity: days since the last one, their number by
window, and the mean value in a window as a share of that of the year."""


def newest_book(book: ir.Table) -> ir.Table:
    """Return the variables of the newest reference date by their names, as floats."""
    newest = _newest(book)
    return newest.select(
        CLIENT,
        dt_referencia="day",
        **{name: newest[column].cast("float32") for name, column in COLUMNS.items()},
    )


def newest_history(stage: ir.Table) -> ir.Table:
    """Return the counts of each client of the newest reference date; see `history`."""
    return history(_newest(stage))


def history(stage: ir.Table) -> ir.Table:
    """Return the counts of each client: recent unpaid, known invoices, and the mean value."""
    unpaid = stage.fbc_classif_pagto == names.SEM_PAGAMENTO
    late = stage.fvl_numero_dias_atraso
    return stage.group_by(CLIENT).agg(
        **{
            RULE: stage.count(where=unpaid & late.between(1, RISK_DAYS)),
            KNOWN: stage.count(where=~unpaid | (late > 0)),
            MEAN_VALUE: stage.fvl_vlr_fatura.cast("float64").mean(),
        }
    )


def newest_activity(stage: ir.Table) -> ir.Table:
    """Return the activity of each client of the newest reference date; see `activity`."""
    return activity(_newest(stage))


def activity(stage: ir.Table) -> ir.Table:
    """Return the columns of `ACTIVITY` of each client."""
    value = stage.fvl_vlr_fatura.cast("float64")
    mean = value.mean().nullif(0)
    return stage.group_by(CLIENT).agg(
        **{
            RECENCY: stage.day.delta(stage.dt_emissao, unit="day").min().cast("float64"),
            **{
                f"qtd_faturas_u{months}m": stage[f"flg_u{months}m"].sum().cast("float64")
                for months in (1, 3, 6, 12)
            },
            **{
                f"perc_valor_u{months}m": value.mean(where=stage[f"flg_u{months}m"] == 1) / mean
                for months in (1, 3)
            },
        }
    )


def _newest(rows: ir.Table) -> ir.Table:
    newest = rows.agg(newest=rows.day.max())
    return rows.inner_join(newest, rows.day == newest.newest).drop("newest")


def history_of(stage: pa.Table) -> pa.Table:
    """Return `history` and `activity` of rows in memory."""
    connection = ibis.duckdb.connect()
    given = connection.create_table("stage", stage)
    counts, active = (
        connection.to_pyarrow(each(given).order_by(CLIENT)) for each in (history, activity)
    )
    return counts.join(active, CLIENT)


def matrix(rows: pa.Table, variables: tuple[str, ...]) -> Numbers:
    """Return one row per client and one column per variable; NaN where a variable is null."""
    found = np.empty((rows.num_rows, len(variables)), np.float64)
    for place, name in enumerate(variables):
        column = rows[name].cast(pa.float64()).combine_chunks()
        found[:, place] = column.to_numpy(zero_copy_only=False)
    return found


def with_shares(rows: pa.Table) -> pa.Table:
    """Return rows of the named book with the columns of `SHARES`; null without any invoice."""
    counts = {each: _count(rows, *each) for each in SHARES.values()}
    for name, (of, months) in SHARES.items():
        total = np.sum([counts[each, months] for each in CLASSES], axis=0)
        share = np.divide(
            counts[of, months], total, out=np.full(rows.num_rows, np.nan), where=total > 0
        )
        rows = rows.append_column(name, pa.array(share, from_pandas=True))
    return rows


def _count(rows: pa.Table, of: str, months: int) -> Numbers:
    kind = of if of == "sem_pagamento" else f"pagamento_{of}"
    values = matrix(rows, (f"sum_qtd_transacao_{kind}_u{months}m",))[:, 0]
    return np.nan_to_num(values)

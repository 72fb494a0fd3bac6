"""Columns of the probability of each client, of default and of churn."""

import datetime as dt

import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards.risk import rows
from lakehouse.platform.tables.contract import TableModel


class ClientRisk(TableModel):
    """One client with at least one invoice."""

    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    dt_referencia: dt.date = pa.Field(
        nullable=True,
        description="Reference date of the book with the variables; null without history",
    )
    situacao: str = pa.Field(
        isin=rows.SITUATIONS,
        description="avaliado; sem_historico: fewer than three invoices that are paid or have come"
        " due; sem_modelo: no model is in use yet",
    )
    probability: Decimal(9, 6) = pa.Field(
        nullable=True,
        ge=0,
        le=1,
        description="Probability, 0 to 1; null unless situacao is avaliado",
    )
    rank: int = pa.Field(
        nullable=True,
        ge=1,
        description="1 is the highest probability, equal ones have the same rank; null unless"
        " situacao is avaliado",
    )
    contributions: str = pa.Field(
        nullable=True,
        description="Share of each variable in the log-odds of the probability, as JSON: base, the"
        " largest ones, and outras (the sum of the others); they add up exactly; null unless"
        " situacao is avaliado",
    )
    model: str = pa.Field(
        nullable=True,
        description="Kind of the model in use: base_rate, rule, logistic or boosted; null unless"
        " situacao is avaliado",
    )
    model_version: str = pa.Field(
        nullable=True,
        description="Version of the model, as in ops.models; null unless situacao is avaliado",
    )

"""Columns of the probability of each client, of default and of churn, and of drifts."""

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


class VariableDrift(TableModel):
    """One variable of the model in use."""

    dt_referencia: dt.date = pa.Field(description="Reference date of the newest book")
    variable: str = pa.Field(description="Descriptive name of the variable, as in the book")
    is_used: bool = pa.Field(
        description="Whether the model in use has a score for the variable; others are observed"
    )
    clients: int = pa.Field(gt=0, description="Number of clients with history in the newest book")
    missing_before_share: Decimal(9, 6) = pa.Field(
        ge=0, le=1, description="Share of the training examples without a value, 0 to 1"
    )
    missing_share: Decimal(9, 6) = pa.Field(
        ge=0, le=1, description="Share of these clients without a value, 0 to 1"
    )
    stability_index: float = pa.Field(
        ge=0,
        description="Population stability index over the deciles of the training examples and the"
        " nulls; 0 without drift",
    )
    drift: str = pa.Field(
        isin=("none", "small", "large"),
        description="none up to an index of 0.1, small up to 0.25, else large",
    )
    model_version: str = pa.Field(description="Version of the model, as in ops.models")

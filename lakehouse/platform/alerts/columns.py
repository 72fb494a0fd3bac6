"""Columns that the alerts of every domain have."""

import datetime as dt

import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.platform.alerts.kinds import SEVERITIES, STATES
from lakehouse.platform.tables.contract import TableModel


class AlertName(TableModel):
    """What identifies an alert, and what is wrong."""

    alert_id: str = pa.Field(
        description="Family of the kind, place and first day, such as volume-u7-20260305; the same"
        " in every run that finds the incident"
    )
    kind: str = pa.Field(description="What is wrong, see docs/alerts.md")
    scope: str = pa.Field(description="How much is hit, such as one unit or everything")


class AlertSubject(TableModel):
    """What people call the place of an alert."""

    subject: str = pa.Field(description="Name of what is hit, in Portuguese")


class AlertFigures(TableModel):
    """How urgent an alert is, since when, its figures, and what to do."""

    severity: str = pa.Field(isin=SEVERITIES, description="critical, high or medium")
    first_day: dt.date = pa.Field(description="First day of the incident")
    detected_day: dt.date = pa.Field(description="First day whose data show it")
    last_day: dt.date = pa.Field(description="Last day on which it was found")
    days: int = pa.Field(gt=0, description="Number of days on which it was found")
    measure: str = pa.Field(description="What actual and expected count; brl is BRL")
    actual: Decimal(18, 2) = pa.Field(
        description="Figure of the last day, or of the days up to it that the message names, in the"
        " measure"
    )
    expected: Decimal(18, 2) = pa.Field(
        nullable=True, description="Usual figure, in the measure; null without enough history"
    )
    expected_low: Decimal(18, 2) = pa.Field(
        nullable=True,
        description="Lower end of the usual range, in the measure; null without enough history",
    )
    expected_high: Decimal(18, 2) = pa.Field(
        nullable=True,
        description="Upper end of the usual range, in the measure; null without enough history",
    )
    message: str = pa.Field(description="What is wrong, with its figures, in Portuguese")
    action: str = pa.Field(description="Recommended action, in Portuguese")
    owner: str = pa.Field(description="Team that acts unless somebody takes the alert over")
    state: str = pa.Field(
        isin=STATES,
        description="open while the incident lasts, ended when it has not been found for some"
        " days; what people decided is in ops.alert_decisions",
    )


class AlertColumns(AlertFigures, AlertSubject, AlertName):
    """One incident: what is wrong, where, since when, and what to do."""

"""Sentences about alerts in Portuguese, for domains whose alerts are computed by Python code."""

from lakehouse.platform.alerts.incidents import Incident

BRL = "brl"
"""Measure of amounts in BRL."""


def sentence(subject: str, incident: Incident) -> str:
    """Return what is wrong, where and when, the figure and the usual range."""
    last = incident.last
    when = f"em {last.day:%d/%m/%Y}"
    if incident.first_day != last.day:
        when = f"de {incident.first_day:%d/%m/%Y} a {last.day:%d/%m/%Y}"
    measure = incident.kind.measure
    over = "Último dia" if last.window == 1 else f"Últimos {last.window} dias"
    actual, expected, low, high = (
        figure(value, measure) for value in (last.actual, last.expected, last.low, last.high)
    )
    usual = f"esperado {expected} (de {low} a {high})"
    return f"{subject}: {incident.kind.title} {when}. {over}: {actual}, {usual}"


def figure(value: float, measure: str) -> str:
    """Return a figure as people write it: whole reais, or a whole number.

    >>> figure(1234567.4, "brl")
    'R$ 1.234.567'
    """
    text = f"{value:,.0f}".replace(",", ".")
    return f"R$ {text}" if measure == BRL else text

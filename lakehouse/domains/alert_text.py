"""Sentences about alerts in Portuguese, for domains whose alerts are computed by Python code."""

from math import isnan

from lakehouse.platform.alerts.incidents import Incident

BRL = "brl"
"""Measure of amounts in BRL."""


def sentence(subject: str, incident: Incident, about: str = "") -> str:
    """Return what is wrong, where and when, the figure and the usual range.

    `about` replaces the title of the kind.
    """
    last = incident.last
    when = f"em {last.day:%d/%m/%Y}"
    if incident.first_day != last.day:
        when = f"de {incident.first_day:%d/%m/%Y} a {last.day:%d/%m/%Y}"
    measure = incident.kind.measure
    over = "Último dia" if last.window == 1 else f"Últimos {last.window} dias"
    actual = figure(last.actual, measure)
    usual = "sem histórico para comparar"
    if not isnan(last.expected):
        expected, low, high = (figure(v, measure) for v in (last.expected, last.low, last.high))
        usual = f"esperado {expected} (de {low} a {high})"
    return f"{subject}: {about or incident.kind.title} {when}. {over}: {actual}, {usual}"


def figure(value: float, measure: str) -> str:
    """Return a figure as people write it: whole reais, or a whole number.

    >>> figure(1234567.4, "brl")
    'R$ 1.234.567'
    """
    text = f"{value:,.0f}".replace(",", ".")
    return f"R$ {text}" if measure == BRL else text

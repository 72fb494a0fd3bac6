"""Say how the revenue forecast is made: which method, why, and how good it was in the back-test."""

from dash import html
from dash.development.base_component import Component

from lakehouse.dashboard.declare import Query
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.snapshots import Row, Snapshot
from lakehouse.dashboard.words import Language, Words, written

MODELS = {
    "seasonal_naive": Words("mesmo dia da semana", "same weekday"),
    "ma_7": Words("média de 7 dias", "mean of 7 days"),
    "ma_14": Words("média de 14 dias", "mean of 14 days"),
    "ma_30": Words("média de 30 dias", "mean of 30 days"),
    "decomposition": Words("decomposição", "decomposition"),
    "decomposition_trend": Words("decomposição com tendência", "decomposition with trend"),
    "weekday_mean_4": Words("média de 4 semanas", "mean of 4 weeks"),
    "weekday_median_5": Words("mediana de 5 semanas", "median of 5 weeks"),
    "croston": Words("demanda rara (Croston)", "rare demand (Croston)"),
    "tsb": Words("demanda rara (TSB)", "rare demand (TSB)"),
    "adida": Words("semanas suavizadas", "smoothed weeks"),
}
FLAT = ("ma_7", "ma_14", "ma_30", "croston", "tsb")
"""Methods that expect the same on each of the next days."""
METHODS = Query(
    sql="""
SELECT method, sum(series) AS series, sum(mase * series) / sum(series) AS mase,
  sum(coverage_pct * series) / sum(series) / 100 AS inside
FROM gold.mrhealth_forecast_models
WHERE is_published AND level = 'unit revenue' AND week = 1
GROUP BY method ORDER BY series DESC, method
"""
)
HISTORY = Query(sql="SELECT count(DISTINCT day) AS days FROM gold.mrhealth_unit_day")
NO_METHOD = Words("Ainda não há método publicado.", "No method is published yet.")
SCALE = Words(
    "Erro de 1 = a mudança de uma semana para outra; menos é melhor.",
    "An error of 1 = the change from week to week; less is better.",
)


def method_in_words(selection: Selection, snapshot: Snapshot) -> Component:
    """Return the methods of the revenue of units with their quality, and why a curve is flat.

    Raises:
        DataError: the tables of the forecast cannot be read.
    """
    language = selection.language
    methods = snapshot.rows(selection.sql(METHODS))
    if not methods:
        return html.P(NO_METHOD.in_(language), className="quiet")
    ((days,),) = (row.values() for row in snapshot.rows(selection.sql(HISTORY)))
    lines = [html.Li(_quality(row, language)) for row in methods]
    parts: list[Component] = [html.Ul(lines, className="methods")]
    if all(row["method"] in FLAT for row in methods):
        parts.append(html.P(_why_flat(days).in_(language), id="previsao-reta"))
    parts.append(html.P(SCALE.in_(language), className="quiet small"))
    return html.Div(parts, className="sentences")


def _quality(row: Row, language: Language) -> str:
    name = MODELS.get(row["method"], Words(row["method"], row["method"]))
    units = Words("unidades", "units")
    error = Words("erro no teste", "error in the test")
    inside = Words(
        "dos dias do teste dentro do intervalo de 90%",
        "of the test's days inside the 90% interval",
    )
    count = written(row["series"], "count", language)
    parts = [f"{name.in_(language)} ({count} {units.in_(language)})"]
    if row["mase"] is not None:
        parts.append(f"{error.in_(language)} {written(row['mase'], 'decimal', language)}")
    if row["inside"] is not None:
        parts.append(f"{written(row['inside'], 'percent', language)} {inside.in_(language)}")
    return "; ".join(parts) + "."


def _why_flat(days: int) -> Words:
    return Words(
        "A linha é reta porque este método repete uma média e não distingue os dias da semana."
        f" Com {days} dias de história, foi o que menos errou no teste com dias passados. Com mais"
        " semanas, métodos que conhecem o dia da semana são testados de novo e podem substituí-lo.",
        "The line is flat because this method repeats a mean and does not tell weekdays apart."
        f" With {days} days of history it had the smallest error in the test on past days. With"
        " more weeks, methods that know the weekday are tested again and may replace it.",
    )

"""Draw charts with the components of Mantine, which follow the theme; no Plotly is loaded."""

import datetime as dt
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from lakehouse.dashboard.declare import Chart, TileMap
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.places import STATES, code_of_state
from lakehouse.dashboard.snapshots import Row
from lakehouse.dashboard.words import Language, labelled, written

DONUT_COLORS = ("teal.6", "indigo.5", "orange.5", "grape.5", "cyan.5", "gray.5")
TILE_STEPS = (18, 40, 92)
"""Strength of a tile's colour in percent, by the third of the largest value that it reaches."""
WEEKDAYS = {
    "pt": ("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


def draw(of: Chart, rows: list[Row], selection: Selection) -> Component:
    """Return the chart of some rows."""
    if of.form == "ranking":
        return _ranking(of, rows, selection)
    if of.form == "donut":
        return _donut(of, rows, selection)
    return _axes(of, rows, selection)


def _label(of: Chart, value: object, language: Language) -> str:
    if isinstance(value, dt.date):
        shown = f"{value:%d/%m}" if language == "pt" else f"{value.day} {value:%b}"
        return f"{WEEKDAYS[language][value.weekday()]} {shown}"
    text = str(value)
    return of.labels[text].in_(language) if text in of.labels else text


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _axes(of: Chart, rows: list[Row], selection: Selection) -> Component:
    language = selection.language
    data = [
        {"label": _label(of, row["label"], language)}
        | {series.name: _number(row[series.name]) for series in of.series}
        for row in rows
    ]
    series: list[dict[str, Any]] = [
        {"name": each.name, "label": each.label.in_(language), "color": each.color}
        for each in of.series
    ]
    common: dict[str, Any] = {
        "data": data,
        "dataKey": "label",
        "h": of.height,
        "valueFormatter": {"function": f"{of.kind}_{language}"},
        "yAxisProps": {"tickFormatter": {"function": f"{of.kind}_short_{language}"}, "width": 64},
        "xAxisProps": {"minTickGap": 24},
        "withLegend": len(series) > 1,
        "legendProps": {"verticalAlign": "bottom", "height": 32},
        "gridAxis": "x",
        "tickLine": "none",
        "tooltipAnimationDuration": 0,
    }
    if of.form == "bars":
        return dmc.BarChart(series=series, type="stacked", maxBarWidth=28, **common)
    for number, each in enumerate(series):
        filled = of.form == "area" and number == 0
        each["type"] = "area" if filled else "line"
        if of.form == "area" and number:
            each["strokeDasharray"] = "4 4"
    return dmc.CompositeChart(
        series=series, withDots=False, curveType="monotone", strokeWidth=2, **common
    )


def _ranking(of: Chart, rows: list[Row], selection: Selection) -> Component:
    (series,) = of.series
    values = [max(_number(row[series.name]) or 0.0, 0.0) for row in rows]
    most = max(values) or 1.0
    return html.Ol(
        [
            html.Li(
                [
                    html.Span(_label(of, row["label"], selection.language), className="rank-label"),
                    html.Span(
                        written(row[series.name], of.kind, selection.language),
                        className="rank-value",
                    ),
                    html.Span(
                        html.Span(style={"width": f"{100 * value / most:.1f}%"}),
                        className="rank-bar",
                    ),
                ]
            )
            for row, value in zip(rows, values, strict=True)
        ],
        className="ranking",
    )


def _donut(of: Chart, rows: list[Row], selection: Selection) -> Component:
    (series,) = of.series
    language = selection.language
    total = sum(_number(row[series.name]) or 0.0 for row in rows)
    data: list[dict[str, Any]] = [
        {
            "name": _label(of, row["label"], language),
            "value": _number(row[series.name]) or 0.0,
            "color": DONUT_COLORS[number % len(DONUT_COLORS)],
        }
        for number, row in enumerate(rows)
    ]
    legend = [
        html.Li(
            [
                html.Span(
                    className="dot",
                    style={"background": f"var(--mantine-color-{each['color'].replace('.', '-')})"},
                ),
                html.Span(each["name"], className="rank-label"),
                html.Span(
                    written(each["value"] / total if total else None, "percent", language),
                    className="rank-share",
                ),
                html.Span(
                    written(row[series.name], of.kind, language),
                    className="rank-value",
                ),
            ]
        )
        for each, row in zip(data, rows, strict=True)
    ]
    return html.Div(
        [
            html.Div(
                className="donut",
                role="img",
                style={"background": f"conic-gradient({_sectors(data, total)})"},
                **labelled(", ".join(f"{each['name']}" for each in data)),
            ),
            html.Ul(legend, className="legend"),
        ]
    )


def _sectors(data: list[dict[str, Any]], total: float) -> str:
    """Return the sectors of a ring as stops of a CSS gradient, with narrow gaps between them."""
    stops, start = [], 0.0
    gap = 0.4 if len(data) > 1 else 0.0
    for each in data:
        end = start + (100 * each["value"] / total if total else 0.0)
        color = f"var(--mantine-color-{each['color'].replace('.', '-')})"
        inner = max(start, end - gap)
        stops.append(f"{color} {start:.2f}% {inner:.2f}%, transparent {inner:.2f}% {end:.2f}%")
        start = end
    return ", ".join(stops)


def tile_map(of: TileMap, rows: list[Row], selection: Selection) -> Component:
    """Return the states as tiles; places outside of Brazil are listed below."""
    language = selection.language
    value_column = next(name for name in rows[0] if name != "label")
    values = {code_of_state(str(row["label"])): row[value_column] for row in rows}
    most = max((float(value or 0) for value in values.values()), default=0.0) or 1.0
    tiles = []
    for code, (name, row, column) in STATES.items():
        value = values.get(code)
        step = min(int(len(TILE_STEPS) * float(value or 0) / most), len(TILE_STEPS) - 1)
        strong = " tile-strong" if step == len(TILE_STEPS) - 1 else ""
        shown = written(value, of.kind, language)
        tiles.append(
            html.A(
                code,
                href=selection.address("/unidades", uf=code) if value is not None else None,
                title=f"{name}: {shown}",
                className=f"tile{strong}" if value is not None else "tile tile-empty",
                style={
                    "gridRow": row + 1,
                    "gridColumn": column + 1,
                    "--share": f"{TILE_STEPS[step]}%",
                },
            )
        )
    legend = [
        html.Li(
            [
                html.Span(str(row["label"] or "–"), className="rank-label"),
                html.Span(written(row[value_column], of.kind, language), className="rank-value"),
            ]
        )
        for row in rows[:6]
    ]
    return html.Div(
        [html.Div(tiles, className="tiles"), html.Ul(legend, className="legend")],
        className="map",
    )

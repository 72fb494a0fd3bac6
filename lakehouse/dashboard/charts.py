"""Draw charts: those with axes with the components of Mantine, the others as elements.

All follow the theme, and no Plotly is loaded.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from lakehouse.dashboard.declare import Chart, Series, TileMap
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.markup import Markup, drawing
from lakehouse.dashboard.places import STATES, code_of_state
from lakehouse.dashboard.snapshots import Row
from lakehouse.dashboard.words import Language, Words, domain_in, labelled, written

LINE_COLORS = ("teal.7", "indigo.5", "orange.6", "grape.5", "cyan.6", "red.5", "lime.7", "gray.6")
"""Colours of lines by the values of a column."""
STILL = {"isAnimationActive": False}
"""Drawn at once: an animation of each chart after each filter change keeps a processor busy."""
LONG = 180
"""A day of a chart of more days than these is written with its year, not its weekday."""
WITH_AXES = ("area", "line", "bars")
"""Forms that a component draws, which keeps its place when it is given other points."""
FEW, EVENLY = 12, {"interval": "equidistantPreserveStart"}
"""A chart with more points names every second, third … of them, so that the gaps are equal."""
SPARK_WIDTH, SPARK_HEIGHT = 100, 40
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


def sparkline(values: Sequence[float]) -> Markup:
    """Return the small line below a figure, from its lowest to its highest value."""
    low, high = min(values), max(values)
    across, up = SPARK_WIDTH / (len(values) - 1), (SPARK_HEIGHT - 4) / ((high - low) or 1)
    points = [
        f"{n * across:.1f},{SPARK_HEIGHT - 2 - (value - low) * up:.1f}"
        for n, value in enumerate(values)
    ]
    corners = [f"0,{SPARK_HEIGHT}", *points, f"{SPARK_WIDTH},{SPARK_HEIGHT}"]
    tree = drawing(
        "svg",
        [
            drawing("polygon", points=" ".join(corners)),
            drawing("polyline", points=" ".join(points), vectorEffect="non-scaling-stroke"),
        ],
        className="sparkline",
        viewBox=f"0 0 {SPARK_WIDTH} {SPARK_HEIGHT}",
        preserveAspectRatio="none",
        **{"aria-hidden": "true"},
    )
    return Markup("", tree)


def _label(of: Chart, value: object, language: Language, *, long: bool = False) -> str:
    if isinstance(value, dt.date) and long:
        return f"{value:%d/%m/%y}" if language == "pt" else f"{value.day} {value:%b %y}"
    if isinstance(value, dt.date):
        shown = f"{value:%d/%m}" if language == "pt" else f"{value.day} {value:%b}"
        return f"{WEEKDAYS[language][value.weekday()]} {shown}"
    text = str(value)
    if text in of.labels:
        return of.labels[text].in_(language)
    return " · ".join(domain_in(language, part) for part in text.split(" · "))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _points(
    of: Chart, rows: list[Row], language: Language
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the points of a chart with axes, and its series."""
    days = [row["label"] for row in rows if isinstance(row["label"], dt.date)]
    long = bool(days) and (max(days) - min(days)).days > LONG
    series: list[dict[str, Any]] = [
        {"name": each.name, "label": each.label.in_(language), "color": each.color}
        for each in of.series
    ]
    if of.by is None:
        return [
            {"label": _label(of, row["label"], language, long=long)}
            | {each.name: _number(row[each.name]) for each in of.series}
            | (
                {"_tips": {s.name: _tip(of, s, row, language) for s in of.series}}
                if of.details
                else {}
            )
            for row in rows
        ], series
    (only,) = of.series
    points: dict[Any, dict[str, Any]] = {}
    names = sorted({str(row[of.by]) for row in rows})
    for row in rows:
        label = _label(of, row["label"], language, long=long)
        point = points.setdefault(row["label"], {"label": label, "_tips": {}})
        point[str(row[of.by])] = _number(row[only.name])
        named = replace(only, label=Words(str(row[of.by]), str(row[of.by])))
        point["_tips"][str(row[of.by])] = _tip(of, named, row, language)
    return list(points.values()), [
        {"name": name, "label": name, "color": LINE_COLORS[n % len(LINE_COLORS)]}
        for n, name in enumerate(names)
    ]


def _tip(of: Chart, series: Series, row: Row, language: Language) -> list[tuple[str, str]]:
    """Return what the tooltip of a point says, a name and a value for each line."""
    shown = [(series.label.in_(language), written(row[series.name], of.kind, language))]
    return shown + [
        (each.label.in_(language), written(row[each.name], each.kind, language))
        for each in of.details
    ]


def _title(of: Chart, row: Row, language: Language) -> str | None:
    """Return the details of a row as a tooltip of HTML; None without details."""
    if not of.details:
        return None
    lines = [_label(of, row["label"], language)]
    lines += [f"{name}: {value}" for name, value in _tip(of, of.series[0], row, language)]
    return "\n".join(lines)


def _axes(of: Chart, rows: list[Row], selection: Selection) -> Component:
    language = selection.language
    data, series = _points(of, rows, language)
    used = [
        n
        for n, each in enumerate(series)
        if any(point.get(each["name"]) is not None for point in data)
    ]
    series = [series[n] for n in used]
    declared = of.series if of.by else [of.series[n] for n in used]
    common: dict[str, Any] = {
        "id": f"grafico-{of.id}",
        "data": data,
        "dataKey": "label",
        "h": of.height,
        "valueFormatter": {"function": f"{of.kind}_{language}"},
        "yAxisProps": {"tickFormatter": {"function": f"{of.kind}_short_{language}"}, "width": 84},
        "xAxisProps": {"minTickGap": 24} | (EVENLY if len(data) > FEW else {}),
        "withLegend": len(series) > 1,
        "legendProps": {"verticalAlign": "bottom", "height": 32 if len(series) < 4 else 56},
        "gridAxis": "x",
        "tickLine": "none",
        "tooltipAnimationDuration": 0,
    }
    if of.details or of.by:
        common["tooltipProps"] = {"content": {"function": "detailed"}}
    if of.form == "bars":
        return dmc.BarChart(series=series, type="stacked", maxBarWidth=28, barProps=STILL, **common)
    common |= {"lineProps": STILL, "areaProps": STILL, "barProps": STILL}
    for number, each in enumerate(series):
        filled = of.form == "area" and number == 0
        each["type"] = "area" if filled else "line"
        if of.form == "area" and number:
            each["strokeDasharray"] = "4 4"
    if any(each.points for each in declared):
        return _with_points(declared, series, common)
    if of.by:
        common |= {"withDots": True, "connectNulls": False}
        return dmc.CompositeChart(series=series, curveType="monotone", strokeWidth=2, **common)
    return dmc.CompositeChart(
        series=series, withDots=False, curveType="monotone", strokeWidth=2, **common
    )


def _with_points(
    declared: Sequence[Series], series: list[dict[str, Any]], common: dict[str, Any]
) -> Component:
    """Return a chart in which some series are single points: bars of the width of a line."""
    for each, own in zip(series, declared, strict=True):
        if own.points:
            each["type"] = "bar"
    return dmc.CompositeChart(
        series=series,
        withDots=False,
        curveType="linear",
        strokeWidth=1.5,
        maxBarWidth=6,
        minBarSize=2,
        **common,
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
                ],
                title=_title(of, row, selection.language),
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
            ],
            title=_title(of, row, language),
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

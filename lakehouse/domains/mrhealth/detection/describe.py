"""Add names, texts and identifiers to incidents."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.detection import usual
from lakehouse.domains.mrhealth.detection.incidents import of_kind
from lakehouse.platform.alerts.kinds import ENDED, OPEN
from lakehouse.platform.tables.expressions import newest_by, rate


def described(
    incidents: ir.Table, sales: ir.Table, menu: ir.Table, units: ir.Table, keep_days: int
) -> ir.Table:
    """Add names, texts and the identifier, and leave out what ended before the kept days."""
    ends = sales.agg(newest=usual.number_of(sales.day.max()))
    known = newest_by(units, "unit_id", at="day")
    known = known.select("unit_name", unit_key=known.unit_id, state_of_unit=known.state_name)
    numbers = units.group_by(state_key=units.state_name).agg(state_id=units.state_id.min())
    names = newest_by(menu, "product_id", at="day")
    names = names.select("product_name", product_key=names.product_id)
    rows = incidents.cross_join(ends)  # many to the one newest day
    searched = rows.newest - keep_days - rules.LONGEST_DAYS
    is_complete = rows.first_n > searched + rules.GAP_DAYS
    rows = rows.filter((rows.last_n > rows.newest - keep_days) & is_complete)
    rows = rows.left_join(known, "unit_key").drop("unit_key_right")  # many to one unit
    rows = rows.left_join(numbers, "state_key").drop("state_key_right")  # many to one state
    rows = rows.left_join(names, "product_key").drop("product_key_right")  # many to one product
    is_unit = rows.scope == rules.UNIT
    subject = ibis.cases(
        (is_unit, rows.unit_name.fill_null("Unidade " + rows.unit_key.cast("string"))),
        (rows.scope == rules.STATE, rows.state_key),
        else_="Rede",
    )
    place = ibis.cases(
        (is_unit, "u" + rows.unit_key.cast("string")),
        (rows.scope == rules.STATE, "s" + rows.state_id.cast("string").fill_null("0")),
        else_="all",
    )
    is_product = rows.product_key > 0
    product = is_product.ifelse("-p" + rows.product_key.cast("string"), "")
    first, last = usual.date_of(rows.first_n), usual.date_of(rows.last_n)
    measure = of_kind(rows.kind, lambda kind: kind.measure)
    return rows.select(
        "kind",
        "scope",
        "units",
        "severity",
        "days",
        alert_id=rows.family + "-" + place + product + "-" + first.strftime("%Y%m%d"),
        unit_id=is_unit.ifelse(rows.unit_key, ibis.null("int64")),
        subject=subject,
        state_name=is_unit.ifelse(rows.state_of_unit, rows.state_key.nullif("")),
        product_id=is_product.ifelse(rows.product_key, ibis.null("int64")),
        first_day=first,
        detected_day=usual.date_of(rows.detected_n),
        last_day=last,
        measure=measure,
        actual=_figure(rows.actual, measure),
        expected=_figure(rows.expected, measure),
        expected_low=_figure(rows.low, measure),
        expected_high=_figure(rows.high, measure),
        message=_message(rows, subject, first, last, measure),
        action=of_kind(rows.kind, lambda kind: kind.action),
        owner=of_kind(rows.kind, lambda kind: kind.owner),
        state=(rows.last_n >= rows.newest - rules.GAP_DAYS).ifelse(OPEN, ENDED),
    )


def _figure(value: ir.IntegerValue, measure: ir.Value) -> ir.Value:
    """Return a figure of an incident: cents as BRL, numbers as they are."""
    in_brl = rate(value, ibis.literal(100, "int64"), 2)
    return (measure == rules.REVENUE).ifelse(in_brl, value.cast("decimal(18, 2)"))


def _message(
    rows: ir.Table, subject: ir.Value, first: ir.Value, last: ir.Value, measure: ir.Value
) -> ir.Value:
    """Return the sentence for people: what, where, when, the figure and the usual range."""
    title = of_kind(rows.kind, lambda kind: kind.title)
    about = (rows.product_key > 0).ifelse(
        title + " (" + rows.product_name.fill_null("produto") + ")", title
    )
    many = (rows.units > 1).ifelse(
        " em " + rows.units.cast("string") + " unidades", ibis.literal("")
    )
    when = (rows.first_n == rows.last_n).ifelse(
        " em " + last.strftime("%d/%m/%Y"),
        " de " + first.strftime("%d/%m/%Y") + " a " + last.strftime("%d/%m/%Y"),
    )
    figures = (
        ". Último dia: "
        + _text(rows.actual, measure)
        + (rows.expected.notnull()).ifelse(
            ", esperado "
            + _text(rows.expected, measure)
            + " (de "
            + _text(rows.low, measure)
            + " a "
            + _text(rows.high, measure)
            + ")",
            ", sem histórico para comparar",
        )
    )
    return subject + ": " + about + many + when + figures.fill_null(". Sem histórico")


def _text(value: ir.IntegerValue, measure: ir.Value) -> ir.Value:
    """Return a figure as text: whole BRL, or a number."""
    whole = (value.cast("float64") / 100.0).floor().cast("int64")
    return (
        (measure == rules.REVENUE)
        .ifelse("R$ " + whole.cast("string"), value.cast("string"))
        .fill_null("–")
    )

"""Computation of a book from its stage and its declaration.

The rows of a client become one list; each class takes a part of the list, and each window a part of
the class. A client has few rows, so short lists are far cheaper than hundreds of filtered
aggregates, whose states are all updated for every row.
"""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from lakehouse.domains.cards.book.declaration import (
    AVG,
    MAX,
    MIN,
    Class,
    Declaration,
    Value,
    Variable,
    Window,
)

KEY = ("day", "id_cliente", "ref")
DEPTH = "depth"
"""Field of a list's row: number of windows with the row. Windows are nested, so it tells which."""


def book(stage: ir.Table, declaration: Declaration) -> ir.Table:
    """Return one row per client and reference date with one column per variable.

    A variable without a row is null. ``dt_proc`` is the latest of the client's rows.
    """
    parts = [(of, window) for of in declaration.classes for window in declaration.windows]
    rows = stage.select(*KEY, "dt_proc", rows=ibis.struct(_row(stage, declaration)))
    lists = rows.group_by(*KEY).agg(dt_proc=rows.dt_proc.max(), rows=rows.rows.collect())
    lists = _cut(lists, declaration)
    values = lists.select(
        *KEY,
        "dt_proc",
        **{
            _name(of, window, value): _values(lists[_name(of, window)], value)
            for of, window in parts
            for value in declaration.values
        },
    )
    return values.select(
        *KEY, "dt_proc", **{each.column: _variable(values, each) for each in declaration.variables}
    )


def _row(stage: ir.Table, declaration: Declaration) -> dict[str, ir.Value]:
    """Return the columns of the stage that the variables need; classes as their positions."""
    columns = {of.column for of in declaration.classes}
    classes = {
        column: ibis.cases(
            *(
                (stage[column] == of.name, place)
                for place, of in enumerate(declaration.classes)
                if of.column == column
            ),
            else_=-1,
        ).cast("int8")
        for column in sorted(columns)
    }
    flags = [stage[window.flag] for window in declaration.windows if window.flag]
    depth = sum(flags[1:], start=flags[0]).cast("int8")
    values = {value.column: stage[value.column].cast(value.kind) for value in declaration.values}
    return classes | {DEPTH: depth} | values


def _cut(lists: ir.Table, declaration: Declaration) -> ir.Table:
    """Return the rows of each client by class and window, each cut from the next wider one."""
    lists = lists.mutate(
        **{
            _name(of, Window()): lists.rows.filter(
                lambda row, of=of, place=place: row[of.column] == place
            )
            for place, of in enumerate(declaration.classes)
        }
    )
    wider = Window()
    narrower = sorted((w for w in declaration.windows if w.months), key=lambda w: -(w.months or 0))
    for depth, window in enumerate(narrower, start=1):
        lists = lists.mutate(
            **{
                _name(of, window): lists[_name(of, wider)].filter(
                    lambda row, depth=depth: row[DEPTH] >= depth
                )
                for of in declaration.classes
            }
        )
        wider = window
    return lists


def _name(of: Class, window: Window, value: Value | None = None) -> str:
    words = [of.name, str(window.months), *([value.column] if value else [])]
    return "_".join(words)


def _values(rows: ir.ArrayValue, value: Value) -> ir.ArrayValue:
    found = rows.map(lambda row: row[value.column])
    return found.filter(lambda each: each.notnull()) if value.nullable else found


def _variable(lists: ir.Table, variable: Variable) -> ir.Value:
    value = variable.value
    values = lists[_name(variable.of, variable.window, value)]
    count = values.length().nullif(0)
    if variable.aggregate is MIN:
        return values.mins()
    if variable.aggregate is MAX:
        return values.maxs()
    if variable.aggregate is AVG:
        return average(values.sums(), count, value)
    return (count if value.is_one else values.sums()).cast(variable.type)


def average(total: ir.NumericValue, count: ir.IntegerValue, value: Value) -> ir.NumericValue:
    """Return `total` ÷ `count` in the type of the value's average; decimals are rounded half up.

    Integer part and fraction are divided separately as integers. This is exact while the total is
    below 2^53 of its smallest units, which is BRL 90 trillion. Totals are not negative.
    """
    if not isinstance(value.average, dt.Decimal):
        return total.cast("float64") / count.cast("float64")
    scale = value.kind.scale if isinstance(value.kind, dt.Decimal) else 0
    unit = 10**scale
    places = 10**value.average.scale
    smallest = (total * unit).cast("decimal(38, 0)").cast("int64")
    divisor = count * unit
    quotient = smallest // divisor
    rest = smallest - quotient * divisor
    below = (rest * (2 * places) + divisor) // (divisor * 2)
    return quotient.cast(value.average) + (below / places).cast(value.average)

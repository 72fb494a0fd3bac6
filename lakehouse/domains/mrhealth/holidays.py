"""Public holidays of Brazil and of its states, as an expression and as arrays."""

import datetime as dt
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import or_

import ibis
import ibis.expr.types as ir
import numpy as np
from dateutil.easter import easter
from numpy.typing import NDArray

from lakehouse.domains.calendar import AROUND_EASTER, NATIONAL, is_national_holiday
from lakehouse.domains.mrhealth import SPEC

OF_STATES = {
    "Paraná": (12, 19),
    "Rio Grande do Sul": (9, 20),
    "Santa Catarina": (8, 11),
    "São Paulo": (7, 9),
    "Rio de Janeiro": (4, 23),
    "Bahia": (7, 2),
    "Pernambuco": (3, 6),
    "Distrito Federal": (4, 21),
}
"""Name of a state → month and day of its own holiday."""
COUNTRY = "Brasil"
YEARS = range(SPEC.since.year, SPEC.since.year + 100)


def is_holiday(
    day: ir.DateValue, state_name: ir.StringValue, country_name: ir.StringValue
) -> ir.BooleanValue:
    """Return whether a day is a national holiday of Brazil or one of the state.

    Of other countries no holidays are known. By law Corpus Christi and Carnival are not holidays,
    but days on which people do not work.
    """
    date = day.month() * 100 + day.day()
    after_easter = day.day_of_year() - day.year().cases(
        *((year, _day_of_year(easter(year))) for year in YEARS), else_=ibis.null("int64")
    )
    national = date.isin([month * 100 + number for month, number in NATIONAL])
    moving = after_easter.isin(AROUND_EASTER)
    own = reduce(
        or_,
        (
            (state_name == state) & (date == month * 100 + number)
            for state, (month, number) in OF_STATES.items()
        ),
    )
    return ((country_name == COUNTRY) & (national | moving | own)).fill_null(False)


def special_days(
    first: dt.date, days: int, places: Sequence[tuple[str, str]]
) -> NDArray[np.float64]:
    """Return which days are holidays, and which are eves of a holiday, by place.

    Args:
        first: the first day.
        days: number of days.
        places: names of state and country.

    Returns:
        1 or 0, shape (2, places, days): holidays, then the days before one that are none.
    """
    found = np.zeros((2, len(places), days))
    for n, (state, country) in enumerate(places):
        if country != COUNTRY:
            continue
        free = [_is_free(first + dt.timedelta(days=each), state) for each in range(days + 1)]
        found[0, n] = free[:days]
        found[1, n] = [not now and then for now, then in pairwise(free)]
    return found


def _is_free(day: dt.date, state: str) -> bool:
    return is_national_holiday(day) or OF_STATES.get(state) == (day.month, day.day)


def _day_of_year(day: dt.date) -> int:
    return day.timetuple().tm_yday

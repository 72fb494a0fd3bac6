"""National holidays of Brazil, which every domain knows."""

import datetime as dt

from dateutil.easter import easter

NATIONAL = ((1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (11, 20), (12, 25))
"""Month and day of the national holidays with a fixed date."""
AROUND_EASTER = (-48, -47, -2, 60)
"""Days after Easter: Monday and Tuesday of Carnival, Good Friday, Corpus Christi."""


def is_national_holiday(day: dt.date) -> bool:
    """Return whether few people work on a day in all of Brazil.

    >>> is_national_holiday(dt.date(2026, 4, 3))
    True
    """
    after_easter = (day - easter(day.year)).days
    return (day.month, day.day) in NATIONAL or after_easter in AROUND_EASTER

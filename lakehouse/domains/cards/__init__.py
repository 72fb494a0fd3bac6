"""PoD Cartões: card invoices, their payments, and what they say of a client."""

import datetime as dt

from lakehouse.platform.system import System

SYSTEM = System(
    name="cards",
    title="PoD Cartões",
    since=dt.date(2022, 1, 1),
    owners=("team:cards",),
)

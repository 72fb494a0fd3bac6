"""Mr. Health: some fifty restaurants; each sends its orders and their items every night."""

import datetime as dt

from lakehouse.platform.system import System

SYSTEM = System(
    name="mrhealth",
    title="Mr. Health",
    since=dt.date(2023, 1, 1),
    owners=("team:mrhealth",),
)

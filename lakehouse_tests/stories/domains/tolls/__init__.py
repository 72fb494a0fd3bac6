"""Tolls: a domain of the tests; gates report each passage of the day."""

import datetime as dt

from lakehouse.platform.tables.domain_spec import DomainSpec

SPEC = DomainSpec(name="tolls", title="Tolls", since=dt.date(2024, 1, 1), owners=("team:tests",))

"""Names that runs carry in the Dagster instance: tags and jobs.

Sensors, schedules, local runs and run messages recognize each other's runs by these tags alone.
"""

import datetime as dt
from collections.abc import Collection
from enum import StrEnum
from typing import TYPE_CHECKING

from lakehouse.platform.orchestration.partitions import DAY_FORMAT, days_of

if TYPE_CHECKING:  # `lakehouse status` does not wait for Dagster
    import dagster as dg

DOMAIN_TAG = "lakehouse/domain"
BATCH_TAG = "lakehouse/batch"
"""Digest of what asked for the run; its retries carry the same one."""
ATTEMPT_TAG = "lakehouse/attempt"
DAYS_TAG = "lakehouse/days"
"""Days of the run, written for people."""
CHOSEN_DAYS_TAG = "lakehouse/chosen-days"
"""The days of a range that the run makes; without the tag it makes all of them."""
NOT_READY_TAG = "lakehouse/not-ready"
"""The run failed because an input that its tables need is not there yet."""
OUTSIDE_TAG = "lakehouse/outside-cause"
"""The run did not end for a reason in the data, for example it was interrupted."""
ERASURE_TAG = "lakehouse/erasure"
"""The run rebuilds what an erasure changed; nothing was delivered, so no success is reported."""
MIGRATION_TAG = "lakehouse/migration"
"""The run rebuilds days of an older contract; all are published together at the end."""
TRAINING_TAG = "lakehouse/training"
"""Domain and model that the run trains. Such a run has no `DOMAIN_TAG`: nothing waits for it."""
SCHEDULE_TAG = "lakehouse/schedule"
LAYER_TAG = "lakehouse/layer"
"""Tag of a step: the layer that it writes."""
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
WILL_RETRY = "dagster/will_retry"


class Work(StrEnum):
    """What a job of a domain does."""

    ARRIVALS = "arrivals"
    """Read delivered files and refresh every table of their days."""
    REFRESH = "refresh"
    """Recompute silver and gold for days whose files are already loaded."""
    REFERENCE_DATES = "reference_dates"
    """Compute the tables that are made for reference dates, such as the first of each month."""
    AS_OF = "as_of"
    """Compute the tables of which each day holds all rows as known at its end."""


def job_name(domain: str, work: Work) -> str:
    """Return the name of the job that does this work for a domain."""
    return f"{domain}_{work.value}"


def range_tags(first: dt.date, last: dt.date, chosen: Collection[dt.date] = ()) -> dict[str, str]:
    """Return the tags that make one run process a range of days and show it in the Dagster UI.

    Args:
        first: first day.
        last: last day.
        chosen: the days of the range that are made; all of them when empty.
    """
    start, end = first.strftime(DAY_FORMAT), last.strftime(DAY_FORMAT)
    days = start if start == end else f"{start} to {end}"
    tags = {RANGE_START: start, RANGE_END: end, DAYS_TAG: days}
    if chosen:
        tags[CHOSEN_DAYS_TAG] = ",".join(day.strftime(DAY_FORMAT) for day in sorted(chosen))
    return tags


def days_of_run(context: "dg.AssetExecutionContext") -> list[dt.date]:
    """Return the days that a run makes: all days of its range, or the chosen ones among them."""
    days = days_of(context.partition_keys)
    text = context.run.tags.get(CHOSEN_DAYS_TAG)
    if text is None:
        return days
    chosen = set(days_of(text.split(",")))
    return [day for day in days if day in chosen]

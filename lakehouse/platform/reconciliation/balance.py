"""Balance one delivered file: its lines against its rows, and its rows against their outcomes.

    physical lines = header + continuation + unparsable + excluded lines + bronze rows
    bronze rows    = silver + quarantined + duplicate + superseded rows

Excluded lines are those of a file that was rejected, held or a duplicate. Nothing is read or
written here: `reconcile` counts, and `waiting_days` decides which days a file may wait for.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.ops_tables import Balance, FileBalance
from lakehouse.platform.transform.outcomes import DUPLICATE, KEPT, REJECTED, SUPERSEDED


def balance_file(
    delivery: Delivery,
    dataset: str,
    *,
    bronze_rows: int,
    outcomes: Mapping[str, int],
    waiting_days: Sequence[dt.date],
    must_wait: bool,
    inputs: str,
) -> FileBalance:
    """Return the balance of one delivered file.

    A difference in lines is unbalanced. A difference in rows is waiting while there are days that
    have to be rebuilt first, otherwise unbalanced.

    Args:
        delivery: the file.
        dataset: its dataset.
        bronze_rows: its rows in bronze.
        outcomes: number of its rows by outcome.
        waiting_days: business days that may have to be rebuilt before the rows balance.
        must_wait: whether one of these days has to be rebuilt although the numbers agree.
        inputs: fingerprint of all deliveries of the day.
    """
    line_difference = _line_difference(delivery, bronze_rows)
    row_difference = bronze_rows - sum(outcomes.values())
    not_superseded = sum(rows for outcome, rows in outcomes.items() if outcome != SUPERSEDED)
    misplaced = not_superseded if delivery.status is Status.SUPERSEDED else 0
    is_open = row_difference != 0 or misplaced != 0 or must_wait
    if line_difference or (is_open and not waiting_days):
        balance = Balance.UNBALANCED
    else:
        balance = Balance.WAITING if is_open else Balance.BALANCED
    waits = balance is Balance.WAITING
    difference = line_difference + row_difference
    return FileBalance(
        day=delivery.day,
        table=dataset,
        unit=delivery.unit,
        file=delivery.file,
        digest=delivery.digest,
        status=delivery.status,
        physical_lines=delivery.physical_lines,
        header_lines=delivery.header_lines if delivery.has_rows else 0,
        continuation_lines=delivery.continuation_lines if delivery.has_rows else 0,
        unparsable_lines=delivery.unparsable_lines if delivery.has_rows else 0,
        excluded_lines=0 if delivery.has_rows else delivery.physical_lines,
        bronze_rows=bronze_rows,
        silver_rows=outcomes.get(KEPT, 0),
        quarantined_rows=outcomes.get(REJECTED, 0),
        duplicate_rows=outcomes.get(DUPLICATE, 0),
        superseded_rows=outcomes.get(SUPERSEDED, 0),
        difference=difference or (misplaced if balance is Balance.UNBALANCED else 0),
        balance=balance,
        waiting_days=",".join(day.isoformat() for day in waiting_days) if waits else None,
        waiting=int(waits),
        inputs=inputs,
    )


def _line_difference(delivery: Delivery, bronze_rows: int) -> int:
    """Return the lines of a file that are neither a row nor accounted for otherwise."""
    if not delivery.has_rows:
        return 0
    accounted = delivery.header_lines + delivery.continuation_lines + delivery.unparsable_lines
    return delivery.physical_lines - accounted - bronze_rows

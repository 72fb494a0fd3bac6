"""Days that have no rows because no upstream table has any: known without computing them.

A first ingestion covers every day of a range, and nothing was delivered on most of them.
"""

import datetime as dt
import functools
import json
from collections.abc import Sequence

from lakehouse.platform.engines import session as engine
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.table import PARTITIONS, Table
from lakehouse.platform.transform.inputs import UpstreamSnapshots, bind_files
from lakehouse.settings import Settings


def has_no_rows(upstream: UpstreamSnapshots, window: Sequence[dt.date]) -> bool:
    """Return whether days of a table are known to have no rows.

    A table of delivered rows has none where no row was delivered. Any other table has none where
    no upstream table has rows, if its expression gives no rows for that.
    """
    table = upstream.table
    if table.validates_rows:
        return not any(file.rows for file in upstream.files(table.reads[0], window))
    if any(file.rows for read in table.reads for file in upstream.files(read, window)):
        return False
    return is_empty_without_rows(table)


@functools.cache
def is_empty_without_rows(table: Table) -> bool:
    """Return whether the expression of a table gives no rows if no upstream table has rows.

    It is computed once for each version of the code. An expression that reads the days of the run
    may give rows for them, and so may Python code.
    """
    if table.options.python or not table.reads:
        return False
    known = code_facts.of_table(
        table, "is empty without rows", lambda: json.dumps(_gives_no_rows(table))
    )
    return bool(json.loads(known))


def _gives_no_rows(table: Table) -> bool:
    expression = table.contracted_expression
    if PARTITIONS.op() in expression.op().find(type(PARTITIONS.op())):
        return False
    with engine.session(Settings(threads=1)) as session:
        for read in table.reads:
            bind_files(session, read.name, read.table, [])
        return not session.value(expression.count())

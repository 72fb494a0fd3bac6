"""Audit the account of delivered rows without the code that classified them.

Each row of bronze, identified by file and line, must have one outcome; kept rows must be as many
as silver has, rejected rows must be those of quarantine, and a row may only lose to a kept row of
its key. The tables are read as their logs list them and compared by plain SQL.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import duckdb
import pyarrow as pa

from lakehouse.platform.reconciliation.audited_lake import AuditedLake
from lakehouse.platform.reconciliation.findings import AuditCheck, AuditFinding, finding
from lakehouse.platform.reconciliation.independent_reader import (
    IndependentReader,
    LoggedFile,
    TooManyRows,
)
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.lineage import column_lineage
from lakehouse.platform.tables.table import Table

_PLACE = "file, digest, line"
_DELIVERED = "select day, _file as file, _digest as digest, _line as line from bronze"
_WITH_OUTCOME = f"select delivery_day as day, {_PLACE} from of_delivery"
_REJECTED = f"select day, {_PLACE}, delivery_day from outcomes where outcome = 'quarantine'"
_QUARANTINED = f"select day, {_PLACE}, delivery_day from quarantine"
_WAITING = "(file, digest) in (select (file, digest) from waiting)"
_IN_BRONZE = """
    outcomes o join bronze b
    on b.day = o.delivery_day and b._file = o.file and b._digest = o.digest and b._line = o.line
"""


def audit_row_accounts(
    audited: AuditedLake, silver: Table, days: Sequence[dt.date], skipped: Counter[str]
) -> Iterator[AuditFinding]:
    """Compare bronze, outcomes, quarantine and silver of a table that validates rows."""
    try:
        yield from _audited(audited, silver, days)
    except TooManyRows:
        if len(days) > 1 and not silver.keyed_over_all_days:
            half = len(days) // 2
            for part in (days[:half], days[half:]):
                yield from audit_row_accounts(audited, silver, part, skipped)
            return
        skipped[f"row accounts of {silver.id.name}: too many rows to be compared in memory"] += 1


def _audited(
    audited: AuditedLake, silver: Table, days: Sequence[dt.date]
) -> Iterator[AuditFinding]:
    outcomes, quarantine = _companion(silver, "outcomes"), _companion(silver, "quarantine")
    with duckdb.connect(config={"threads": 1}) as connection:
        if not _create_relations(connection, audited, silver, days):
            return
        statements = [
            (
                outcomes,
                "an outcome for each row of bronze",
                f"({_DELIVERED} where not {_WAITING}) except all ({_WITH_OUTCOME})",
            ),
            (
                outcomes,
                "one outcome, of a row that bronze has",
                f"({_WITH_OUTCOME}) except all ({_DELIVERED})",
            ),
            (
                quarantine,
                "each rejected row in quarantine",
                f"({_REJECTED}) except all ({_QUARANTINED})",
            ),
            (
                quarantine,
                "rejected rows only in quarantine",
                f"({_QUARANTINED}) except all ({_REJECTED})",
            ),
            (
                quarantine,
                "a reason for each row",
                f"select day, {_PLACE} from quarantine where coalesce(len(reasons), 0) = 0",
            ),
            (
                outcomes,
                "every row of an older version of a file superseded",
                f"""select o.day, {_PLACE}, outcome from {_IN_BRONZE}
                where b._superseded and outcome != 'superseded'""",
            ),
            *_of_stored_rows(silver),
            *_of_losing_rows(silver),
        ]
        for table, expected, statement in statements:
            yield from _findings(connection, table, days, expected, statement)


def _of_stored_rows(silver: Table) -> Iterator[tuple[TableId, str, str]]:
    """Yield what the rows of silver must fulfil: their number and their key."""
    if not silver.options.snapshot:
        yield (
            silver.id,
            "as many rows as were kept",
            """select coalesce(k.day, s.day) as day, k.n as kept, s.n as stored
            from (select day, count(*) as n from outcomes where outcome = 'silver' group by day) k
            full join (select day, count(*) as n from silver group by day) s on k.day = s.day
            where coalesce(k.n, 0) != coalesce(s.n, 0)""",
        )
    if silver.contract.key:
        key = ", ".join(f'"{name}"' for name in silver.contract.key if name != "day")
        of_day = "" if silver.keyed_over_all_days else "day, "
        yield (
            silver.id,
            f"one row for each key ({', '.join(silver.contract.key)})",
            f"""select max(day) as day, {key}, count(*) as n from silver
            group by {of_day}{key} having count(*) > 1""",
        )


def _of_losing_rows(silver: Table) -> Iterator[tuple[TableId, str, str]]:
    """Yield the statement that finds rows that lost although no row of their key was kept."""
    bronze = silver.reads[0].table.id
    lineage = column_lineage(silver)
    origins = [lineage.get(name, []) for name in silver.contract.key if name != "day"]
    columns = [each[0][1] for each in origins if len(each) == 1 and each[0][0] == bronze]
    if not columns:
        return
    may_be_replaced = "_replaced" in silver.expression.columns
    losing = "'duplicate'" if may_be_replaced else "'duplicate', 'superseded'"
    parts = [f"""regexp_replace(b."{name}"::text, '[^0-9A-Za-z]', '', 'g')""" for name in columns]
    key = ", ".join(f"ltrim(upper({part}), '0') as key_{n}" for n, part in enumerate(parts))
    same = " and ".join(f"w.key_{n} is not distinct from l.key_{n}" for n in range(len(columns)))
    if not silver.keyed_over_all_days:
        same += " and w.day = l.day"
    yield (
        _companion(silver, "outcomes"),
        "a kept row with the key of each row that lost",
        f"""with keyed as (
            select o.day, {_PLACE}, outcome, b._superseded as of_old_version, {key}
            from {_IN_BRONZE}
        )
        select day, {_PLACE}, outcome from keyed l
        where outcome in ({losing}) and not of_old_version
        and not exists (select 1 from keyed w where w.outcome = 'silver' and {same})""",
    )


def _create_relations(
    connection: duckdb.DuckDBPyConnection,
    audited: AuditedLake,
    silver: Table,
    days: Collection[dt.date],
) -> bool:
    """Register the tables of these days; return whether there are outcomes at all."""
    reader = IndependentReader(store=audited.lake.store)
    wanted, bronze_id = set(days), silver.reads[0].table.id
    on_days = _all_days if silver.keyed_over_all_days else lambda file: file.day in wanted
    outcomes = reader.rows(_companion(silver, "outcomes"), on_days)
    stored = reader.rows(silver.id, on_days, {*silver.contract.key, "day"}.__contains__)
    if outcomes is None or stored is None:
        return False
    of_delivery = reader.rows(
        _companion(silver, "outcomes"), lambda file: _may_hold(file, min(wanted), max(wanted))
    )
    delivered = wanted | set(outcomes["delivery_day"].to_pylist())
    bronze = reader.rows(bronze_id, lambda file: file.day in delivered)
    quarantine = reader.rows(_companion(silver, "quarantine"), on_days)
    balances = reader.rows(
        TableId("ops", silver.id.domain, "reconciliation"), lambda file: file.day in wanted
    )
    if of_delivery is None or bronze is None or quarantine is None:
        return False
    for name, rows in (
        ("outcomes", outcomes),
        ("of_delivery", of_delivery),
        ("bronze", bronze),
        ("quarantine", quarantine),
        ("silver", stored),
    ):
        connection.register(name, rows)
    waiting = pa.table({"file": pa.array([], pa.string()), "digest": pa.array([], pa.string())})
    if balances is not None:
        waiting = pa.Table.from_pylist(
            [
                {"file": row["file"], "digest": row["digest"]}
                for row in balances.to_pylist()
                if row["table"] == bronze_id.table and row["balance"] == "waiting"
            ],
            waiting.schema,
        )
    connection.register("waiting", waiting)
    return True


def _all_days(_: LoggedFile) -> bool:
    return True


def _may_hold(file: LoggedFile, first: dt.date, last: dt.date) -> bool:
    """Whether a file of outcomes may have rows that were delivered within these days."""
    low, high = file.bounds.get("delivery_day", (first.isoformat(), last.isoformat()))
    return low[:10] <= last.isoformat() and high[:10] >= first.isoformat()


def _findings(
    connection: duckdb.DuckDBPyConnection,
    table: TableId,
    days: Collection[dt.date],
    expected: str,
    statement: str,
) -> Iterator[AuditFinding]:
    """Yield a finding for each day on which a statement finds rows."""
    result = connection.execute(
        f"select * from ({statement}) where day in (select unnest($days)) order by all",
        {"days": list(days)},
    )
    names = [each[0] for each in result.description]
    by_day: dict[dt.date, list[tuple[object, ...]]] = {}
    for row in result.fetchall():
        by_day.setdefault(row[names.index("day")], []).append(row)
    for day, rows in by_day.items():
        first = ", ".join(
            f"{n}={str(v)[:16] if n == 'digest' else v}"
            for n, v in zip(names, rows[0], strict=True)
            if n != "day"
        )
        yield finding(
            table,
            day,
            AuditCheck.ROW_ACCOUNTS,
            expected,
            f"{len(rows)} that differ, the first is {first}",
        )


def _companion(silver: Table, companion: str) -> TableId:
    return TableId(silver.id.layer, silver.id.domain, silver.id.table, companion)

"""A table's days: read what they depend on, run the expression, judge the rows, stage the result.

Nothing here is visible to readers before the caller commits, and nothing here knows Dagster.
"""

import bisect
import datetime as dt
import functools
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.engines import session as engine
from lakehouse.platform.engines.session import Session, arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFile, Snapshot
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import split_reasons
from lakehouse.platform.tables.ops_tables import QUARANTINE, ROW_OUTCOMES
from lakehouse.platform.tables.provenance import PROVENANCE_COLUMNS, Provenance
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import PARTITIONS, Read, ReadScope, Table
from lakehouse.settings import Settings

MADE = "made"
"""Name of a table's computed rows in a session."""
KEPT, REJECTED, DUPLICATE, SUPERSEDED = "silver", "quarantine", "duplicate", "superseded"
WIDE = 100
"""Columns of a table for each time that its slices are cut smaller."""
OUTCOMES = (KEPT, REJECTED, DUPLICATE, SUPERSEDED)


class RowsLost(Exception):
    """The rows that came out of an expression are not the rows that went in."""


@dataclass(kw_only=True)
class Computed:
    """Days of one table, staged and judged, ready for one commit of each table in it."""

    table: Table
    staged: list[Staged] = field(default_factory=list)
    schema: pa.Schema
    companions: dict[TableId, tuple[pa.Schema, list[Staged]]] = field(default_factory=dict)
    withheld: dict[dt.date, str] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    sql: str = ""

    @property
    def rows(self) -> int:
        """Rows in the staged days."""
        return sum(each.rows for each in self.staged)


def quarantine_of(table: TableId) -> TableId:
    """Where the rejected rows of a table are kept."""
    return TableId(table.layer, table.domain, table.table, "quarantine")


def outcomes_of(table: TableId) -> TableId:
    """Where it is kept what became of each landed row of a table."""
    return TableId(table.layer, table.domain, table.table, "outcomes")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a table reads, each upstream as one consistent snapshot."""

    table: Table
    snapshots: Mapping[TableId, Snapshot]

    @classmethod
    def of(cls, table: Table, lake: Lake) -> "Inputs":
        """Open the upstream tables as they are now."""
        opened = {read.table.id: lake.table(read.table.id).snapshot() for read in table.reads}
        return cls(table=table, snapshots=opened)

    def delivery_days(self, days: Sequence[dt.date]) -> list[dt.date]:
        """Delivery days whose rows may touch these business days, and the days themselves."""
        first, last = days[0], days[-1]
        touching = set(days)
        for read in self.table.reads:
            if read.scope is ReadScope.TOUCHING_DAYS:
                for file in self.snapshots[read.table.id].files:
                    low, high = file.bounds.get("_business_day", (None, None))
                    if low is not None and low <= last and high >= first:
                        touching.add(file.day)
        return sorted(touching)

    def valid_snapshots(self, days: Sequence[dt.date]) -> dict[dt.date, dt.date]:
        """For each day the valid snapshot: the newest one up to it, else the earliest."""
        read = next(read for read in self.table.reads if read.scope is ReadScope.SNAPSHOT)
        return valid_snapshots(self.snapshots[read.table.id], days)

    def urls(self, read: Read, days: Sequence[dt.date]) -> list[str]:
        """Files of one upstream for a window of days."""
        shown = self.snapshots[read.table.id]
        match read.scope:
            case ReadScope.TOUCHING_DAYS:
                return shown.urls(self.delivery_days(days))
            case ReadScope.SNAPSHOT:
                return shown.urls(set(self.valid_snapshots(days).values()))
            case ReadScope.ALL_DAYS:
                return [file.url for file in self.reached(shown, days) if file.rows]
        return shown.urls(days)

    def reached(self, shown: Snapshot, days: Sequence[dt.date]) -> Sequence[DayFile]:
        """The days of an upstream read whole; of a table by month only those within its reach."""
        if self.table.options.monthly is None:
            return shown.files
        first, last = (
            self.table.options.monthly.reach(days[0])[0],
            self.table.options.monthly.reach(days[-1])[1],
        )
        return shown.between(first, last)

    def rows(self, day: dt.date) -> int:
        """Rows that the upstream tables hold for one day, to size the work.

        A month's are those within its reach.
        """
        total = 0
        for read in self.table.reads:
            shown = self.snapshots[read.table.id]
            if read.scope is ReadScope.ALL_DAYS and self.table.options.monthly:
                total += sum(file.rows for file in self.reached(shown, [day]))
            elif day in shown.by_day:
                total += shown.by_day[day].rows
        return total


def valid_snapshots(shown: Snapshot, days: Sequence[dt.date]) -> dict[dt.date, dt.date]:
    """For each day the day of the snapshot valid on it; nothing when there is no snapshot at all.

    An empty day holds no snapshot.
    """
    taken = [file.day for file in shown.files if file.rows]
    if not taken:
        return {}
    return {day: taken[max(bisect.bisect_right(taken, day) - 1, 0)] for day in days}


def windows(days: Sequence[dt.date], inputs: Inputs, rows: int) -> Iterator[list[dt.date]]:
    """The days in groups of about this many input rows, so memory does not grow with them.

    Months stand alone: each sees its own reach, whether it is made alone or with others.
    """
    if inputs.table.options.monthly:
        yield from ([day] for day in sorted(days))
        return
    group: list[dt.date] = []
    size = 0
    for day in sorted(days):
        count = inputs.rows(day)
        if group and size + count > 2 * rows:
            yield group
            group, size = [], 0
        size += count
        group.append(day)
        if size >= rows:
            yield group
            group, size = [], 0
    if group:
        yield group


def compute(table: Table, days: Sequence[dt.date], lake: Lake, settings: Settings) -> Computed:
    """Stage these days of a table.

    Raises:
        RowsLost: an expression over landed rows gave fewer or more rows than there were.
        Exception: whatever the table's gate raises; nothing is computed then.
    """
    if table.options.before_compute is not None:
        table.options.before_compute(lake, days)
    stored = arrow_schema(table.contract.schema).remove(table.contract.schema.names.index("day"))
    done = Computed(table=table, schema=stored)
    inputs = Inputs.of(table, lake)
    for window in windows(days, inputs, settings.chunk_rows):
        with engine.session(settings) as session:
            session.arrow("partitions", pa.table({"day": pa.array(window, pa.date32())}))
            _bind(session, table, window, inputs)
            done.sql = done.sql or session.sql(table.expression)
            if table.validates_rows:
                _stage_judged(session, table, window, inputs, lake, done)
            elif slices := _slices(session, table, window, inputs, settings.chunk_rows):
                _stage_sliced(session, table, window[0], inputs, slices, lake, done)
            else:
                _stage_whole(session, table, window, lake, done)
    return done


def _bind(
    session: Session,
    table: Table,
    window: Sequence[dt.date],
    inputs: Inputs,
    part: "Slice | None" = None,
) -> None:
    """Let the names of the upstream tables mean their rows for a window, or a slice of them."""
    for place, read in enumerate(table.reads):
        if place == 0 and table.keyed_over_all_days:
            _with_rivals(session, table, window, inputs)
            continue
        landed = read.scope is not ReadScope.SAME_DAY and issubclass(read.table.model, Provenance)
        where = "NOT _superseded" if landed else ""
        if part is not None and part.column in read.table.contract.schema:
            where = part.where
        session.files(read.name, inputs.urls(read, window), read.table.contract.schema, where)


def _with_rivals(session: Session, table: Table, window: Sequence[dt.date], inputs: Inputs) -> None:
    """Landed rows of the window, and those of other days that contest a key with one of them."""
    landed = table.reads[0]
    source = landed.table.source
    if source is None:
        raise TypeError(f"{landed.table.id.name} has no source")
    everything = f"{landed.name}__everything"
    shown = inputs.snapshots[landed.table.id]
    urls = [file.url for file in shown.files if file.rows]
    session.files(everything, urls, landed.table.contract.schema, "NOT _superseded")
    rows = ibis.table(landed.table.contract.schema, name=everything)
    on_day = rows["_business_day"].fill_null(rows.day)
    touching = rows.filter(_within(on_day, window))
    others = rows.filter(~_within(on_day, window))
    keys = touching.select(**{name: _counting(touching, name, source) for name in source.key})
    rivals = others.semi_join(
        keys, [_counting(others, name, source) == keys[name] for name in source.key]
    )
    session.keep(landed.name, ibis.union(touching, rivals, distinct=False))


def _counting(rows: ir.Table, column: str, source: Source) -> ir.StringValue:
    """What counts of a key column."""
    ignored = source.ignored_parts.get(column)
    return rows[column].re_replace(ignored, "") if ignored else rows[column]


def _stage_whole(
    session: Session, table: Table, window: Sequence[dt.date], lake: Lake, done: Computed
) -> None:
    """A table whose rows are made, not judged: a day that breaks the contract is withheld."""
    promised = table.contract.schema
    rows = _made(session, table)
    for day, why in _broken_days(session, table, rows).items():
        done.withheld[day] = why
    good = [day for day in window if day not in done.withheld]
    if good:
        ordered = (
            rows.filter(_within(rows.day, good)).order_by(_order(table))
            if done.withheld
            else _ordered(table)
        )
        done.staged += lake.table(table.id).stage_many(
            _by_day(session.batches(ordered), good, arrow_schema(promised)), done.schema
        )


def _made(session: Session, table: Table) -> ir.Table:
    """The expression's rows for the days of the window, in the promised types, computed."""
    session.keep(MADE, table.contracted_expression)
    return _of_window(table)


@functools.cache
def _of_window(table: Table) -> ir.Table:
    return engine.relation(MADE, table.contract.schema).semi_join(PARTITIONS, "day")


@functools.cache
def _ordered(table: Table) -> ir.Table:
    return _of_window(table).order_by(_order(table))


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Values of one column of whole numbers from first to last."""

    column: str
    first: int
    last: int

    @property
    def where(self) -> str:
        """The slice as a condition that every engine understands."""
        return f"{self.column} BETWEEN {self.first} AND {self.last}"


def _slices(
    session: Session, table: Table, window: Sequence[dt.date], inputs: Inputs, rows: int
) -> list[Slice]:
    """How a day with more input rows than this is cut; nothing where it need not be or cannot.

    Rows of a wide table take more memory, so its slices are smaller.
    """
    wide = 1 + len(table.contract.schema) // WIDE
    count = -(-sum(inputs.rows(day) for day in window) * wide // rows)
    column = table.options.sliced_by
    if column is None or len(window) > 1 or count < 2:
        return []
    read = next(read for read in table.reads if column in read.table.contract.schema)
    upstream = engine.relation(read.name, read.table.contract.schema)
    ends = upstream.agg(low=upstream[column].min(), high=upstream[column].max())
    (found,) = session.table(ends).to_pylist()
    if found["low"] is None:
        return []
    width = found["high"] - found["low"] + 1
    cuts = [found["low"] + width * place // count for place in range(count + 1)]
    return [
        Slice(column=column, first=first, last=after - 1)
        for first, after in itertools.pairwise(cuts)
        if first < after
    ]


def _stage_sliced(
    session: Session,
    table: Table,
    day: dt.date,
    inputs: Inputs,
    slices: Sequence[Slice],
    lake: Lake,
    done: Computed,
) -> None:
    """A day written slice by slice, so that memory does not grow with its rows.

    Slices follow each other in the order of the key, so the bytes are those of the whole.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        for each in slices:
            _bind(session, table, [day], inputs, each)
            rows = _made(session, table)
            if broken := _broken_days(session, table, rows):
                raise _Withheld(broken[day])
            yield from session.batches(_ordered(table))

    try:
        done.staged.append(lake.table(table.id).stage(day, batches(), done.schema))
    except _Withheld as why:
        done.withheld[day] = str(why)


class _Withheld(Exception):
    """A day breaks its contract; the message says how."""


def broken_days(
    table: Table, rows: pa.Table, days: Sequence[dt.date], settings: Settings
) -> dict[dt.date, str]:
    """Days on which rows that were made without an expression break the table's contract."""
    with engine.session(settings) as session:
        session.arrow("made", rows)
        made = engine.relation("made", table.contract.schema)
        found = _broken_days(session, table, made)
        outside = made.filter(~_within(made.day, days))
        for row in session.table(outside.group_by("day").agg(n=outside.count())).to_pylist():
            found[row["day"]] = f"{row['n']} rows lie on a day that this run does not write"
        return found


def _broken_days(session: Session, table: Table, rows: ir.Table) -> dict[dt.date, str]:
    """Days on which a promise is broken, with which one and how often."""
    contract = table.contract
    found: dict[dt.date, list[str]] = {}
    counts = {f"rule_{n}": rule.broken(rows).sum() for n, rule in enumerate(contract.rules)}
    if counts:
        for row in session.table(rows.group_by("day").agg(**counts)).to_pylist():
            for n, rule in enumerate(contract.rules):
                if row[f"rule_{n}"]:
                    said = f"{row[f'rule_{n}']} rows break {rule.check} on {rule.column!r}"
                    found.setdefault(row["day"], []).append(said)
    if contract.key:
        keys = rows.group_by(list({"day", *contract.key})).agg(n=rows.count())
        twice = keys.filter(keys.n > 1)
        for row in session.table(twice.group_by("day").agg(n=twice.count())).to_pylist():
            said = f"{row['n']} keys ({', '.join(contract.key)}) occur more than once"
            found.setdefault(row["day"], []).append(said)
    return {day: "; ".join(said) for day, said in sorted(found.items())}


def _stage_judged(
    session: Session,
    table: Table,
    window: Sequence[dt.date],
    inputs: Inputs,
    lake: Lake,
    done: Computed,
) -> None:
    """A table over landed rows: each row is kept, rejected, a duplicate or superseded."""
    primary = table.reads[0]
    landed = ibis.table(primary.table.contract.schema, name=primary.name)
    replaced_name = f"{primary.name}__replaced"
    session.files(
        replaced_name, inputs.urls(primary, window), primary.table.contract.schema, "_superseded"
    )
    candidates = session.keep("candidates", _candidates(table))
    _require_every_row(session, table, landed, candidates)
    valid_on = inputs.valid_snapshots(window) if primary.scope is ReadScope.SNAPSHOT else None
    counted = sorted({s for d, s in valid_on.items() if s == d}) if valid_on is not None else window
    in_window = (
        candidates
        if valid_on is not None or table.keyed_over_all_days
        else candidates.filter(_within(candidates.day, window))
    )
    valid = (in_window["_reasons"] == "") & ~_breaks(table, in_window)
    accepted, rejected = in_window.filter(valid), in_window.filter(~valid)
    winners, losers = _contest(session, table, accepted)
    if table.keyed_over_all_days:
        winners = winners.filter(_within(winners.day, window))
        rejected = rejected.filter(_within(rejected.day, window))
        losers = losers.filter(_within(losers.day, window)) if losers is not None else None

    columns = list(table.contract.schema.names)
    ordered = winners.select(columns).order_by(_order(table))
    target = lake.table(table.id)
    schema = arrow_schema(table.contract.schema)
    if valid_on is not None:
        taken = dict(_by_day(session.batches(ordered), sorted(set(valid_on.values())), schema))
        empty = schema.empty_table()
        done.staged += target.stage_many(
            ((day, taken[valid_on[day]] if day in valid_on else empty) for day in window),
            done.schema,
        )
    else:
        done.staged += target.stage_many(
            _by_day(session.batches(ordered), window, schema), done.schema
        )

    outcome_parts = [
        _outcome(winners, KEPT),
        _outcome(rejected, REJECTED),
    ]
    if losers is not None:
        outcome_parts.append(_outcome(losers, losers["_outcome"]))
    older = ibis.table(primary.table.contract.schema, name=replaced_name)
    outcome_parts.append(
        older.select(
            day=older["_business_day"].fill_null(older.day),
            delivery_day=older.day,
            file=older["_file"],
            digest=older["_digest"],
            line=older["_line"],
            outcome=ibis.literal(SUPERSEDED),
        )
    )
    outcomes = session.keep("outcomes", ibis.union(*outcome_parts, distinct=False))
    outcomes = outcomes.filter(_within(outcomes.day, counted))
    for row in session.table(outcomes.group_by("outcome").agg(n=outcomes.count())).to_pylist():
        done.outcomes[row["outcome"]] += row["n"]
    _stage_companion(
        lake,
        done,
        outcomes_of(table.id),
        ROW_OUTCOMES.stored,
        _by_day(
            session.batches(outcomes.order_by("day", "delivery_day", "file", "digest", "line")),
            window,
            ROW_OUTCOMES.schema,
        ),
    )
    rejected = _rejections(session, table, landed, rejected, losers)
    for text in rejected.column("reasons").to_pylist():
        done.reasons.update(text)
    _stage_companion(
        lake,
        done,
        quarantine_of(table.id),
        QUARANTINE.stored,
        _by_day(
            rejected.filter(
                pc.is_in(rejected["day"], pa.array(list(counted), pa.date32()))
            ).to_batches(),
            window,
            rejected.schema,
        ),
    )


def _candidates(table: Table) -> ir.Table:
    """The expression's rows in the promised types, with their verdicts and where they came from."""
    made = table.expression
    given = made.schema()
    columns: dict[str, ir.Value] = {
        name: made[name].cast(kind) for name, kind in table.contract.schema.items()
    }
    columns |= {name: made[name] for name in PROVENANCE_COLUMNS}
    said = made["_reasons"].fill_null("") if "_reasons" in given else ibis.literal("")
    columns["_reasons"] = said
    columns["_detail"] = made["_detail"] if "_detail" in given else ibis.null("string")
    columns["_version"] = (
        made["_version"].fill_null("") if "_version" in given else ibis.literal("")
    )
    columns["_replaced"] = (
        made["_replaced"].fill_null(False) if "_replaced" in given else ibis.literal(False)
    )
    return made.select(**columns)


def _require_every_row(
    session: Session, table: Table, landed: ir.Table, candidates: ir.Table
) -> None:
    """Each current landed row must come out exactly once.

    Counting alone would let one lost row hide behind one doubled row, so the places are added up
    as well.
    """
    went_in = session.table(
        landed.agg(rows=landed.count(), lines=landed["_line"].cast("decimal(38, 0)").sum())
    ).to_pylist()[0]
    came_out = session.table(
        candidates.agg(
            rows=candidates.count(), lines=candidates["_line"].cast("decimal(38, 0)").sum()
        )
    ).to_pylist()[0]
    if went_in != came_out:
        raise RowsLost(
            f"{table.id.name}: {went_in['rows']} landed rows went into the expression and"
            f" {came_out['rows']} came out; a filter or a join drops or doubles rows. Use left"
            " joins on keys that are unique, and reject rows through `_reasons`"
        )


def _breaks(table: Table, rows: ir.Table) -> ir.BooleanValue:
    broken: ir.BooleanValue = ibis.literal(False)
    for rule in table.contract.rules:
        broken = broken | rule.broken(rows)
    return broken


def _contest(
    session: Session, table: Table, accepted: ir.Table
) -> tuple[ir.Table, ir.Table | None]:
    """Let the newest delivery of each key win.

    Inside one file the later line wins. Of the others an equal row is a duplicate, a different row
    of the same file contradicts it and is rejected, unless the file is a log of changes, and a
    different row of an older delivery is superseded.
    """
    source = table.reads[0].table.source
    same_file_outcome = SUPERSEDED if source is not None and source.change_log else REJECTED
    key = list(table.contract.key)
    entering = accepted.filter(~accepted["_replaced"])
    beaten = accepted.filter(accepted["_replaced"])
    if not key:
        return accepted, None
    counted = entering.group_by(key).agg(n=entering.count())
    repeated = session.keep("repeated", counted.filter(counted.n > 1).drop("n"))
    some_repeated = session.value(repeated.count()) > 0
    some_beaten = session.value(beaten.count()) > 0
    if not some_repeated and not some_beaten:
        return entering, None
    newest_first = ibis.window(
        group_by=key,
        order_by=[
            ibis.desc("_version"),
            ibis.desc("_delivered_at"),
            ibis.desc("_day"),
            ibis.desc("_file"),
            ibis.desc("_line"),
        ],
    )
    contested = entering.semi_join(repeated, key)
    ranked = session.keep("ranked", contested.mutate(_rank=ibis.row_number().over(newest_first)))
    first = ranked.filter(ranked["_rank"] == 0).drop("_rank")
    winners = session.keep("winners", ibis.union(entering.anti_join(repeated, key), first))
    lost = ibis.union(ranked.filter(ranked["_rank"] > 0).drop("_rank"), beaten)
    values = [name for name in table.contract.schema.names if name not in key]
    won = winners.select(
        *key,
        **{f"won_{name}": winners[name] for name in [*values, "_file", "_digest"]},
        won=ibis.literal(True),
    )
    against = lost.left_join(won, key)  # many losers to one winner
    equal: ir.BooleanValue = against.won.fill_null(False)
    for name in values:
        if name not in ("delivery_day", "delivery_unit"):
            equal = equal & against[name].identical_to(against[f"won_{name}"])
    same_file = (against["_file"] == against["won__file"]) & (
        against["_digest"] == against["won__digest"]
    )
    losers = session.keep(
        "losers",
        against.select(
            *lost.columns,
            _outcome=ibis.cases(
                (equal, DUPLICATE),
                (same_file.fill_null(False), same_file_outcome),
                else_=SUPERSEDED,
            ),
        ),
    )
    return winners, losers


def _outcome(rows: ir.Table, outcome: str | ir.StringValue) -> ir.Table:
    return rows.select(
        day=rows.day,
        delivery_day=rows["_day"],
        file=rows["_file"],
        digest=rows["_digest"],
        line=rows["_line"],
        outcome=ibis.literal(outcome) if isinstance(outcome, str) else outcome,
    )


def _rejections(
    session: Session,
    table: Table,
    landed: ir.Table,
    rejected: ir.Table,
    losers: ir.Table | None,
) -> pa.Table:
    """Rows for quarantine with all their reasons and the values as they landed."""
    codes = ibis.ifelse(
        rejected["_reasons"] == "", table.contract.reasons(rejected), rejected["_reasons"]
    )
    place = ["_day", "_file", "_digest", "_line"]
    said = rejected.select("day", *place, "_detail", codes=codes)
    if losers is not None:
        contradicting = losers.filter(losers["_outcome"] == REJECTED)
        said = ibis.union(
            said,
            contradicting.select(
                "day",
                *place,
                _detail=ibis.literal("another row of the file has the same key and other values"),
                codes=ibis.literal("duplicate_key"),
            ),
        )
    named = {name: landed[name] for name in landed.columns if not name.startswith("_")}
    named.pop("day")
    original = landed.select(
        "_file", "_digest", "_line", _day=landed.day, **named, _rescued=landed["_rescued"]
    )
    renamed = original.rename({f"original_{name}": name for name in [*named, "_rescued"]})
    joined = said.inner_join(renamed, place)  # one rejection to one landed row
    rows = session.table(joined.order_by("day", *place)).to_pylist()
    made = [
        {
            "day": row["day"],
            "delivery_day": row["_day"],
            "file": row["_file"],
            "line": row["_line"],
            "digest": row["_digest"],
            "reasons": split_reasons(row["codes"]),
            "detail": row["_detail"],
            "values": _values(row),
            "contract_version": table.contract.version,
        }
        for row in rows
    ]
    return pa.Table.from_pylist(made, schema=QUARANTINE.schema)


def _values(row: Mapping[str, object]) -> str:
    """A landed row as JSON, column by column as it was written; rescued columns among them."""
    prefix = "original_"
    values = {k.removeprefix(prefix): v for k, v in row.items() if k.startswith(prefix)}
    rescued = values.pop("_rescued", None)
    if rescued:
        values |= json.loads(str(rescued))
    return json.dumps(values, ensure_ascii=False)


def _stage_companion(
    lake: Lake,
    done: Computed,
    companion: TableId,
    schema: pa.Schema,
    days: Iterable[tuple[dt.date, pa.Table]],
) -> None:
    staged = lake.table(companion).stage_many(days, schema)
    done.companions.setdefault(companion, (schema, []))[1].extend(staged)


def _within(day: ir.DateValue, days: Sequence[dt.date]) -> ir.BooleanValue:
    """Whether a day is among these; a range without gaps is compared by its ends."""
    if not days:
        return ibis.literal(False)
    if (days[-1] - days[0]).days + 1 == len(days):
        return day.between(ibis.literal(days[0]), ibis.literal(days[-1]))
    return day.isin([ibis.literal(each) for each in days])


def _order(table: Table) -> list[str]:
    """A total order, so that equal rows give equal bytes: the day, the key, the rest."""
    names = ["day", *(name for name in table.contract.key if name != "day")]
    return names if table.contract.key else [*names, *_others(table, names)]


def _others(table: Table, names: Sequence[str]) -> list[str]:
    return [name for name in table.contract.schema.names if name not in names]


def _by_day(
    batches: Iterable[pa.RecordBatch], days: Sequence[dt.date], schema: pa.Schema
) -> Iterator[tuple[dt.date, pa.Table]]:
    """Cut rows that come in the order of their day into days; days without rows come empty."""
    waiting = iter(sorted(days))
    current: dt.date | None = next(waiting, None)
    held: list[pa.RecordBatch] = []
    for batch in batches:
        column = batch.column(batch.schema.get_field_index("day"))
        start = 0
        while start < batch.num_rows:
            day = column[start].as_py()
            while current is not None and current < day:
                yield current, pa.Table.from_batches(held, schema)
                held, current = [], next(waiting, None)
            end = start + _run_length(column, start)
            if current == day:
                held.append(batch.slice(start, end - start))
            start = end
    while current is not None:
        yield current, pa.Table.from_batches(held, schema)
        held, current = [], next(waiting, None)


def _run_length(column: pa.Array, start: int) -> int:
    """How many values from `start` on are equal to the one there, in a sorted column."""
    value = column[start]
    low, high = start, len(column)
    while low < high:
        middle = (low + high) // 2
        if column[middle] == value:
            low = middle + 1
        else:
            high = middle
    return low - start

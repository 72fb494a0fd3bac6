"""Days of a snapshot table: the valid snapshot, and rows that are registered later.

A unit may sell before headquarters registers it. So a row that delivered rows name on a day, and
that no snapshot up to the day has, is taken from the earliest later snapshot that has it. With the
option ``later_rows`` every such row is.
"""

import datetime as dt
import functools
from collections.abc import Iterator, Sequence

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.engines.session import Session, arrow_schema, named_relation
from lakehouse.platform.storage.day_rows import cut_by_day
from lakehouse.platform.tables.table import PARTITIONS, Read, Table, relation_name
from lakehouse.platform.transform.days import sort_columns
from lakehouse.platform.transform.inputs import UpstreamSnapshots

NO_SIGNS, LEADING_ZEROS = "[^0-9A-Za-z]", "^0+"
"""Parts of a naming value that are ignored: ``007`` and ``7`` name the same row."""


def snapshot_days(
    session: Session, upstream: UpstreamSnapshots, kept: ir.Table, window: Sequence[dt.date]
) -> Iterator[tuple[dt.date, pa.Table]]:
    """Yield for each day the rows of the valid snapshot and the later rows that are named on it."""
    table = upstream.table
    valid = upstream.valid_snapshots(window)
    empty = arrow_schema(table.contract.schema).empty_table()
    taken = {
        day: rows if isinstance(rows, pa.Table) else pa.concat_tables(rows)
        for day, rows in cut_by_day(
            session.batches(kept_rows(table, kept)), sorted(set(valid.values())), empty.schema
        )
    }
    later = _later_rows(session, upstream, kept, window) if valid else {}
    for day in window:
        rows = taken[valid[day]] if day in valid else empty
        extra = [row for row, snapshot in later.get(day, ()) if snapshot != valid[day]]
        if extra:
            added = pa.Table.from_pylist(extra, rows.schema)
            order = [(str(name), "ascending") for name in sort_columns(table) if name != "day"]
            rows = pa.concat_tables([rows, added]).sort_by(order).combine_chunks()
        yield day, rows


@functools.lru_cache(maxsize=512)
def kept_rows(table: Table, kept: ir.Table) -> ir.Table:
    """Return the columns of the kept rows that are stored, in their order."""
    return kept.select(list(table.contract.schema.names)).order_by(sort_columns(table))


def comparable(text: ir.StringValue) -> ir.StringValue:
    """Return a naming value without signs and leading zeros, in capital letters."""
    plain = text.re_replace(NO_SIGNS, "").upper()
    return plain.re_replace(LEADING_ZEROS, "")


def comparable_texts(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return naming values of an Arrow column as `comparable` does."""
    plain = pc.utf8_upper(pc.replace_substring_regex(texts, NO_SIGNS, ""))
    return pc.replace_substring_regex(plain, LEADING_ZEROS, "")


def _later_rows(
    session: Session, upstream: UpstreamSnapshots, kept: ir.Table, window: Sequence[dt.date]
) -> dict[dt.date, list[tuple[dict[str, object], dt.date]]]:
    """Return for each day its rows of later snapshots, each with its snapshot's day."""
    table = upstream.table
    if not upstream.may_have_later_rows(window):
        return {}
    if table.options.later_rows:
        return _unregistered_rows(session, upstream, kept, window)
    found: dict[dt.date, list[tuple[dict[str, object], dt.date]]] = {}
    for read in table.naming_reads:
        seen: set[tuple[object, ...]] = set()
        keys = [f"_key_{n}" for n in range(len(read.names))]
        for row in session.table(_named_rows(table, read, kept)).to_pylist():
            named = (row["_named_day"], *(row[key] for key in keys))
            if named not in seen:
                seen.add(named)
                values = {name: row[name] for name in table.contract.schema.names}
                values["day"] = row["_named_day"]
                found.setdefault(row["_named_day"], []).append((values, row["_taken"]))
    return found


def _unregistered_rows(
    session: Session, upstream: UpstreamSnapshots, kept: ir.Table, window: Sequence[dt.date]
) -> dict[dt.date, list[tuple[dict[str, object], dt.date]]]:
    """Return for each day the rows of later snapshots that no snapshot up to the day has.

    Before the first snapshot, the rows of the first one are valid already.
    """
    table = upstream.table
    key = [name for name in table.contract.key if name != "day"]
    first: dict[tuple[object, ...], tuple[dt.date, dict[str, object]]] = {}
    for row in session.table(kept_rows(table, kept)).to_pylist():
        values, taken = tuple(row[name] for name in key), row["day"]
        if values not in first or taken < first[values][0]:
            first[values] = (taken, row)
    found: dict[dt.date, list[tuple[dict[str, object], dt.date]]] = {}
    for day, valid in upstream.valid_snapshots(window).items():
        for taken, row in first.values():
            if taken > max(day, valid):
                found.setdefault(day, []).append(({**row, "day": day}, taken))
    return found


@functools.lru_cache(maxsize=512)
def _named_rows(table: Table, read: Read, kept: ir.Table) -> ir.Table:
    """Return the kept rows of snapshots after a day that rows of the day name, in their order.

    Rows that a snapshot up to the day has, whether or not it was valid, are left out.
    """
    upstream = table.reads[0]
    delivered = named_relation(upstream.name, upstream.table.contract.schema)
    keys = {f"_key_{n}": name for n, name in enumerate(read.names)}
    snapshots = delivered.select(
        _taken=delivered.day,
        _of_file=delivered["_file"],
        _of_line=delivered["_line"],
        **{key: comparable(delivered[name]) for key, name in keys.items()},
    )
    first = snapshots.group_by(list(keys)).agg(_first=snapshots["_taken"].min())
    named = _naming_days(read, keys)
    named = named.semi_join(PARTITIONS, named["_named_day"] == PARTITIONS.day)
    unknown = named.inner_join(first, list(keys))  # one key of a day to its first snapshot
    unknown = unknown.filter(unknown["_first"] > unknown["_named_day"]).drop("_first")
    places = unknown.inner_join(snapshots, list(keys))  # one key to each of its snapshots
    rows = kept.select(
        list(table.contract.schema.names),
        _kept_on=kept["_day"],
        _kept_file=kept["_file"],
        _kept_line=kept["_line"],
    )
    joined = places.inner_join(  # one place to one kept row
        rows,
        [
            places["_taken"] == rows["_kept_on"],
            places["_of_file"] == rows["_kept_file"],
            places["_of_line"] == rows["_kept_line"],
        ],
    )
    return joined.order_by(["_named_day", *keys, "_taken"])


def _naming_days(read: Read, keys: dict[str, str]) -> ir.Table:
    """Return each key with the business days on which delivered rows name it."""
    naming = named_relation(read.name, read.table.contract.schema)
    values = {key: comparable(naming[name]) for key, name in keys.items()}
    own = naming["_business_day"].fill_null(naming.day)
    named = naming.select(_named_day=own, **values)
    if read.dated_by is not None:
        dated = named_relation(relation_name(read.dated_by.id), read.dated_by.contract.schema)
        days = dated.select(
            _delivered=dated.day, _named_day=dated["_business_day"].fill_null(dated.day)
        ).distinct()
        delivered = naming.select(_delivered=naming.day, **values).distinct()
        others = delivered.inner_join(days, "_delivered")  # one delivery to each of its days
        named = named.union(others.select("_named_day", *keys))
    return named.distinct()

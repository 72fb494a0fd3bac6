"""A tiny domain declared in a test: visits that are delivered repeatedly, and tips for visits."""

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.control_total import ControlTotal
from lakehouse.platform.tables.declare import declare_table
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.expressions import parse_int, provenance_of, rejected
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import PARTITIONS, ReferenceDates, TableOptions, all_days
from lakehouse.settings import Settings
from lakehouse_tests.stories.driver import Driver

SPEC = DomainSpec(name="cafe", title="Café", since=dt.date(2024, 1, 1))
VISITS = Source(
    domain="cafe",
    dataset="visits",
    description="Visits as they were delivered.",
    files=r"visits.*\.csv",
    columns={"number": "Number of the visit", "on": "Day", "spent": "Money spent"},
    business_day="on",
    per_file=True,
    key=("number",),
    affects={"tips": ("number",)},
)
TIPS = Source(
    domain="cafe",
    dataset="tips",
    description="Tips as they were delivered.",
    files=r"tips.*\.csv",
    columns={"number": "Number of the visit", "on": "Day", "tip": "Tip"},
    business_day="on",
    per_file=True,
    change_log=True,
    key=("number",),
)


class Visits(TableModel, key=("number",)):
    """One visit."""

    day: dt.date = pa.Field(description="Day")
    number: int = pa.Field(description="Number of the visit")
    spent: int = pa.Field(ge=0, description="Money spent")


class Tips(TableModel, key=("number",)):
    """The tip of one visit."""

    day: dt.date = pa.Field(description="Day")
    number: int = pa.Field(description="Number of the visit")
    tip: int = pa.Field(description="Tip")


class MonthTotals(TableModel, key=("day",)):
    """Visits of the two months before the first day of a month."""

    day: dt.date = pa.Field(description="Day")
    visits: int = pa.Field(description="Visits")
    spent: int = pa.Field(description="Money spent")


def _visits(rows: ir.Table) -> ir.Table:
    """Visits with typed columns."""
    return rows.select(
        **provenance_of(rows, day=rows.day),
        day=rows["_business_day"].fill_null(rows.day),
        number=parse_int(rows.number),
        spent=parse_int(rows.spent),
    )


visits = declare_table(
    _visits, table=TableId("silver", "cafe", "visits"), contract=Visits, reads=[VISITS.bronze]
)


def _tips(rows: ir.Table, known: ir.Table) -> ir.Table:
    """Tips of known visits, delivered on any day."""
    numbers = known.select("number", known=True).distinct()
    joined = rows.left_join(numbers, "number")
    return joined.select(
        **provenance_of(joined, day=joined.day),
        _reasons=rejected(unknown_visit=joined.known.isnull()),
        day=joined["_business_day"].fill_null(joined.day),
        number=parse_int(joined.number),
        tip=parse_int(joined.tip),
    )


tips = declare_table(
    _tips,
    table=TableId("silver", "cafe", "tips"),
    contract=Tips,
    reads=[TIPS.bronze, all_days(VISITS.bronze)],
)


def _month_totals(dates: ir.Table, known: ir.Table) -> ir.Table:
    """Visits and money spent before each date, in its month and the two months before."""
    dated = known.select("number", "spent", on=known.day)
    first = (dates.day.truncate("M").cast("date") - ibis.interval(months=2)).cast("date")
    within = dates.join(dated, [dated.on < dates.day, dated.on >= first])
    return within.group_by("day").agg(visits=within.count(), spent=within.spent.sum())


month_totals = declare_table(
    _month_totals,
    table=TableId("gold", "cafe", "month_totals"),
    contract=MonthTotals,
    reads=[PARTITIONS, visits],
    as_of=True,
    options=TableOptions(reference_dates=ReferenceDates(before=2, after=1)),
)


class VisitDays(TableModel, key=("day",)):
    """One day."""

    day: dt.date = pa.Field(description="Day")
    visits: int = pa.Field(description="Number of visits")


def _visit_days(known: ir.Table) -> ir.Table:
    """Number of visits by day."""
    return known.group_by("day").agg(visits=known.count())


visit_days = declare_table(
    _visit_days, table=TableId("gold", "cafe", "visit_days"), contract=VisitDays, reads=[visits]
)


class Spenders(TableModel, key=("number",)):
    """One visit in the order of the money spent."""

    number: int = pa.Field(description="Number of the visit")
    spent: int = pa.Field(description="Money spent")


class Spent(TableModel):
    """All visits."""

    visits: int = pa.Field(description="Number of visits")
    spent: int = pa.Field(description="Money spent")


def _spenders(known: ir.Table) -> ir.Table:
    """Visits, the most expensive one first."""
    return known.select("number", "spent").order_by(ibis.desc("spent"), "number")


spenders = declare_table(
    _spenders,
    table=TableId("gold", "cafe", "spenders"),
    contract=Spenders,
    reads=[visits],
    as_of=True,
)


def _spent(ranked: ir.Table) -> ir.Table:
    """Number of visits and money spent."""
    return ranked.agg(visits=ranked.count(), spent=ranked.spent.sum().fill_null(0).cast("int64"))


spent = declare_table(
    _spent,
    table=TableId("gold", "cafe", "spent"),
    contract=Spent,
    reads=[spenders],
    as_of=True,
    options=TableOptions(keep_days=30),
)

CONTROL_TOTALS = (
    ControlTotal(
        table="silver.visits",
        expected="""
            select day, trim(number)::bigint as number, trim(spent)::bigint as spent
            from kept.visits""",
        found="select day, number, spent from silver.visits",
    ),
    ControlTotal(
        table="silver.visits",
        expected="""
            select day, _line as line from rejected.visits
            where regexp_full_match(number || spent, '[0-9]+') and _reasons = ['bad_spent']""",
        found="select day, 0 as line from silver.visits where false",
    ),
    ControlTotal(
        table="gold.visit_days",
        expected="select day, count(*) as visits from silver.visits group by day",
        found="select day, visits from gold.visit_days",
    ),
    ControlTotal(
        table="gold.spenders",
        expected="select number, spent from silver.visits",
        found="select number, spent from gold.spenders",
    ),
    ControlTotal(
        table="gold.spent",
        expected="select count(*) as visits, coalesce(sum(spent), 0) as spent from silver.visits",
        found="select visits, spent from gold.spent",
    ),
)
"""The tables ``tips`` and ``month_totals`` have none, so that an audit says so."""

DOMAIN = Domain(
    spec=SPEC,
    control_totals=CONTROL_TOTALS,
    sources=(VISITS, TIPS),
    tables=(
        VISITS.raw,
        TIPS.raw,
        VISITS.bronze,
        TIPS.bronze,
        visits,
        tips,
        month_totals,
        visit_days,
        spenders,
        spent,
    ),
)


@dataclass
class Cafe:
    """Landing zone and lake of the domain below one folder."""

    folder: Path
    engine: str = "duckdb"

    @property
    def settings(self) -> Settings:
        return Settings(
            root=str(self.folder / "lake"),
            landing=str(self.folder / "landing"),
            engine=self.engine,
            spark_min_rows=0,
            quiet_seconds=0,
        )

    @property
    def driver(self) -> Driver:
        return Driver(domain=DOMAIN, settings=self.settings)

    def send(self, day: str, name: str, *lines: str, hour: int = 12) -> None:
        """Land a file in the folder of a day, modified at an hour of that day."""
        self.put(f"{day}/{name}", day, lines, hour)

    def put(self, path: str, day: str, lines: Sequence[str], hour: int = 12) -> None:
        """Land a file at any path, modified at an hour of a day."""
        place = self.folder / "landing" / "cafe" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        header = "number,on,tip" if place.name.startswith("tips") else "number,on,spent"
        place.write_text("\n".join([header, *lines]) + "\n")
        moment = dt.datetime.fromisoformat(f"{day}T{hour}:00:00+00:00").timestamp()
        os.utime(place, (moment, moment))

    def process(self) -> None:
        """Run all work that the landed files cause."""
        self.driver.run_pending()

    def rows(self, name: str, *columns: str) -> list[tuple[object, ...]]:
        table = Lake(self.settings.root).table(TableId.from_name(name))
        if table.snapshot().schema is None:
            return []
        rows = table.read().select(list(columns)).to_pylist()
        return sorted(tuple(row.values()) for row in rows)

    def outcomes(self, dataset: str) -> list[tuple[object, ...]]:
        """Return file, line and outcome of each delivered row."""
        table = Lake(self.settings.root).table(TableId("silver", "cafe", dataset, "outcomes"))
        return sorted(
            (row["file"].rpartition("/")[2], row["line"], row["outcome"])
            for row in table.read().to_pylist()
        )

    def balance(self) -> set[str]:
        table = Lake(self.settings.root).table(TableId("ops", "cafe", "reconciliation"))
        return {row["balance"] for row in table.read().to_pylist()}

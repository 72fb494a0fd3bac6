"""`lakehouse alerts backtest`: what the present parameters find on past or generated days."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import inform
from lakehouse.cli.options import Day
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.demo.mrhealth.alert_quality import Comparison, Quality

MONTH = 30
DOMAIN = "mrhealth"
KINDS = ("kind", "severity", "alerts")
QUALITY = (
    "kind",
    "incidents",
    "found",
    "recall",
    "alerts",
    "false_alerts",
    "precision",
    "days_to_detection",
)


@click.command()
@click.option("--from", "first", type=Day(), help="First day; default: 90 days before the last.")
@click.option("--to", "last", type=Day(), help="Last day; default: yesterday.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Known incidents as JSON lines, to compare with.",
)
@click.option("--seeds", help="Measure generated days instead of the lake, such as 21-28.")
@click.option("--orders", default=60.0, show_default=True, help="Orders of a generated unit-day.")
@click.option("--clean", is_flag=True, help="Generated days without incidents.")
@click.option("--keep", is_flag=True, help="Store the measurement in ops.alert_quality.")
@click.option("--show", is_flag=True, help="Name missed incidents and false alerts.")
@format_option
def backtest(
    first: dt.date | None,
    last: dt.date | None,
    labels: Path | None,
    seeds: str | None,
    orders: float,
    clean: bool,
    keep: bool,
    show: bool,
    form: str,
) -> None:
    """Show what the present parameters would have raised.

    Counts alerts by kind and severity, and by unit and month. With known incidents, from --labels
    or generated with --seeds, it also prints precision, recall and days to detection. The lake is
    read and not changed, unless --keep stores the measurement.

    Examples:
      lakehouse alerts backtest --from 2026-01-01 --to 2026-03-31
      lakehouse alerts backtest --seeds 21-28
    """
    from lakehouse.domains.mrhealth.detection.backtest import alerts_between
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    if seeds:
        _generated(seeds, orders, settings, clean=clean, keep=keep, show=show, form=form)
        return
    until = last or Day().convert("yesterday", None, None)
    since = first or until - dt.timedelta(days=89)
    if since > until:
        raise click.UsageError(f"--from {since} is after --to {until}")
    found, unit_days = alerts_between(Lake(settings.root, settings.file_mb), settings, since, until)
    counts = Counter((alert["kind"], alert["severity"]) for alert in found)
    print_rows(KINDS, [(*key, count) for key, count in sorted(counts.items())], form)
    _tell_rate(len(found), unit_days)
    if labels:
        from lakehouse.demo.mrhealth.alert_quality import compare, incidents_from

        known = incidents_from(map(json.loads, labels.read_text("utf-8").splitlines()))
        known = [each for each in known if since <= each.first <= until]
        compared = compare(known, found)
        print_rows(QUALITY, _quality_rows(compared.by_kind), form)
        if show:
            _tell(compared)
        if keep:
            source = f"{since} to {until}"
            _keep(compared.by_kind, source, _rate(len(found), unit_days), settings)


def _generated(
    seeds: str,
    orders: float,
    settings: Settings,
    *,
    clean: bool,
    keep: bool,
    show: bool,
    form: str,
) -> None:
    from lakehouse.cli.progress import counted
    from lakehouse.demo.mrhealth.alert_quality import Quality

    numbers = _numbers(seeds)
    total: dict[str, Quality] = {}
    unit_days = alerts = 0
    measured = _measured(numbers, orders, 0 if clean else 2, settings)
    for compared, days in counted("seeds measured", measured, len(numbers)):
        for kind, one in compared.by_kind.items():
            total.setdefault(kind, Quality()).add(one)
        alerts += compared.by_kind["all"].alerts + len(compared.false)
        unit_days += days
        if show:
            _tell(compared)
    print_rows(QUALITY, _quality_rows(total), form)
    _tell_rate(alerts, unit_days)
    if keep:
        source = f"seeds {seeds}, {orders:g} orders a unit-day" + (", clean" if clean else "")
        _keep(total, source, _rate(alerts, unit_days), settings)


def _measured(
    seeds: Iterable[int], orders: float, rounds: int, settings: Settings
) -> Iterator[tuple["Comparison", int]]:
    """Yield for each seed what was found, and its number of unit-days."""
    from lakehouse.demo.mrhealth.alert_quality import compare
    from lakehouse.demo.mrhealth.day_rows import rows_of
    from lakehouse.demo.mrhealth.scenario import scenario_of
    from lakehouse.domains.mrhealth.detection.backtest import alerts_in_rows

    for seed in seeds:
        begins = dt.date(2026, 1, 1) + dt.timedelta(days=37 * seed % 300)
        scenario = scenario_of(seed, first=begins, orders_per_unit=orders, rounds=rounds)
        since = scenario.first_incident_day
        rows = rows_of(scenario)
        found = alerts_in_rows(rows, settings, since, scenario.last)
        days = sum(row["day"] >= since for row in rows["unit_day"])
        yield compare(scenario.incidents, found), days


def _numbers(text: str) -> list[int]:
    first, _, last = text.partition("-")
    try:
        numbers = list(range(int(first), int(last or first) + 1))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a seed or a range such as 21-28") from error
    if not numbers:
        raise click.BadParameter(f"{text!r} has no seeds; write the smaller one first")
    return numbers


def _quality_rows(by_kind: Mapping[str, "Quality"]) -> list[tuple[object, ...]]:
    return [
        (
            kind,
            one.incidents,
            one.found,
            _rounded(one.recall),
            one.alerts,
            one.false_alerts,
            _rounded(one.precision if kind == "all" else None),
            _rounded(one.days_to_detection),
        )
        for kind, one in by_kind.items()
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _rate(alerts: int, unit_days: int) -> float | None:
    return alerts * MONTH / unit_days if unit_days else None


def _tell_rate(alerts: int, unit_days: int) -> None:
    rate = _rate(alerts, unit_days)
    if rate is None:
        inform("no unit has a row on these days")
    else:
        inform(f"{alerts} alerts on {unit_days} unit-days: {rate:.3f} for a unit and month")


def _tell(compared: "Comparison") -> None:
    for incident in compared.missed:
        inform(
            f"missed: {incident.mechanism} from {incident.first} to {incident.last}, units"
            f" {', '.join(map(str, incident.units))}, strength {incident.strength:.2f}"
        )
    for alert in compared.false:
        inform(f"false: {alert['alert_id']} {alert['message']}")


def _keep(
    by_kind: Mapping[str, "Quality"], source: str, rate: float | None, settings: Settings
) -> None:
    """Store a measurement; an earlier one of the same day and source is replaced."""
    from lakehouse.platform.alerts.quality import keep_quality
    from lakehouse.platform.orchestration.publishing import publish_tables
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.ops_tables import AlertQuality

    lake = Lake(settings.root, settings.file_mb)
    today = dt.datetime.now(settings.zone).date()
    rows = [
        AlertQuality(
            day=today,
            source=source,
            kind=kind,
            incidents=one.incidents,
            found=one.found,
            alerts=one.alerts,
            false_alerts=one.false_alerts,
            precision=one.precision if kind == "all" else None,
            recall=one.recall,
            days_to_detection=one.days_to_detection,
            alerts_per_unit_month=rate if kind == "all" else None,
        )
        for kind, one in by_kind.items()
    ]
    table = keep_quality(lake, DOMAIN, rows)
    publish_tables(lake, DOMAIN, [table], note={"by": "lakehouse alerts backtest"})
    inform(f"{len(rows)} rows kept in ops.alert_quality")

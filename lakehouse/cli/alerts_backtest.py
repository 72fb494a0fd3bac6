"""`lakehouse alerts backtest`: what the present parameters find on past or generated days."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.alerts_measured import Measured, Restaurants, measured_domain
from lakehouse.cli.messages import inform
from lakehouse.cli.options import Day, DomainName
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.demo.incidents.labels import Comparison, Quality

MONTH = 30
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
@click.option(
    "--domain",
    "domain_name",
    type=DomainName(),
    default="mrhealth",
    show_default=True,
    help="Domain whose alerts are measured.",
)
@click.option("--from", "first", type=Day(), help="First day; default: 90 days before the last.")
@click.option("--to", "last", type=Day(), help="Last day; default: yesterday.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Known incidents as JSON lines, to compare with.",
)
@click.option("--seeds", help="Measure generated days instead of the lake, such as 21-28.")
@click.option(
    "--orders", type=float, help="Orders of a generated unit-day of restaurants; default: 60."
)
@click.option("--clean", is_flag=True, help="Generated days without incidents.")
@click.option(
    "--later", is_flag=True, help="Incidents and circumstances of restaurants thought of later."
)
@click.option("--keep", is_flag=True, help="Store the measurement in ops.alert_quality.")
@click.option("--show", is_flag=True, help="Name missed incidents and false alerts.")
@format_option
def backtest(
    domain_name: str,
    first: dt.date | None,
    last: dt.date | None,
    labels: Path | None,
    seeds: str | None,
    orders: float | None,
    clean: bool,
    later: bool,
    keep: bool,
    show: bool,
    form: str,
) -> None:
    """Show what the present parameters would have raised.

    Counts alerts by kind and severity, and by place and month. With known incidents, from --labels
    or generated with --seeds, it also prints precision, recall and days to detection. The lake is
    read and not changed, unless --keep stores the measurement.

    Examples:
      lakehouse alerts backtest --from 2026-01-01 --to 2026-03-31
      lakehouse alerts backtest --domain sales --seeds 21-28
    """
    settings = Settings.from_env()
    domain = measured_domain(domain_name, orders, later=later)
    if seeds:
        _generated(domain, seeds, settings, clean=clean, keep=keep, show=show, form=form)
        return
    until = last or Day().convert("yesterday", None, None)
    since = first or until - dt.timedelta(days=89)
    if since > until:
        raise click.UsageError(f"--from {since} is after --to {until}")
    found, place_days = domain.between(settings, since, until)
    counts = Counter((alert["kind"], alert["severity"]) for alert in found)
    print_rows(KINDS, [(*key, count) for key, count in sorted(counts.items())], form)
    _tell_rate(len(found), place_days, domain.place)
    if labels:
        compared = domain.compared(labels, found, since, until)
        print_rows(QUALITY, _quality_rows(compared.by_kind), form)
        if show:
            _tell(compared)
        if keep:
            source = f"{since} to {until}"
            rate = _rate(len(found), place_days)
            _keep(domain.domain, compared.by_kind, source, rate, settings)


def _generated(
    domain: Measured,
    seeds: str,
    settings: Settings,
    *,
    clean: bool,
    keep: bool,
    show: bool,
    form: str,
) -> None:
    from lakehouse.cli.progress import counted
    from lakehouse.demo.incidents.labels import Quality

    numbers = _numbers(seeds)
    total: dict[str, Quality] = {}
    place_days = alerts = 0
    measured = domain.generated(numbers, settings, clean=clean)
    for compared, days in counted("seeds measured", measured, len(numbers)):
        for kind, one in compared.by_kind.items():
            total.setdefault(kind, Quality()).add(one)
        alerts += compared.by_kind["all"].alerts + len(compared.false)
        place_days += days
        if show:
            _tell(compared)
    print_rows(QUALITY, _quality_rows(total), form)
    _tell_rate(alerts, place_days, domain.place)
    if keep:
        many = f", {domain.orders:g} orders a unit-day" if isinstance(domain, Restaurants) else ""
        kinds = ", later incidents" if isinstance(domain, Restaurants) and domain.later else ""
        source = f"seeds {seeds}{many}{kinds}" + (", clean" if clean else "")
        _keep(domain.domain, total, source, _rate(alerts, place_days), settings)


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


def _rate(alerts: int, place_days: int) -> float | None:
    return alerts * MONTH / place_days if place_days else None


def _tell_rate(alerts: int, place_days: int, place: str) -> None:
    rate = _rate(alerts, place_days)
    if rate is None:
        inform(f"no {place} has a row on these days")
    else:
        inform(f"{alerts} alerts on {place_days} {place}-days: {rate:.3f} for a {place} and month")


def _tell(compared: "Comparison[Any]") -> None:
    for incident in compared.missed:
        inform(
            f"missed: {incident.mechanism} from {incident.first} to {incident.last},"
            f" {_where(incident)}strength {incident.strength:.2f}"
        )
    for alert in compared.false:
        inform(f"false: {alert['alert_id']} {alert['message']}")


def _where(incident: Any) -> str:
    """Return the units or the region that an incident hit, with a comma behind."""
    if units := getattr(incident, "units", None):
        return f"units {', '.join(map(str, units))}, "
    place = getattr(incident, "place", "")
    return f"{place}, " if place else ""


def _keep(
    domain: str,
    by_kind: Mapping[str, "Quality"],
    source: str,
    rate: float | None,
    settings: Settings,
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
    table = keep_quality(lake, domain, rows)
    publish_tables(lake, domain, [table], note={"by": "lakehouse alerts backtest"})
    inform(f"{len(rows)} rows kept in ops.alert_quality")

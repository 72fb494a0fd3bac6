"""`lakehouse alerts`: see alerts, say what happened, and measure them."""

import datetime as dt
import getpass
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import Day, DomainName, plural
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.alerts.decisions import Handling
    from lakehouse.platform.tables.ops_tables import AlertStep

COLUMNS = (
    "alert_id",
    "severity",
    "state",
    "owner",
    "first_day",
    "last_day",
    "message",
    "action",
    "until",
    "outcome",
    "note",
)
domain_of_alerts = click.option(
    "--domain",
    "domain_name",
    type=DomainName(),
    default="mrhealth",
    show_default=True,
    help="Domain whose alerts are meant.",
)
by_option = click.option("--by", default=getpass.getuser, help="Who decides; default: your login.")
note_option = click.option("--note", help="Remark for others.")


@click.group()
def alerts() -> None:
    """See alerts, say what happened, and measure them.

    An alert is open until it ends, or until somebody closes it. Decisions are kept beside the
    alerts: computing them again loses none. See docs/alerts.md.
    """


@alerts.command("list")
@domain_of_alerts
@click.option("--all", "show_all", is_flag=True, help="Show ended, closed and snoozed ones, too.")
@click.option("--unit", type=int, help="Only alerts of this unit.")
@click.option("--kind", help="Only alerts of this kind.")
@click.option(
    "--severity", type=click.Choice(["critical", "high", "medium"]), help="Only this severity."
)
@format_option
def list_alerts(
    domain_name: str,
    show_all: bool,
    unit: int | None,
    kind: str | None,
    severity: str | None,
    form: str,
) -> None:
    """List the alerts that wait, the most urgent first.

    Examples:
      lakehouse alerts list
      lakehouse alerts list --all --unit 7 --format csv
    """
    from lakehouse.platform.alerts.decisions import UNTOUCHED, decisions, handling_of
    from lakehouse.platform.alerts.stored import ENDED, stored_alerts
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    lake, today = Lake(settings.root), _today(settings)
    handled = handling_of(decisions(lake, domain_name))
    wanted = {"unit_id": unit, "kind": kind, "severity": severity}
    rows = []
    hidden = 0
    for alert in stored_alerts(lake, domain_name):
        if any(value is not None and alert[name] != value for name, value in wanted.items()):
            continue
        handling = handled.get(alert["alert_id"], UNTOUCHED)
        waits = alert["state"] != ENDED and handling.state != "closed"
        if not show_all and (not waits or handling.is_snoozed(today)):
            hidden += 1
            continue
        rows.append(_row(alert, handling))
    print_rows(COLUMNS, rows, form)
    if hidden:
        inform(f"{plural(hidden, 'alert')} ended, closed or snoozed; --all shows them")


def _row(alert: dict[str, Any], handling: "Handling") -> tuple[object, ...]:
    is_untouched = handling.state == "open"
    shown = {
        **alert,
        "state": alert["state"] if is_untouched else handling.state,
        "owner": handling.owner or alert["owner"],
        "until": handling.until,
        "outcome": handling.outcome,
        "note": handling.note,
    }
    return tuple(shown[name] for name in COLUMNS)


@alerts.command()
@click.argument("alert_id")
@domain_of_alerts
@note_option
@by_option
def ack(alert_id: str, domain_name: str, note: str | None, by: str) -> None:
    """Say that somebody is looking at an alert.

    Example:
      lakehouse alerts ack volume-u7-20260305 --note "Liguei para a loja"
    """
    _decide(domain_name, alert_id, "acknowledged", by=by, note=note)


@alerts.command()
@click.argument("alert_id")
@domain_of_alerts
@click.option("--note", required=True, help="What the reason is.")
@by_option
def explain(alert_id: str, domain_name: str, note: str, by: str) -> None:
    """Say why an alert was raised; it is not sent again.

    Example:
      lakehouse alerts explain volume-u7-20260305 --note "Obra na rua até sexta"
    """
    _decide(domain_name, alert_id, "explained", by=by, note=note)


@alerts.command()
@click.argument("alert_id")
@domain_of_alerts
@click.option("--outcome", required=True, help="How it ended, such as: falso alarme.")
@note_option
@by_option
def close(alert_id: str, domain_name: str, outcome: str, note: str | None, by: str) -> None:
    """Close an alert with its outcome.

    Example:
      lakehouse alerts close volume-u7-20260305 --outcome "Caixa trocado"
    """
    _decide(domain_name, alert_id, "closed", by=by, note=note, outcome=outcome)


@alerts.command()
@click.argument("alert_id")
@domain_of_alerts
@note_option
@by_option
def reopen(alert_id: str, domain_name: str, note: str | None, by: str) -> None:
    """Open a closed alert again.

    Example:
      lakehouse alerts reopen volume-u7-20260305 --note "Parou de novo"
    """
    _decide(domain_name, alert_id, "reopened", by=by, note=note)


@alerts.command()
@click.argument("alert_id")
@domain_of_alerts
@click.option("--until", type=Day(), required=True, help="Last day on which it is not shown.")
@note_option
@by_option
def snooze(alert_id: str, domain_name: str, until: dt.date, note: str | None, by: str) -> None:
    """Neither show nor send an alert until a day.

    Example:
      lakehouse alerts snooze volume-u7-20260305 --until 2026-03-12
    """
    if until < _today(Settings.from_env()):
        raise click.BadParameter(f"{until} has passed; expected today or a later day")
    _decide(domain_name, alert_id, "snoozed", by=by, note=note, until=until)


@alerts.command()
@click.argument("alert_id")
@domain_of_alerts
@click.option("--owner", required=True, help="Who is to act.")
@note_option
@by_option
def assign(alert_id: str, domain_name: str, owner: str, note: str | None, by: str) -> None:
    """Name who is to act about an alert.

    Example:
      lakehouse alerts assign volume-u7-20260305 --owner Bia
    """
    _decide(domain_name, alert_id, "assigned", by=by, note=note, owner=owner)


def _decide(domain_name: str, alert_id: str, step: "AlertStep | str", **given: Any) -> None:
    """Add a step about an alert that exists, and publish it."""
    from lakehouse.platform.alerts.decisions import decide, decisions, decisions_of
    from lakehouse.platform.alerts.stored import stored_alerts
    from lakehouse.platform.orchestration.publishing import publish_tables
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.ops_tables import AlertStep

    settings = Settings.from_env()
    lake = Lake(settings.root)
    known = {alert["alert_id"] for alert in stored_alerts(lake, domain_name)}
    known |= {each.alert_id for each in decisions(lake, domain_name)}
    if alert_id not in known:
        raise CommandError(
            f"there is no alert {alert_id!r} in {domain_name}",
            f"lakehouse alerts list --all --domain {domain_name} shows the alerts",
        )
    now = dt.datetime.now(dt.UTC)
    decide(lake, domain_name, alert_id, AlertStep(step), now=now, today=_today(settings), **given)
    publish_tables(
        lake, domain_name, [decisions_of(domain_name)], note={"by": f"lakehouse alerts {step}"}
    )
    inform(f"{alert_id} is {AlertStep(step).value}")


def _today(settings: Settings) -> dt.date:
    return dt.datetime.now(settings.zone).date()


def _add_backtest() -> None:
    from lakehouse.cli.alerts_backtest import backtest

    alerts.add_command(backtest)


_add_backtest()

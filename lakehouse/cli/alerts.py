"""`lakehouse alerts`: see alerts, say what happened, and measure them."""

import datetime as dt
import getpass
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import Day, DomainName, plural
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.alerts.decisions import Handling

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
DOMAIN_HELP = "Domain whose alerts are meant."
domain_of_alerts = click.option(
    "--domain",
    "domain_name",
    type=DomainName(),
    default="mrhealth",
    show_default=True,
    help=DOMAIN_HELP,
)


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
    from lakehouse.platform.alerts.kinds import ENDED
    from lakehouse.platform.alerts.stored import stored_alerts
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    lake, today = Lake(settings.root, settings.file_mb), _today(settings)
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


@dataclass(frozen=True, kw_only=True)
class StepCommand:
    """One command that adds a step about an alert.

    Args:
        name: name of the command.
        step: value of the step, see `AlertStep`.
        help: what the command says, one sentence.
        example: its options in the example of the help.
        options: those that only this command has.
        note_is_required: whether the remark is the step itself.
    """

    name: str
    step: str
    help: str
    example: str
    options: tuple[click.Option, ...] = ()
    note_is_required: bool = False


STEP_COMMANDS = (
    StepCommand(
        name="ack",
        step="acknowledged",
        help="Say that somebody is looking at an alert.",
        example='--note "Liguei para a loja"',
    ),
    StepCommand(
        name="explain",
        step="explained",
        help="Say why an alert was raised; it is not sent again.",
        example='--note "Obra na rua até sexta"',
        note_is_required=True,
    ),
    StepCommand(
        name="close",
        step="closed",
        help="Close an alert with its outcome.",
        example='--outcome "Caixa trocado"',
        options=(
            click.Option(["--outcome"], required=True, help="How it ended, such as: falso alarme."),
        ),
    ),
    StepCommand(
        name="reopen",
        step="reopened",
        help="Open an alert that was closed or snoozed again.",
        example='--note "Parou de novo"',
    ),
    StepCommand(
        name="snooze",
        step="snoozed",
        help="Neither show nor send an alert until a day.",
        example="--until 2026-03-12",
        options=(
            click.Option(
                ["--until"], type=Day(), required=True, help="Last day on which it is not shown."
            ),
        ),
    ),
    StepCommand(
        name="assign",
        step="assigned",
        help="Name who is to act about an alert.",
        example="--owner Bia",
        options=(click.Option(["--owner"], required=True, help="Who is to act."),),
    ),
)


def _add_step_commands() -> None:
    """Make a command of each declared step."""
    for each in STEP_COMMANDS:
        note = "What the reason is." if each.note_is_required else "Remark for others."
        command = click.Command(
            each.name,
            callback=partial(_decide, each.step),
            help=f"{each.help}\n\nExamples:\n  lakehouse alerts {each.name}"
            f" volume-u7-20260305 {each.example}",
            params=[
                click.Argument(["alert_id"]),
                click.Option(
                    ["--domain", "domain_name"],
                    type=DomainName(),
                    default="mrhealth",
                    show_default=True,
                    help=DOMAIN_HELP,
                ),
                *each.options,
                click.Option(["--note"], required=each.note_is_required, help=note),
                click.Option(
                    ["--by"], default=getpass.getuser, help="Who decides; default: your login."
                ),
            ],
        )
        alerts.add_command(command)


def _decide(step: str, domain_name: str, alert_id: str, **given: Any) -> None:
    """Add a step about an alert that exists, and publish it."""
    from lakehouse.platform.alerts.steps import StepError, StepProblem, take_step
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.ops_tables import AlertStep

    settings = Settings.from_env()
    lake = Lake(settings.root, settings.file_mb)
    now = dt.datetime.now(dt.UTC)
    today = _today(settings)
    try:
        take_step(lake, domain_name, alert_id, AlertStep(step), now=now, today=today, **given)
    except StepError as error:
        if error.problem is not StepProblem.UNKNOWN:
            raise click.BadParameter(str(error)) from error
        raise CommandError(
            str(error), f"lakehouse alerts list --all --domain {domain_name} shows the alerts"
        ) from error
    inform(f"{alert_id} is {step}")


def _today(settings: Settings) -> dt.date:
    return dt.datetime.now(settings.zone).date()


def _add_backtest() -> None:
    from lakehouse.cli.alerts_backtest import backtest

    alerts.add_command(backtest)


_add_step_commands()
_add_backtest()

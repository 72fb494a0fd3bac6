"""`lakehouse models`: the trained models of the lake, and which version of each is in use."""

import datetime as dt
import getpass
import json
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.messages import inform, next_step, suggestion
from lakehouse.cli.options import domain_option
from lakehouse.cli.output import format_option, print_rows
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.tables.ops_tables import ModelVersion

SHORT = 10
"""Digits of a version in the list; any beginning that only one version has is accepted."""


class ModelName(click.ParamType[tuple[str, str]]):
    """A model as ``<domain>/<name>``."""

    name = "model"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        domain, slash, name = value.partition("/")
        if not slash or not name:
            self.fail(f"{value!r} is not a model; write <domain>/<name>", param, ctx)
        if domain not in domain_names():
            self.fail(
                f"unknown domain {domain!r}; {suggestion(domain, domain_names())}", param, ctx
            )
        return domain, name


model_argument = click.argument("model", metavar="DOMAIN/NAME", type=ModelName())
version_option = click.option("--version", "wanted", help="First digits of the version.")
by_option = click.option("--by", default=getpass.getuser, help="Who decides; default: your login.")
note_option = click.option("--note", help="Remark for others.")


@click.group()
def models() -> None:
    """Train models, list them, and choose the version in use.

    A model is a file in the lake, kept by its content, with the data, code and seed that it follows
    from. The version in use is a decision: it is added and never changed.
    """


@models.command("list")
@domain_option
@format_option
def list_models(domain_name: str | None, form: str) -> None:
    """List the versions of all models, newest first.

    Examples:
      lakehouse models list
      lakehouse models list --domain cards --format json
    """
    from lakehouse.platform.models.promotion import decisions, promoted_versions
    from lakehouse.platform.models.store import models_of
    from lakehouse.platform.storage.lake import Lake

    lake = Lake(Settings.from_env().root)
    rows = []
    for domain in [domain_name] if domain_name else domain_names():
        versions = models_of(lake, domain)
        steps = decisions(lake, domain) if versions else []
        for each in reversed(versions):
            stack = promoted_versions(step for step in steps if step.name == each.name)
            rows.append(
                (
                    f"{domain}/{each.name}",
                    each.version if form != "table" else each.version[:SHORT],
                    stack[-1:] == [each.version],
                    each.registered_at,
                    each.form,
                    each.size,
                    _metrics_of(each),
                )
            )
    columns = ("model", "version", "in_use", "registered_at", "form", "bytes", "metrics")
    print_rows(columns, rows, form)
    if not rows:
        inform("no model has been trained yet")


@models.command()
@model_argument
@version_option
@format_option
def show(model: tuple[str, str], wanted: str | None, form: str) -> None:
    """Show what a version follows from, and who chose it.

    Without --version, the version in use, else the newest one. The bytes are compared with their
    SHA-256.

    Examples:
      lakehouse models show cards/default_risk
      lakehouse models show cards/default_risk --version 3fa9
    """
    from lakehouse.platform.models.artefact import ModelError
    from lakehouse.platform.models.promotion import decisions, promoted
    from lakehouse.platform.models.store import content_of
    from lakehouse.platform.storage.lake import Lake

    lake, (domain, name) = Lake(Settings.from_env().root), model
    steps, used = decisions(lake, domain, name), promoted(lake, domain, name)
    shown = _version(lake, model, wanted or (used.version if used else None))
    try:
        content_of(lake, domain, shown)
        content = "intact"
    except ModelError as error:
        content = str(error)
    rows: list[tuple[str, object]] = [
        ("model", f"{domain}/{name}"),
        ("version", shown.version),
        ("in_use", shown == used),
        ("content", content),
        ("sha256", shown.sha256),
        ("form", shown.form),
        ("bytes", shown.size),
        ("seed", shown.seed),
        ("code", shown.code),
        ("run_id", shown.run_id),
        ("registered_at", shown.registered_at),
    ]
    rows += [(f"parameter {key}", value) for key, value in json.loads(shown.parameters).items()]
    rows += [(f"metric {key}", value) for key, value in json.loads(shown.metrics).items()]
    rows += [(f"data {each['table']}", _read_of(each)) for each in json.loads(shown.data)]
    rows += [
        (
            f"{each.step.value} {each.decided_at:%Y-%m-%d %H:%M:%S}",
            f"by {each.decided_by}" + (f": {each.note}" if each.note else ""),
        )
        for each in steps
        if each.version == shown.version
    ]
    print_rows(("what", "value"), rows, form)


@models.command()
@model_argument
@version_option
@note_option
@by_option
def promote(model: tuple[str, str], wanted: str | None, note: str | None, by: str) -> None:
    """Put a version into use; default: the newest one.

    Examples:
      lakehouse models promote cards/default_risk --version 3fa9
      lakehouse models promote cards/default_risk --note "conferido pela equipe de risco"
    """
    from lakehouse.platform.models.promotion import promote as put_into_use
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    lake, (domain, name) = Lake(settings.root, settings.file_mb), model
    chosen = _version(lake, model, wanted)
    now, today = _moment(settings)
    done = put_into_use(lake, domain, chosen, by=by, now=now, today=today, note=note)
    inform(f"{domain}/{name} {chosen.version} is in use" + ("" if done else " already"))


@models.command()
@model_argument
@note_option
@by_option
def rollback(model: tuple[str, str], note: str | None, by: str) -> None:
    """Put the version that was in use before into use again.

    Example:
      lakehouse models rollback cards/default_risk --note "erros maiores em março"
    """
    from lakehouse.platform.models.promotion import roll_back
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    domain, name = model
    now, today = _moment(settings)
    lake = Lake(settings.root, settings.file_mb)
    done = roll_back(lake, domain, name, by=by, now=now, today=today, note=note)
    inform(f"{domain}/{name} {done.version} is in use again")


@models.command()
@model_argument
@click.option("--dry-run", is_flag=True, help="Only show the quality; keep nothing.")
@click.option("--no-promote", is_flag=True, help="Keep the model without putting it into use.")
def train(model: tuple[str, str], dry_run: bool, no_promote: bool) -> None:
    """Train a model on the published tables, and put it into use.

    Baselines compete with the model, and a baseline is put into use when the model is not better.
    Prints the quality on examples that were not used for learning. The same data give the same
    model, which is not kept twice. The next `lakehouse ingest` computes the tables that use it.

    Requires: pip install 'lakehouse[forecast]'.

    Examples:
      lakehouse models train cards/default_risk --dry-run
      lakehouse models train cards/default_risk
    """
    from lakehouse.platform.models.artefact import ModelError
    from lakehouse.platform.models.training import keep, trainings_of
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    domain, name = model
    trainings = trainings_of(domain)
    if name not in trainings:
        known = f"it trains {', '.join(trainings)}" if trainings else "it trains none"
        raise ModelError(f"domain {domain} does not train {name!r}. hint: {known}")
    lake = Lake(settings.root, settings.file_mb)
    made = trainings[name](lake)
    for each in made.figures:
        click.echo(f"{each.title}\n")
        print_rows(each.columns, each.rows, "table")
        click.echo("")
    click.echo(made.conclusion)
    if dry_run:
        return
    now, today = _moment(settings)
    version, done = keep(
        lake,
        domain,
        made.model,
        by=f"lakehouse models train {domain}/{name}",
        run_id=None,
        now=now,
        today=today,
        promotes=not no_promote,
    )
    if no_promote:
        inform(f"kept as {domain}/{name} {version.version}")
        return
    inform(f"{domain}/{name} {version.version} is in use" + ("" if done else " already"))
    if done:
        next_step(f"lakehouse ingest --domain {domain}")


def _version(lake: Any, model: tuple[str, str], wanted: str | None) -> "ModelVersion":
    """Return the version that begins with these digits; the newest one without digits."""
    from lakehouse.platform.models.artefact import ModelError
    from lakehouse.platform.models.promotion import find_version
    from lakehouse.platform.models.store import models_of

    domain, name = model
    versions = models_of(lake, domain, name)
    if not versions:
        known = sorted({each.name for each in models_of(lake, domain)})
        names = f"its models: {', '.join(known)}" if known else "none has been trained yet"
        raise ModelError(f"domain {domain} has no model {name!r}. hint: {names}")
    return find_version(versions, f"{domain}/{name}", wanted) if wanted else versions[-1]


def _metrics_of(version: "ModelVersion") -> str:
    numbers = json.loads(version.metrics)
    return ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())


def _read_of(table: dict[str, Any]) -> str:
    return ", ".join(f"{name} {table[name]}" for name in ("version", "days", "rows", "digest"))


def _moment(settings: Settings) -> tuple[dt.datetime, dt.date]:
    now = dt.datetime.now(dt.UTC)
    return now, now.astimezone(settings.zone).date()

"""What people are told of a run: Dagster's hooks look, a domain's own words say it.

A domain with a module ``notices`` has messages of its own; every other tells its failures only. A
run of arrivals tells each layer once, and only when it changed something, so that a nightly run
over known days is silent. Runs that refresh days after an arrival tell failures only.
"""

import datetime as dt
import importlib
import importlib.util
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import dagster as dg

from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.notifications.delivery import configured_channels, digest, notify
from lakehouse.platform.notifications.texts import safe_text
from lakehouse.platform.orchestration.partitions import between, days_of
from lakehouse.platform.orchestration.run_tags import (
    BATCH_TAG,
    DOMAIN_TAG,
    RANGE_END,
    RANGE_START,
    WILL_RETRY,
    Work,
    job_name,
)
from lakehouse.platform.reconciliation.balance import reconciliation_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.deliveries_model import Status
from lakehouse.platform.tables.domains import DOMAINS
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.orchestration.resources import Platform

COMMITS = 50
"""Commits of a table that are looked through for those of a run."""
LOG = logging.getLogger("lakehouse.notices")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one layer in one run.

    Attributes:
        system: its name.
        title: its name for people.
        layer: ``bronze``, ``silver``, ``gold`` or ``ops``.
        first: first day of the run.
        last: last day of the run.
        run_id: names the run in the Dagster UI.
        settings: the environment of the run.
        error: what went wrong; nothing when the layer is made.
        files: landed files that are loaded on these days.
        rejected: path of each file that is not, with why.
        figures: what the system counts itself.
    """

    domain: str
    title: str
    layer: str
    first: dt.date
    last: dt.date
    run_id: str
    settings: Settings
    error: str | None = None
    files: int = 0
    rejected: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message.

    Args:
        text: its words.
        cause: what it is about, where that is not what the run changed in its layer.
        hint: what to do about an error; every error has one, and nothing else.
    """

    text: str
    cause: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Notices:
    """How a domain speaks: ``NOTICES`` of its module ``notices``.

    Args:
        told: the messages of an outcome.
        ends: layer → the table that is its last.
        nothing: what is said when no file landed.
        figures: counts for a layer, read from the lake.
    """

    told: Callable[[Outcome], tuple[Notice, ...]]
    ends: Mapping[str, str] = field(default_factory=dict)
    nothing: str = ""
    figures: Callable[[str, Lake, Settings], Mapping[str, int]] = lambda *_: {}


def failure(outcome: Outcome) -> tuple[Notice, ...]:
    """What is said of a failure where a domain has no words of its own."""
    layer = outcome.layer.capitalize()
    text = f"*[{outcome.title}: {layer}]*\n\nOcorreu o erro abaixo:\n\n{outcome.error}"
    return (Notice(text=text, hint=hint(outcome)),)


def hint(outcome: Outcome) -> str:
    """What to do about a failure."""
    days = f"--from {outcome.first} --to {outcome.last}"
    return (
        "*O que fazer*\n\n"
        "Nada do que já estava gravado foi alterado por esta etapa. Veja a causa na execução"
        f" {outcome.run_id} no the Dagster UI; o sistema tenta de novo sozinho. Se o erro continuar, corrija"
        f" a causa e execute:\n`lakehouse materialize --domain {outcome.domain} {days}`"
    )


def notices_of(domain: str) -> Notices:
    """The words of a domain; without a module ``notices`` it tells failures only."""
    name = f"{DOMAINS}.{domain}.notices"
    if importlib.util.find_spec(name) is None:
        return Notices(told=failure)
    found: Notices = importlib.import_module(name).NOTICES
    return found


def hooks_of(domain: Domain, *, arriving: bool) -> set[dg.HookDefinition]:
    """Hooks of a job: failures of its steps are told, and where files arrive the layers too."""

    @dg.failure_hook(name=f"{domain.name}_failed", required_resource_keys={"platform"})
    def failed(context: dg.HookContext) -> None:
        _told(context, domain, failed=True)

    @dg.success_hook(name=f"{domain.name}_made", required_resource_keys={"platform"})
    def made(context: dg.HookContext) -> None:
        _told(context, domain, failed=False)

    metrics = Settings.from_env().notify_metrics
    speaks = arriving and (metrics or notices_of(domain.name).ends)
    return {failed, made} if speaks else {failed}


def nothing_landed(domain: Domain, settings: Settings, day: dt.date) -> None:
    """Say that no file landed, once a day, where a domain wants that said."""
    said = notices_of(domain.name).nothing
    if said:
        _send(Notice(text=said, cause=nothing_on(domain.name, day)), settings, LOG)


def nothing_on(domain: str, day: dt.date) -> str:
    """The cause that no file landed up to a day."""
    return f"{domain}/nothing/{day}"


def _told(context: dg.HookContext, domain: Domain, *, failed: bool) -> None:
    """Tell what a step came to; whatever goes wrong here is logged and fails nothing."""
    try:
        platform: Platform = context.resources.platform
        if not configured_channels(platform.settings):
            return
        run = context.instance.get_run_by_id(context.run_id)
        if run is None:
            return
        asked = Asked.of(run)
        notices = (
            _of_failure(context, domain, asked, platform.settings)
            if failed
            else _of_layer(context.op.name, domain, asked, platform)
        )
        if platform.settings.notify_metrics and (failed or context.op.name == _end(domain)):
            notices.append(_of_run(context, domain, asked, run, platform.lake))
        for notice in notices:
            _send(notice, platform.settings, context.log)
    except Exception as error:  # noqa: BLE001  a message never fails the data
        context.log.warning("nobody was told of %s: %s", context.op.name, error)


def failed_runs() -> dg.SensorDefinition:
    """Runs that no hook could tell of: their worker died, or their job has none.

    A run that is tried again by itself is no news.
    """

    @dg.run_failure_sensor(
        name="failed_runs",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="People are told of runs that died or failed outside of the tables' jobs.",
    )
    def sensor(context: dg.RunFailureSensorContext) -> None:
        run, settings = context.dagster_run, Settings.from_env()
        domain = run.tags.get(DOMAIN_TAG, "")
        steps = context.get_step_failure_events()
        is_told = bool(steps) and run.job_name in {job_name(domain, work) for work in Work}
        if is_told or run.tags.get(WILL_RETRY) == "true":
            return
        info = steps[0].step_failure_data.error if steps else None
        cause = (info.cause or info).message if info else context.failure_event.message
        error = safe_text(cause or "sem causa registrada", settings)
        text = f"*[{run.job_name}]*\n\nOcorreu o erro abaixo:\n\n{error}"
        way = f"*O que fazer*\n\nVeja a execução {run.run_id} no DagsterUI, corrija a causa e repita-a."
        origin = run.tags.get(BATCH_TAG, run.root_run_id or run.run_id)
        about = f"{run.job_name}/failed/{origin}/{digest(error)}"
        _send(Notice(text=text, hint=way, cause=about), settings, context.log)

    return sensor


def _of_failure(
    context: dg.HookContext, domain: Domain, asked: "Asked", settings: Settings
) -> list[Notice]:
    layer = layer_of(context.op.name)
    error = safe_text(_words(context.op_exception), settings)
    outcome = _outcome(domain, layer, asked, settings, error=error)
    about = f"{domain.name}/{layer}/failed/{asked.origin}/{digest(error)}"
    return _about(about, notices_of(domain.name).told(outcome))


def _of_layer(step: str, domain: Domain, asked: "Asked", platform: "Platform") -> list[Notice]:
    """What is said of a layer at its last step; only what has a cause of its own if nothing new."""
    notices = notices_of(domain.name)
    layer = layer_of(step)
    if step != _last_step(domain, notices, layer):
        return []
    outcome = _made(domain, layer, asked, platform.lake, platform.settings, notices)
    changed = _changed(domain, layer, asked, platform.lake)
    said = [notice for notice in notices.told(outcome) if notice.cause or changed]
    return _about(f"{domain.name}/{layer}/made/{asked.origin}", said)


def _of_run(
    context: dg.HookContext, domain: Domain, asked: "Asked", run: dg.DagsterRun, lake: Lake
) -> Notice:
    """The figures of a run so far: time, volume, share of rejected rows, state of each step."""
    record = context.instance.get_run_record_by_id(run.run_id)
    begun = (record.start_time if record else None) or time.time()
    stats = context.instance.get_run_step_stats(run.run_id)
    states = {each.step_key: each.status.value if each.status else "" for each in stats}
    steps = [
        f"• {name}: {STATES.get(states.get(name, ''), 'não executada')}"
        for name in _steps(context.instance, run)
    ]
    books = lake.table(reconciliation_of(domain.name)).read(between(asked.first, asked.last))
    rows = [row for row in books.to_pylist() if row["status"] == Status.LOADED]
    rejected = sum(row["quarantined_rows"] + row["unparsable_lines"] for row in rows)
    landed = sum(row["bronze_rows"] + row["unparsable_lines"] for row in rows)
    share = f"{100 * rejected / landed:.2f}%".replace(".", ",") if landed else "0%"
    state = "com erro" if "FAILURE" in states.values() else "sem erro"
    text = "\n".join(
        [
            f"*[{domain.spec.title}: execução {state}]*",
            "",
            f"Dias: {asked.first} a {asked.last}",
            f"Tempo: {time.time() - begun:.1f} s".replace(".", ","),
            f"Volume: {landed} linhas em {len(rows)} arquivos",
            f"Taxa de erro: {share} ({rejected} linhas recusadas)",
            *steps,
        ]
    )
    return Notice(text=text, cause=f"{domain.name}/run/{asked.origin}/{context.op.name}")


STATES = {
    "SUCCESS": "concluída",
    "FAILURE": "falhou",
    "IN_PROGRESS": "em andamento",
}


def _steps(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """Steps of a run in the order of the plan."""
    if run.execution_plan_snapshot_id is None:
        return []
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    return list(plan.step_keys_to_execute)


def _about(cause: str, notices: Iterable[Notice]) -> list[Notice]:
    """Notices that each have a cause."""
    return [
        replace(notice, cause=notice.cause or f"{cause}/{n}") for n, notice in enumerate(notices)
    ]


def _send(notice: Notice, settings: Settings, log: logging.Logger) -> None:
    notify(
        notice.text,
        notice.cause,
        is_error=bool(notice.hint),
        hint=notice.hint,
        settings=settings,
        log=log,
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Why and for which days a run is."""

    first: dt.date
    last: dt.date
    origin: str
    """The files that asked for it; of a run by hand the run, and of one tried again the first."""
    runs: frozenset[str]
    run_id: str

    @classmethod
    def of(cls, run: dg.DagsterRun) -> "Asked":
        """Read the tags of a run."""
        key = run.tags.get("dagster/partition", "")
        days = days_of({run.tags.get(RANGE_START, key), run.tags.get(RANGE_END, key)})
        root = run.root_run_id or run.run_id
        return cls(
            first=days[0],
            last=days[-1],
            origin=run.tags.get(BATCH_TAG, root),
            runs=frozenset({run.run_id, run.parent_run_id or run.run_id, root}),
            run_id=run.run_id,
        )


def layer_of(step: str) -> str:
    """Layer that a step makes: raw and bronze are one.

    >>> layer_of("people_people_landed"), layer_of("silver_people_people_all")
    ('bronze', 'silver')
    """
    layer = step.split("_", 1)[0]
    return layer if layer in ("silver", "gold", "ops") else "bronze"


def _end(domain: Domain) -> str:
    """The step that all others of a run precede."""
    return f"ops_{domain.name}_reconciliation"


def _last_step(domain: Domain, notices: Notices, layer: str) -> str:
    table = notices.ends.get(layer, "")
    domain_name = domain.name
    return (
        f"{domain_name}_{table}_landed" if layer == "bronze" else f"{layer}_{domain_name}_{table}"
    )


def _words(error: BaseException | None) -> str:
    if isinstance(error, dg.Failure) and error.description:
        return error.description
    return str(error) or type(error).__name__


def _changed(domain: Domain, layer: str, asked: Asked, lake: Lake) -> bool:
    """Whether the run wrote rows up to this layer; days that nobody delivered for are no news."""
    layers = ("bronze", "silver", "gold")
    upto = layers[: layers.index(layer) + 1]
    tables = (table.id for table in domain.stored if table.id.layer in upto)
    return any(
        version.run_id in asked.runs and version.rows
        for table in tables
        for version in lake.table(table).history(COMMITS)
    )


def _made(
    domain: Domain, layer: str, asked: Asked, lake: Lake, settings: Settings, notices: Notices
) -> Outcome:
    """A layer that is made, with the files of its days and the system's figures."""
    days = between(asked.first, asked.last)
    files = 0
    rejected: dict[str, str] = {}
    for source in domain.sources:
        for delivery in read_deliveries(lake, domain.name, source.dataset, days):
            files += delivery.status is Status.LOADED
            if not delivery.readable:
                why = safe_text(delivery.detail or delivery.reason or "", settings)
                rejected[delivery.file] = why
    return _outcome(
        domain,
        layer,
        asked,
        settings,
        files=files,
        rejected=rejected,
        figures=notices.figures(layer, lake, settings),
    )


def _outcome(
    domain: Domain,
    layer: str,
    asked: Asked,
    settings: Settings,
    *,
    error: str | None = None,
    files: int = 0,
    rejected: Mapping[str, str] | None = None,
    figures: Mapping[str, int] | None = None,
) -> Outcome:
    return Outcome(
        domain=domain.name,
        title=domain.spec.title,
        layer=layer,
        first=asked.first,
        last=asked.last,
        run_id=asked.run_id,
        settings=settings,
        error=error,
        files=files,
        rejected=rejected or {},
        figures=figures or {},
    )

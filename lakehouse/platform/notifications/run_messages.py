"""Turn the report of a finished run into messages, with the texts of its domain.

Everything here is a pure function of values. ``orchestration.run_messages`` reads the report of a
run and sends the messages. The texts below are English; a domain, or all domains of a lakehouse,
bring their own as `MessageTemplates` in a module ``notices``.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from lakehouse.platform.notifications.delivery import digest
from lakehouse.platform.notifications.links import PIPELINE, QUALITY, link
from lakehouse.platform.notifications.method_changes import MethodChange, methods_replaced
from lakehouse.platform.plain_causes import known_cause
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to people.

    Args:
        text: what happened.
        cause: what the message is about; a cause is sent once. Empty: the run and its layer.
        hint: what to do about an error. A message with a hint is an error.
    """

    text: str
    cause: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """What a run did with one layer.

    Args:
        name: ``bronze``, ``silver``, ``gold`` or ``ops``; raw counts as bronze.
        errors: one for each failed step.
        succeeded: every step of the layer succeeded.
        changed: the run wrote rows to this layer or to one before it.
    """

    name: str
    errors: tuple[str, ...] = ()
    succeeded: bool = False
    changed: bool = False


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What is known about a finished run.

    Args:
        domain: name of the domain; empty for a job of no domain.
        title: name of the domain for people.
        job: name of the job.
        run_id: identifies the run in the Dagster UI.
        origin: identifies what the run was started for; its retries have the same.
        settings: settings of the lakehouse.
        reported_on: today, in the time zone of the lake.
        first: first day of the run; None for a job without days.
        last: last day of the run.
        reports_success: whether success is reported too: runs that load delivered files.
        layers: the layers that the run writes, in their order.
        steps: name of each step and its status in Dagster; empty when it did not start.
        error: why the run failed, when no layer can say it.
        seconds: duration.
        loaded_files: files of these days that are loaded.
        rejected_files: path of each file that is not loaded, with the reason.
        rows: delivered rows of the loaded files.
        rejected_rows: those of them that are in quarantine.
        figures: counts that the domain's own `MessageTemplates.figures` adds.
    """

    domain: str
    title: str
    job: str
    run_id: str
    origin: str
    settings: Settings
    reported_on: dt.date | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    reports_success: bool = False
    layers: tuple[LayerReport, ...] = ()
    steps: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    loaded_files: int = 0
    rejected_files: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    rejected_rows: int = 0
    figures: Mapping[str, int] = field(default_factory=dict)

    @property
    def failed_step(self) -> str:
        """Name of the first failed step; empty when none failed."""
        return next((name for name, status in self.steps.items() if status == "FAILURE"), "")


def layer_failed(report: RunReport, layer: str, error: str) -> Message:
    """Return the English message about a failed step."""
    return Message(
        text=f"*[{report.title}: {layer.capitalize()}]*\n\nThis error occurred:\n\n{error}",
        hint=(
            "*What to do*\n\nThe failed step changed nothing that was stored. See the cause in run"
            f" {report.run_id} of the Dagster UI; the run is retried automatically. If the error"
            " persists, fix the cause and run:\n"
            f"`lakehouse materialize --domain {report.domain}"
            f" --from {report.first} --to {report.last}`"
        ),
    )


def run_failed(report: RunReport) -> Message:
    """Return the English message about a run that failed outside of the steps of its tables."""
    return Message(
        text=f"*[{report.job}]*\n\nThis error occurred:\n\n{report.error}",
        hint=(
            f"*What to do*\n\nSee run {report.run_id} in the Dagster UI, fix the cause and repeat"
            " the run."
        ),
    )


def outage(cause: str) -> Message:
    """Return the English message that the landing zone or the lake cannot be used."""
    text, _, hint = cause.partition(" hint: ")
    return Message(
        text=f"*[Lakehouse: waiting]*\n\nThe landing zone or the lake cannot be used:\n\n{text}",
        hint=(
            "*What to do*\n\nNothing that was stored is changed. The work goes on by itself as soon"
            f" as the cause is gone{f': {hint}' if hint else '.'}"
        ),
    )


def run_figures(report: RunReport) -> str:
    """Return the English text with duration, volume, error rate and steps of a run."""
    share = report.rejected_rows / report.rows if report.rows else 0
    return "\n".join(
        [
            f"*[{report.title}: run {'failed' if report.failed_step else 'succeeded'}]*",
            "",
            f"Days: {report.first} to {report.last}",
            f"Duration: {report.seconds:.1f} s",
            f"Volume: {report.rows} rows in {report.loaded_files} files",
            f"Error rate: {share:.2%} ({report.rejected_rows} rows rejected)",
            *(f"• {name}: {status or 'not run'}" for name, status in report.steps.items()),
        ]
    )


@dataclass(frozen=True, kw_only=True)
class MessageTemplates:
    """The texts of a domain: ``MESSAGES`` of its module ``notices``.

    Args:
        layer_failed: the message about an error in a layer of tables.
        run_failed: the message about any other failure of a run.
        outage: the message that the landing zone or the lake cannot be used, with the cause.
        run_figures: the text with the figures of a run.
        layer_succeeded: messages about a layer that succeeded; None reports no success.
        nothing_delivered: text for a day without any delivered file; empty reports none.
        figures: counts for a layer, read from the lake.
        methods_replaced: text about forecast methods that were replaced, of a domain and day.
    """

    layer_failed: Callable[[RunReport, str, str], Message] = layer_failed
    run_failed: Callable[[RunReport], Message] = run_failed
    outage: Callable[[str], Message] = outage
    run_figures: Callable[[RunReport], str] = run_figures
    layer_succeeded: Callable[[RunReport, str], tuple[Message, ...]] | None = None
    nothing_delivered: str = ""
    figures: Callable[[str, Lake, Settings], Mapping[str, int]] | None = None
    methods_replaced: Callable[[str, dt.date, Iterable[MethodChange]], str] = methods_replaced


def messages_of(
    report: RunReport, templates: MessageTemplates, *, with_figures: bool = False
) -> list[Message]:
    """Return the messages about a run: layer by layer, then the run itself, then its figures.

    A layer that succeeded without new rows is reported only by messages with a cause of their own.
    Errors and figures name the page of the dashboard where they are seen, if its public address is
    known; messages about success stay word for word what their readers expect.
    """
    messages: list[Message] = []
    for layer in report.layers:
        about = f"{report.domain}/{layer.name}"
        for error in layer.errors:
            message = templates.layer_failed(report, layer.name, error)
            cause = outage_of(error, report.reported_on) or (
                f"{about}/failed/{report.origin}/{digest(error)}"
            )
            messages += _caused(cause, [_linked(message, _runs_page(report))])
        if layer.succeeded and report.reports_success and templates.layer_succeeded:
            found = templates.layer_succeeded(report, layer.name)
            new = [message for message in found if message.cause or layer.changed]
            messages += _caused(f"{about}/made/{report.origin}", new)
    if report.error:
        about = outage_of(report.error, report.reported_on) or (
            f"{report.job}/failed/{report.origin}/{digest(report.error)}"
        )
        message = _linked(templates.run_failed(report), _runs_page(report))
        messages += _caused(about, [message])
    if with_figures:
        about = f"{report.domain}/run/{report.origin}/{report.failed_step or 'finished'}"
        page = link(
            report.settings, QUALITY, dominio=report.domain, de=report.first, ate=report.last
        )
        message = Message(text=templates.run_figures(report), cause=about)
        messages.append(_linked(message, page))
    return messages


def outage_of(error: str, day: dt.date | None) -> str | None:
    """Return the cause of messages about a disk or server that cannot be used; None for others.

    It is the same for all domains, runs and sensors of a day: such an error is reported once.
    """
    known = known_cause(error)
    return f"outage/{day}/{known}" if known else None


def nothing_delivered_cause(domain: str, day: dt.date | None) -> str:
    """Return the cause of the message that no file was delivered up to a day."""
    return f"{domain}/nothing/{day}"


def _runs_page(report: RunReport) -> str:
    return link(report.settings, PIPELINE, dominio=report.domain or None)


def _linked(message: Message, page: str) -> Message:
    """Return a message with the address of a page: below its hint, else below its text."""
    if not page:
        return message
    if message.hint:
        return replace(message, hint=f"{message.hint}\n\n{page}")
    return replace(message, text=f"{message.text}\n{page}")


def _caused(cause: str, messages: Iterable[Message]) -> list[Message]:
    return [
        replace(message, cause=message.cause or f"{cause}/{n}")
        for n, message in enumerate(messages)
    ]

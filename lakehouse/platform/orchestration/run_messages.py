"""Send the messages about a finished run: read its report, let its domain word it, deliver it.

`send_run_messages` is the only place that does so. Sensors call it for runs of the daemon, and
local runs call it themselves. Nothing here fails a run: problems are logged in the run.
"""

import datetime as dt
import importlib
import importlib.util
import logging
import time
from collections.abc import Iterable

import dagster as dg

from lakehouse.platform.alerts.sending import send_alerts
from lakehouse.platform.alerts.stored import alerts_table
from lakehouse.platform.forecasting.replaced_methods import (
    methods_table,
    send_replaced_methods,
)
from lakehouse.platform.notifications.delivery import configured_channels, notify
from lakehouse.platform.notifications.run_messages import (
    Message,
    MessageTemplates,
    RunReport,
    messages_of,
    nothing_delivered_cause,
)
from lakehouse.platform.orchestration.run_report import domain_of, report_of, with_lake
from lakehouse.platform.orchestration.run_tags import DOMAIN_TAG, WILL_RETRY
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.domains import DOMAINS, domain_names
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings

SENSOR_SECONDS = 5
SEND_SECONDS = 20.0
"""Time after which no further message is begun: a tick of a sensor has one minute."""
LOG = logging.getLogger("lakehouse.notices")


def message_sensors() -> list[dg.SensorDefinition]:
    """Return the sensors that send the messages about runs of the daemon."""
    return [
        _message_sensor(
            "succeeded_runs",
            dg.DagsterRunStatus.SUCCESS,
            "Sends messages about runs that loaded files, for domains that report success.",
        ),
        _message_sensor(
            "failed_runs",
            dg.DagsterRunStatus.FAILURE,
            "Sends messages about failed runs, and about runs whose process ended.",
        ),
    ]


def _message_sensor(
    name: str, status: dg.DagsterRunStatus, description: str
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=description,
    )
    def sensor(context: dg.RunStatusSensorContext) -> None:
        send_run_messages(context.instance, context.dagster_run, Settings.from_env())

    return sensor


def send_run_messages(instance: dg.DagsterInstance, run: dg.DagsterRun, settings: Settings) -> None:
    """Send every message about a finished run that its channels do not have yet.

    A run that died and is retried automatically is not reported; its failed steps are.
    """
    if not configured_channels(settings):
        return
    log = _RunLog(instance, run)
    try:
        domain = domain_of(run)
        templates = templates_of(run.tags.get(DOMAIN_TAG, ""))
        report = report_of(instance, run, domain, settings)
        if report.error and run.tags.get(WILL_RETRY) == "true":
            return
        with_figures = bool(settings.notify_metrics) and _has_figures(report)
        if domain and (with_figures or (report.reports_success and templates.layer_succeeded)):
            report = with_lake(report, run, domain, Lake(settings.root), templates)
        _send(messages_of(report, templates, with_figures=with_figures), settings, log)
        ended = instance.get_run_by_id(run.run_id)
        if domain and ended is not None and ended.is_success:
            if has_alerts(domain):
                send_alerts(domain.name, settings, log)
            if _declares(domain, methods_table(domain.name)):
                send_replaced_methods(domain.name, templates.methods_replaced, settings, log)
    except Exception as error:  # noqa: BLE001  a message never fails a run
        log.warning("no messages were sent about run %s: %s", run.run_id, error)


def send_nothing_delivered(domain: Domain, settings: Settings, day: dt.date) -> None:
    """Send the message that no file was delivered, once a day, if the domain has one."""
    text = templates_of(domain.name).nothing_delivered
    if text:
        message = Message(text=text, cause=nothing_delivered_cause(domain.name, day))
        _send([message], settings, LOG)


def has_alerts(domain: Domain) -> bool:
    """Return whether a domain declares a table of alerts."""
    return _declares(domain, alerts_table(domain.name))


def _declares(domain: Domain, table: TableId) -> bool:
    return any(each.id == table for each in domain.tables)


def templates_of(domain: str) -> MessageTemplates:
    """Return ``MESSAGES`` of a domain's module ``notices``, else of that of all domains.

    Without any such module the texts are the English ones of the platform.
    """
    names = [f"{DOMAINS}.{domain}.notices"] if domain in domain_names() else []
    for name in [*names, f"{DOMAINS}.notices"]:
        if importlib.util.find_spec(name) is not None:
            found: MessageTemplates = importlib.import_module(name).MESSAGES
            return found
    return MessageTemplates()


def _has_figures(report: RunReport) -> bool:
    """Return whether a run of tables failed, or loaded files and wrote every layer.

    A successful run of single tables gets no figures, because it says nothing about a day.
    """
    is_complete = any(layer.name == "ops" and layer.succeeded for layer in report.layers)
    return bool(report.layers) and (
        bool(report.failed_step) or (report.reports_success and is_complete)
    )


def _send(messages: Iterable[Message], settings: Settings, log: logging.Logger) -> None:
    deadline = time.monotonic() + SEND_SECONDS
    for message in messages:
        if time.monotonic() > deadline:
            log.warning("not sent, because earlier messages took too long: %s", message.cause)
            continue
        notify(
            message.text,
            message.cause,
            is_error=bool(message.hint),
            hint=message.hint,
            settings=settings,
            log=log,
        )


class _RunLog(logging.Logger):
    """A logger that writes into the event log of a run, where the Dagster UI shows it."""

    def __init__(self, instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
        super().__init__(LOG.name, logging.INFO)
        self._instance = instance
        self._run = run

    def handle(self, record: logging.LogRecord) -> None:
        """Store one record as an event of the run."""
        self._instance.report_engine_event(record.getMessage(), self._run)

"""The callback that decides about an alert. The server checks role, token and limit."""

import datetime as dt
import logging
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from lakehouse.dashboard import alert_view, callbacks, render
from lakehouse.dashboard.alert_queries import DOMAINS
from lakehouse.dashboard.pages.alertas import PAGE
from lakehouse.dashboard.parts import denied
from lakehouse.dashboard.permissions import Denied, one_line, operator, require_seldom
from lakehouse.dashboard.repair import repair
from lakehouse.dashboard.snapshots import DataError, Snapshots
from lakehouse.dashboard.words import Language, Words
from lakehouse.platform.alerts.steps import NEEDS, StepError, StepProblem, take_step
from lakehouse.platform.alerts.stored import stored_alerts
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.ops_tables import AlertDecision, AlertStep

_log = logging.getLogger(__name__)

OFTEN = Words(
    "Muitas decisões em pouco tempo. Espere alguns minutos.",
    "Too many decisions in a short time. Wait some minutes.",
)
FAILED = Words(
    "A decisão não pôde ser registrada. O motivo está no registro do servidor.",
    "The decision could not be recorded. The reason is in the log of the server.",
)
PROBLEMS = {
    StepProblem.UNKNOWN: Words("Este alerta não existe.", "This alert does not exist."),
    StepProblem.PAST: Words("O dia já passou.", "The day has passed."),
}
MISSING = {
    "note": Words("Escreva a nota que explica o alerta.", "Write the remark that explains it."),
    "outcome": Words("Escreva o resultado.", "Write the outcome."),
    "until": Words("Escolha o dia.", "Choose the day."),
    "owner": Words("Escreva quem assume.", "Write who takes over."),
}


def register(app: Dash, snapshots: Snapshots) -> None:
    """Register the callback."""

    @app.callback(
        Output("alerta-andamento", "children"),
        Output("conteudo", "children", allow_duplicate=True),
        Output("versao", "data", allow_duplicate=True),
        Output("aviso-versao", "children", allow_duplicate=True),
        Input({"type": "decidir", "step": ALL}, "n_clicks"),
        State("alerta-nome", "data"),
        State("alerta-nota", "value"),
        State("alerta-resultado", "value"),
        State("alerta-ate", "value"),
        State("alerta-responsavel", "value"),
        State("url", "search"),
        State("sinal", "data"),
        State("lingua", "data"),
        prevent_initial_call=True,
    )
    def decide(
        clicks: list[int | None],
        alert_id: str | None,
        note: str | None,
        outcome: str | None,
        until: str | None,
        owner: str | None,
        search: str | None,
        token: str | None,
        language: Language,
    ) -> tuple[Any, ...]:
        """Record a step about an alert; show the page as it is then."""
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            raise PreventUpdate
        given = {"note": note, "outcome": outcome, "until": until, "owner": owner}
        try:
            made = _take(ctx.triggered_id["step"], alert_id, given, token)
        except (Denied, StepError) as error:
            return denied(_words(error, ctx.triggered_id["step"]), language), *[no_update] * 3
        except Exception:  # noqa: BLE001  whatever a store raises; the person must know
            _log.exception("decision about %s", alert_id)
            return denied(FAILED, language), *[no_update] * 3
        notice = alert_view.done(made, language)
        try:
            snapshot = snapshots.renewed()
            selection = callbacks.selection_of(PAGE, search, snapshot)
            body = render.views(PAGE, selection, snapshot)
        except (DataError, OSError) as error:
            _log.error("alerts after a decision: %s", error)
            return notice, *[no_update] * 3
        return no_update, body, callbacks.version(snapshot, language), notice


def _take(step: object, alert_id: object, given: dict[str, Any], token: object) -> AlertDecision:
    """Record a step with the values that it needs; a remark belongs to every step.

    Raises:
        Denied: the role, the token or the limit does not allow it.
        StepError: there is no such alert, or a value is missing.
    """
    shared = repair()
    who = operator(shared.sessions, token, alert_view.ROLE)
    require_seldom(shared.decisions, who, OFTEN)
    taken = AlertStep(str(step))
    now = dt.datetime.now(dt.UTC)
    need = NEEDS.get(taken, "note")
    texts = {name: one_line(given[name]) or None for name in {"note", need} - {"until"}}
    lake = Lake(shared.settings.root, shared.settings.file_mb)
    return take_step(
        lake,
        _domain_of(lake, str(alert_id)),
        str(alert_id),
        taken,
        by=who.name,
        now=now,
        today=now.astimezone(shared.settings.zone).date(),
        note=texts["note"],
        outcome=texts.get("outcome"),
        owner=texts.get("owner"),
        until=_day(given["until"]) if need == "until" else None,
    )


def _domain_of(lake: Lake, alert_id: str) -> str:
    """Return the domain of an alert; the first one for an unknown alert."""
    for domain in DOMAINS:
        if any(alert["alert_id"] == alert_id for alert in stored_alerts(lake, domain)):
            return domain
    return DOMAINS[0]


def _day(text: object) -> dt.date | None:
    """Return the day of a date picker; None for anything else."""
    try:
        return dt.date.fromisoformat(str(text))
    except ValueError:
        return None


def _words(error: Exception, step: object) -> Words:
    if isinstance(error, Denied):
        return error.words
    if isinstance(error, StepError) and error.problem in PROBLEMS:
        return PROBLEMS[error.problem]
    return MISSING[NEEDS[AlertStep(str(step))]]

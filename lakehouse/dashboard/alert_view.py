"""Draw what was decided about alerts, and the form that decides about one of them."""

import datetime as dt
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from lakehouse.dashboard.alert_queries import DOMAINS, present
from lakehouse.dashboard.alert_words import DONE, KINDS, STATE_BADGES, STATES, STEPS
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.parts import badge, denied, facts, form_state, marked, plain_table
from lakehouse.dashboard.permissions import LONGEST
from lakehouse.dashboard.repair import repair
from lakehouse.dashboard.session import person
from lakehouse.dashboard.snapshots import Row, Snapshot
from lakehouse.dashboard.words import Language, Words, written
from lakehouse.platform.alerts.decisions import UNTOUCHED, Handling, decisions, handling_of
from lakehouse.platform.tables.ops_tables import AlertDecision, AlertStep

MOST_SHOWN = 50
ROLE = Words("Seu papel não pode decidir sobre alertas.", "Your role may not decide about alerts.")
CHOOSE = Words(
    "Escolha um alerta na tabela: a coluna Decisão leva ao formulário.",
    "Choose an alert in the table: the column Decision leads to the form.",
)
ONE = present("SELECT * FROM present WHERE alert_id = {search}")
HEAD = (
    Words("Quando", "When"),
    Words("Quem", "Who"),
    Words("Alerta", "Alert"),
    Words("Decisão", "Decision"),
    Words("Detalhe", "Detail"),
    Words("Nota", "Note"),
)


def decisions_of_page(selection: Selection, snapshot: Snapshot) -> Component:
    """Return the alert that the search names with its form and steps; else the newest steps."""
    language = selection.language
    steps = sorted(
        (each for domain in DOMAINS for each in decisions(snapshot.lake, domain)),
        key=lambda each: each.decided_at,
    )
    rows = snapshot.rows(selection.sql(ONE)) if selection.search else []
    if not rows:
        hint = html.P(CHOOSE.in_(language), className="quiet")
        return html.Div([hint, _trail(steps, snapshot, language)])
    (alert,) = rows
    own = [each for each in steps if each.alert_id == alert["alert_id"]]
    handling = handling_of(own).get(alert["alert_id"], UNTOUCHED)
    today = dt.datetime.now(snapshot.zone).date()
    form = _form(handling, today, language) if person().may_correct else [denied(ROLE, language)]
    return html.Div(
        [
            _facts(alert, handling, language),
            *form,
            html.Div(id="alerta-andamento", role="status"),
            dcc.Store(id="alerta-nome", data=alert["alert_id"]),
            *form_state(repair().sessions, language),
            _trail(own, snapshot, language),
        ],
        className="repair",
    )


def done(decision: AlertDecision, language: Language) -> Component:
    """Return the notice that a step was recorded."""
    text = Words("Registrado", "Recorded").in_(language)
    step = DONE[decision.step.value].in_(language)
    return html.Div(
        f"{text}: {decision.alert_id} – {step}", id="decidido", className="newer", role="status"
    )


def _facts(alert: Row, handling: Handling, language: Language) -> Component:
    state = alert["state"] if handling.state == "open" else handling.state
    ends = (written(alert[n], "day", language) for n in ("first_day", "last_day"))
    days = " – ".join(dict.fromkeys(ends))
    named: list[tuple[Words, Any]] = [
        (Words("Alerta", "Alert"), alert["alert_id"]),
        (Words("Tipo", "Kind"), KINDS[alert["kind"]].in_(language)),
        (Words("O que houve", "What happened"), alert["message"]),
        (Words("O que fazer", "What to do"), alert["action"]),
        (Words("Dias", "Days"), days),
        (Words("Responsável", "Owner"), handling.owner or alert["owner"]),
        (Words("Situação", "State"), badge(STATE_BADGES[state], STATES[state].in_(language))),
    ]
    return facts(named, language, "alerta")


def _form(handling: Handling, today: dt.date, language: Language) -> list[Any]:
    """Return the remark, and a button for each step with the value that it needs."""
    is_closed = handling.state == "closed"
    may_reopen = handling.state != "open" or handling.is_snoozed(today)
    plain = [AlertStep.ACKNOWLEDGED, AlertStep.EXPLAINED] if not is_closed else []
    plain += [AlertStep.REOPENED] if may_reopen else []
    note = Words("Nota (necessária para explicar)", "Remark (needed to explain)")
    outcome = Words("Resultado", "Outcome")
    until = Words("Adiado até", "Snoozed until")
    owner = Words("Novo responsável", "New owner")
    day = dmc.DatePickerInput(
        id="alerta-ate",
        label=until.in_(language),
        value=None,
        valueFormat="DD/MM/YYYY" if language == "pt" else "YYYY-MM-DD",
        minDate=today.isoformat(),
        clearable=True,
    )
    with_values = [
        (_text("alerta-resultado", outcome, language), AlertStep.CLOSED),
        (day, AlertStep.SNOOZED),
        (_text("alerta-responsavel", owner, language), AlertStep.ASSIGNED),
    ]
    return [
        html.Div(
            [
                _text("alerta-nota", note, language),
                dmc.Group([_button(step, language) for step in plain]),
            ],
            className="decision",
        ),
        dmc.SimpleGrid(
            [
                html.Div([field, _button(step, language)], className="decision")
                for field, step in with_values
            ],
            cols={"base": 1, "sm": 3},
            display="none" if is_closed else None,
        ),
    ]


def _text(name: str, label: Words, language: Language) -> Component:
    return dmc.TextInput(
        id=name, label=label.in_(language), value="", inputProps={"maxLength": LONGEST}
    )


def _button(step: AlertStep, language: Language) -> Component:
    return html.Button(
        STEPS[step.value].in_(language),
        id={"type": "decidir", "step": step.value},
        className="button",
        n_clicks=0,
    )


def _trail(steps: list[AlertDecision], snapshot: Snapshot, language: Language) -> Component:
    if not steps:
        none = Words("Nada foi decidido até agora.", "Nothing was decided so far.")
        return html.P(none.in_(language), id="decisoes-vazias", className="quiet")
    newest = list(reversed(steps))[:MOST_SHOWN]
    rows = [_trail_row(each, snapshot, language) for each in newest]
    return html.Div(plain_table(HEAD, rows, language), id="decisoes")


def _trail_row(step: AlertDecision, snapshot: Snapshot, language: Language) -> Component:
    until = written(step.until, "day", language) if step.until else None
    return html.Tr(
        [
            html.Td(written(step.decided_at.astimezone(snapshot.zone), "moment", language)),
            html.Td(step.decided_by),
            html.Td(html.A(step.alert_id, href=_address(step.alert_id, language))),
            html.Td(badge("gray", DONE[step.step.value].in_(language))),
            html.Td(step.outcome or step.owner or until or "–"),
            html.Td(step.note or "–"),
        ],
        **marked(passo=step.step.value),
    )


def _address(alert_id: str, language: Language) -> str:
    return Selection(search=alert_id, language=language).address("/alertas")

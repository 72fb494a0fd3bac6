"""Draw a rejected row with its form, the effect of a correction, and how far it is."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from lakehouse.dashboard.codes import MASK
from lakehouse.dashboard.declare import Measure
from lakehouse.dashboard.details import detail_in_words
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.parts import badge, denied, facts, form_state, marked, plain_table
from lakehouse.dashboard.permissions import LONGEST
from lakehouse.dashboard.reasons import REASONS, in_words, reasons_in_words
from lakehouse.dashboard.repair import Repair, ShownRow, repair
from lakehouse.dashboard.session import person
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.words import Language, Words, labelled, written
from lakehouse.platform.local_runtime.failed_runs import FailedRun
from lakehouse.platform.quarantine.correct_row import RowError, RowProblem
from lakehouse.platform.quarantine.listing import RejectionKind
from lakehouse.platform.quarantine.preview import Effect, SumChange
from lakehouse.platform.quarantine.selection import source_of_table
from lakehouse.platform.quarantine.trail import Correction
from lakehouse.platform.tables.ops_tables import CorrectionStep

FOLLOW = 2_000
"""Milliseconds between two looks at a correction that is being loaded."""
TEXT = "_text"
"""Field of the text of an unparsable line."""
PROBLEMS = {
    RowProblem.GONE: Words(
        "Esta linha não está mais em quarentena: já foi corrigida ou o arquivo mudou.",
        "This row is not in quarantine any more: it was corrected, or the file has changed.",
    ),
    RowProblem.BUSY: Words(
        "Outra correção deste arquivo está sendo carregada. Tente de novo quando ela terminar.",
        "Another correction of this file is being loaded. Try again when it has ended.",
    ),
    RowProblem.CHANGED: Words(
        "O arquivo chegou de novo depois que esta linha foi mostrada. Abra a linha outra vez.",
        "The file was sent again after this row was shown. Open the row again.",
    ),
    RowProblem.INVALID: Words(
        "Esta correção não pode ser escrita no arquivo.",
        "This correction cannot be written into the file.",
    ),
    RowProblem.UNCHANGED: Words(
        "Nada foi mudado nesta linha.",
        "Nothing was changed in this row.",
    ),
}
STEPS = {
    CorrectionStep.REQUESTED: ("gray", Words("pedida", "requested")),
    CorrectionStep.LANDED: ("orange", Words("em carga", "loading")),
    CorrectionStep.LOADED: ("green", Words("carregada", "loaded")),
    CorrectionStep.REJECTED: ("red", Words("rejeitada de novo", "rejected again")),
    CorrectionStep.FAILED: ("red", Words("nada foi carregado", "nothing was loaded")),
}


def row(selection: Selection, _: Snapshot) -> Component:
    """Return a rejected row with its form; what is wrong when it is not in quarantine."""
    language = selection.language
    shared = repair()
    try:
        found = shared.find(selection.search)
    except RowError as error:
        return html.Div([problem(error, language), *following(shared, selection)])
    return html.Div(
        [
            _facts(found, language),
            *_form(found, language),
            *following(shared, selection),
        ],
        className="repair",
    )


def problem(error: RowError, language: Language) -> Component:
    """Return why a correction is not possible; the exact cause, in English, can be opened."""
    cause = Words("Detalhe técnico", "Technical detail").in_(language)
    return dmc.Alert(
        html.Details([html.Summary(cause), html.Code(str(error))]),
        title=PROBLEMS[error.problem].in_(language),
        id="problema",
        color="orange",
        variant="light",
    )


def verdict(found: ShownRow, effect: Effect, language: Language) -> Component:
    """Return whether the row would be accepted."""
    result = effect.result
    if result.accepted:
        text = Words("A linha seria aceita.", "The row would be accepted.")
        return html.P(text.in_(language), id="aceita", className="verdict good")
    if not result.reasons:
        text = Words(
            "A linha não contaria: outra linha com a mesma chave vale.",
            "The row would not count: another row with the same key does.",
        )
        return html.P(text.in_(language), id="nao-conta", className="verdict bad")
    text = Words("A linha seria rejeitada de novo: ", "The row would be rejected again: ")
    detail = detail_in_words(found.shown(result.detail, person()), language)
    why = reasons_in_words(result.reasons, language) + (f" – {detail}" if detail else "")
    return html.P([text.in_(language), why], id="rejeitada", className="verdict bad")


def effect(found: ShownRow, shown: Effect, language: Language) -> Component:
    """Return what a correction would change: days, figures before and after, tables."""
    figures = figures_of(shown.changes)
    days = ", ".join(written(day, "day", language) for day in shown.days)
    parts: list[Any] = [
        verdict(found, shown, language),
        html.P(
            [Words("Dias que seriam refeitos: ", "Days computed again: ").in_(language), days],
            id="dias",
        ),
    ]
    if figures:
        head = [
            Words("Figura", "Figure"),
            Words("Dia", "Day"),
            Words("Antes", "Before"),
            Words("Depois", "After"),
        ]
        rows = [
            html.Tr(
                [
                    html.Td(measure.label.in_(language)),
                    html.Td(written(change.day, "day", language)),
                    html.Td(written(change.before, measure.kind, language)),
                    html.Td(
                        written(change.after, measure.kind, language),
                        id=f"depois-{measure.id}-{change.day}",
                    ),
                ]
            )
            for measure, change in figures
        ]
        parts.append(html.Div(plain_table(head, rows, language), id="figuras"))
    else:
        none = Words("Nenhuma figura mudaria.", "Not one figure would change.")
        parts.append(html.P(none.in_(language), id="sem-mudanca"))
    if source_of_table(found.workplace.domain, found.rejection.table).snapshot:
        follows = Words(
            "Os outros dias que usam esta tabela de referência seguem com a carga.",
            "The other days that use this reference table follow when it is loaded.",
        )
        parts.append(html.P(follows.in_(language), className="quiet"))
    if shown.left_out:
        label = Words("Seguem com a carga: ", "These follow when it is loaded: ").in_(language)
        names = ", ".join(shown.left_out)
        parts.append(html.P([label, names], id="seguem", className="quiet small"))
    if tables := sorted({change.table for change in shown.changes}):
        label = Words("Tabelas que mudariam: ", "Tables that would change: ").in_(language)
        parts.append(html.P([label, ", ".join(tables)], className="quiet small"))
    for table, day, why in shown.failed_days:
        fails = Words("não seria gravado", "would not be stored").in_(language)
        text = f"{table}, {written(day, 'day', language)}: {fails} – {why}"
        parts.append(dmc.Alert(text, color="red", variant="light"))
    return html.Div(parts, id="previsao")


def figures_of(changes: Sequence[SumChange]) -> list[tuple[Measure, SumChange]]:
    """Return the changes that a declared figure shows, each with the figure."""
    from lakehouse.dashboard.pages import measures

    by_place = {
        (measure.source.table, measure.term.column or ""): measure
        for measure in reversed(list(measures().values()))
        if measure.per is None and measure.term.equals is None and measure.term.column
    }
    places = ((by_place.get((change.table, change.column or "")), change) for change in changes)
    return [(measure, change) for measure, change in places if measure is not None]


def progress(
    correction: Correction,
    read: bool,
    loading: str,
    figures: Sequence[tuple[Measure, dt.date]],
    snapshot: Snapshot,
    language: Language,
    *,
    published: bool,
    failed: FailedRun | None = None,
) -> Component:
    """Return how far a correction is, and the figures as they are published now."""
    last = correction.last
    color, step = STEPS[last.step]
    shown = Words("Os números estão publicados.", "The figures are published.")
    waits = Words("Os números são publicados em seguida…", "The figures are published next…")
    text = (shown if published else waits).in_(language)
    if last.step is CorrectionStep.FAILED:
        text = ""
    if correction.is_open:
        texts = {
            "failed": Words(
                "A carga falhou. O arquivo corrigido está entregue; o registro do servidor diz a"
                " causa.",
                "Loading failed. The corrected file has landed; the log of the server has the"
                " cause.",
            ),
            "stopped": Words(
                "Entregue. Nenhum serviço está carregando; tentamos de novo.",
                "Landed. No service is loading; it is started again.",
            ),
        }
        known = Words("Lido; as tabelas estão sendo refeitas…", "Read; tables are computed…")
        landed = Words("Entregue; aguardando a carga…", "Landed; waiting to be loaded…")
        text = texts.get(loading, known if read else landed).in_(language)
    lines: list[Any] = [
        html.P(
            [badge(color, step.in_(language)), " ", text],
            id="estado",
            **marked(passo=last.step.value, carga=loading, publicado="sim" if published else "nao"),
        )
    ]
    if failed is not None:
        lines.append(_failed(failed, snapshot, language))
    if last.detail and not correction.is_open:
        lines.append(html.P(_masked_detail(correction, language), className="small"))
    if figures:
        items = [
            html.Li(
                [
                    f"{measure.label.in_(language)}, {written(day, 'day', language)}: ",
                    html.B(
                        written(value_now(measure, day, snapshot), measure.kind, language),
                        id=f"agora-{measure.id}-{day}",
                    ),
                ]
            )
            for measure, day in figures
        ]
        title = Words("Publicado agora", "Published now").in_(language)
        lines.append(html.Div([html.H3(title, className="view-title"), html.Ul(items)]))
    return html.Div(lines, id="progresso", role="status")


def _failed(run: FailedRun, snapshot: Snapshot, language: Language) -> Component:
    """Return which run of the service failed, and what becomes of the file."""
    when = written(run.ended_at.astimezone(snapshot.zone), "moment", language)
    name = f"{run.run_id[:8]} ({run.job})"
    text = Words(
        f"A execução {name} do serviço falhou em {when}. O arquivo corrigido continua entregue e o"
        " serviço tenta de novo; `lakehouse status` diz o que falta.",
        f"The service's run {name} failed on {when}. The corrected file stays landed and the"
        " service tries again; `lakehouse status` says what is missing.",
    )
    return dmc.Alert(
        [text.in_(language), html.P(html.Code(run.error))] if run.error else text.in_(language),
        id="execucao-falhou",
        color="red",
        variant="light",
    )


def value_now(measure: Measure, day: dt.date, snapshot: Snapshot) -> Any:
    """Return a figure of one day as it is published."""
    column = measure.source.columns["periodo"]
    (found,) = snapshot.rows(
        f"SELECT {measure.term.sql} AS value FROM {measure.source.table}"  # noqa: S608  declared
        f" WHERE {column} = DATE '{day}'"
    )
    return found["value"]


def _facts(found: ShownRow, language: Language) -> Component:
    rejection = found.rejection
    hints = found.workplace.domain.spec.hints
    hint = " ".join(hints[reason] for reason in rejection.reasons if reason in hints)
    named = [
        (Words("Arquivo", "File"), rejection.file),
        (Words("Linha", "Line"), str(rejection.line)),
        (Words("Motivo", "Reason"), reasons_in_words(rejection.reasons, language)),
        (
            Words("Encontrado e esperado", "Found and expected"),
            detail_in_words(found.shown(rejection.detail, person()), language) or "–",
        ),
        (Words("O que fazer", "What to do"), hint or "–"),
    ]
    return facts(named, language, "fatos")


def _form(found: ShownRow, language: Language) -> list[Any]:
    """Return the fields of a row; without them for a person who may only read."""
    who = person()
    may = who.may_correct
    masked = found.masked(who)
    if found.rejection.kind is RejectionKind.LINE:
        hidden = not found.may_edit_text(who)
        label = Words("Texto da linha", "Text of the line").in_(language)
        text = found.shown(found.rejection.values, who)
        fields = [_field(TEXT, label, text, disabled=hidden or not may)]
        may = may and not hidden
    else:
        values = found.values
        fields = [
            _field(
                name,
                name,
                MASK if name in masked and values.get(name) else values.get(name) or "",
                disabled=name in masked or not may,
            )
            for name in values
        ]
    parts: list[Any] = [dmc.SimpleGrid(fields, cols={"base": 1, "sm": 2, "lg": 4}, id="campos")]
    if not may:
        reads = Words("Seu papel lê esta linha e não a corrige.", "Your role reads this row only.")
        return [*parts, denied(reads, language)]
    check = Words("Prever efeito", "Preview effect").in_(language)
    confirm = Words("Confirmar correção", "Confirm correction").in_(language)
    remove = Words("Remover a linha do arquivo", "Remove the row from the file").in_(language)
    reason = Words("Motivo da correção", "Reason of the correction").in_(language)
    return [
        *parts,
        dmc.Checkbox(id="remover", label=remove, checked=False),
        dmc.TextInput(
            id="motivo",
            label=reason,
            inputProps={"maxLength": LONGEST},
            required=True,
            maw=640,
        ),
        html.Div(id="verificacao", role="status"),
        dmc.Group(
            [
                html.Button(check, id="prever", className="button", n_clicks=0),
                html.Button(confirm, id="confirmar", className="button", n_clicks=0, disabled=True),
            ]
        ),
        dcc.Loading(html.Div(id="efeito"), delay_show=200, type="dot"),
    ]


def _field(name: str, label: str, value: str, *, disabled: bool) -> Component:
    return dmc.TextInput(
        id={"type": "campo", "column": name},
        label=label,
        value=value,
        disabled=disabled,
        debounce=500,
        **labelled(label),
    )


def following(shared: Repair, selection: Selection) -> list[Any]:
    """Return what every page with corrections has: the address, the token, the progress."""
    return [
        *form_state(shared.sessions, selection.language),
        dcc.Store(id="linha-endereco", data=selection.search),
        dcc.Store(id="previsto"),
        dcc.Store(id="correcao"),
        dcc.Interval(id="acompanhar", interval=FOLLOW, disabled=True),
        html.Div(id="andamento"),
    ]


def _masked_detail(correction: Correction, language: Language) -> str:
    """Return why a row was rejected in words; what was found may be personal."""
    codes, _, detail = (correction.last.detail or "").partition(": ")
    reasons = ", ".join(
        in_words(code, language) if code in REASONS else detail_in_words(code, language)
        for code in codes.split(", ")
    )
    if not detail or not person().sees_personal:
        return reasons
    return f"{reasons} – {detail_in_words(detail, language)}"

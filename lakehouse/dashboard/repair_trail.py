"""Draw the trail of corrections: who corrected what, with what outcome, and the button of undo."""

import json

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.parts import badge, marked, plain_table
from lakehouse.dashboard.permissions import LONGEST
from lakehouse.dashboard.repair import repair, shown_values
from lakehouse.dashboard.repair_view import STEPS, following
from lakehouse.dashboard.session import person
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.words import Language, Words, written
from lakehouse.platform.quarantine.selection import source_of_table
from lakehouse.platform.quarantine.trail import Correction, read_trail
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.domains import domain_names
from lakehouse.platform.tables.ops_tables import CorrectionStep
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.source import Column

MOST_SHOWN = 50
KINDS = {
    "correction": Words("correção", "correction"),
    "removal": Words("remoção", "removal"),
    "undo": Words("desfeita", "undo"),
}


def trail(selection: Selection, snapshot: Snapshot) -> Component:
    """Return who corrected what, newest first, with a button that takes it back."""
    language = selection.language
    lake = Lake(repair().settings.root, repair().settings.file_mb)
    wanted = selection.values.get("dominio") or domain_names()
    found = [(name, each) for name in wanted for each in read_trail(lake, name)]
    found.sort(key=lambda pair: pair[1].request.at, reverse=True)
    if not found:
        text = Words("Nada foi corrigido até agora.", "Nothing was corrected so far.")
        body: Component = html.P(text.in_(language), id="trilha-vazia", className="quiet")
    else:
        head = [
            Words("Quando", "When"),
            Words("Quem", "Who"),
            Words("Linha", "Row"),
            Words("Antes", "Before"),
            Words("Depois", "After"),
            Words("Motivo", "Reason"),
            Words("Resultado", "Result"),
            Words("", ""),
        ]
        rows = [_trail_row(name, each, snapshot, language) for name, each in found[:MOST_SHOWN]]
        body = plain_table(head, rows, language)
    reason = Words("Motivo para desfazer", "Reason to undo").in_(language)
    may = found and person().may_correct
    ask = dmc.TextInput(
        id="motivo-desfazer", label=reason, inputProps={"maxLength": LONGEST}, maw=420
    )
    return html.Div([body, *([ask] if may else []), *following(repair(), selection)])


def _trail_row(
    domain: str, correction: Correction, snapshot: Snapshot, language: Language
) -> Component:
    request, last = correction.request, correction.last
    color, step = STEPS[last.step]
    personal = _personal(domain, request.table)
    may = person().may_correct and last.step in (CorrectionStep.LOADED, CorrectionStep.REJECTED)
    undo = html.Button(
        Words("Desfazer", "Undo").in_(language),
        id={"type": "desfazer", "correction": f"{domain}/{correction.id}"},
        className="button",
        n_clicks=0,
    )
    before, after = (
        shown_values(text, personal, person()) for text in (request.before, request.after)
    )
    return html.Tr(
        [
            html.Td(written(request.at.astimezone(snapshot.zone), "moment", language)),
            html.Td(f"{request.person} ({request.role})"),
            html.Td(f"{request.file}, {request.line}"),
            html.Td(_changed(before, request.after, request.before, personal)),
            html.Td(after),
            html.Td([KINDS[request.kind].in_(language), ": ", request.reason]),
            html.Td(badge(color, step.in_(language))),
            html.Td(undo if may else ""),
        ],
        **marked(correcao=correction.id),
    )


def _changed(shown: str, after: str | None, before: str | None, personal: frozenset[str]) -> str:
    """Return the values before of the columns that changed; identifying ones are left out."""
    if not after or not before:
        return shown
    try:
        old, new = json.loads(before), json.loads(after)
    except ValueError:
        return shown
    if not isinstance(old, dict) or not isinstance(new, dict):
        return shown
    kept = json.dumps({column: value for column, value in old.items() if column in new})
    return shown_values(kept, personal, person())


def _personal(domain: str, dataset: str) -> frozenset[str]:
    columns = source_of_table(load_domain(domain), dataset).columns
    return frozenset(n for n, c in columns.items() if isinstance(c, Column) and c.personal)

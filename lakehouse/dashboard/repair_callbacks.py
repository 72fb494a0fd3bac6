"""Callbacks of the repair pages. The server checks role, token and limits of each request."""

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from lakehouse.dashboard import repair_view
from lakehouse.dashboard.declare import Measure
from lakehouse.dashboard.parts import badge, denied, marked
from lakehouse.dashboard.permissions import Denied, one_line, operator, require_seldom
from lakehouse.dashboard.repair import Repair, ShownRow, repair
from lakehouse.dashboard.session import person
from lakehouse.dashboard.snapshots import DataError, Snapshots
from lakehouse.dashboard.words import Language, Words
from lakehouse.platform.quarantine.correct_row import (
    Author,
    RowError,
    RowProblem,
    Wish,
    correct,
    foresee,
    undo,
)
from lakehouse.platform.quarantine.correction_outcome import is_read, settle
from lakehouse.platform.quarantine.trail import Correction, read_trail

_log = logging.getLogger(__name__)

ROLE = Words("Seu papel não pode corrigir.", "Your role may not correct.")
OFTEN = Words(
    "Muitas correções em pouco tempo. Espere alguns minutos.",
    "Too many corrections in a short time. Wait some minutes.",
)
NO_REASON = Words("Diga o motivo.", "Give a reason.")
AGAIN = Words(
    "O que seria corrigido mudou desde a previsão. Preveja de novo.",
    "What would be corrected has changed since the preview. Preview again.",
)
UNKNOWN = Words(
    "O efeito não pôde ser previsto. O motivo está no registro do servidor.",
    "The effect could not be previewed. The reason is in the log of the server.",
)
FAILED = Words(
    "A correção não pôde ser feita. O motivo está no registro do servidor.",
    "The correction could not be made. The reason is in the log of the server.",
)


def register(app: Dash, snapshots: Snapshots) -> None:
    """Register the callbacks."""
    _checks(app)
    _corrections(app)
    _undo(app)
    _follow(app, snapshots)


def _checks(app: Dash) -> None:
    app.clientside_callback(  # what was previewed is not what the form has now
        ClientsideFunction("lakehouse", "edited"),
        Output("confirmar", "disabled", allow_duplicate=True),
        Input({"type": "campo", "column": ALL}, "value"),
        Input("remover", "checked"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("verificacao", "children"),
        Input({"type": "campo", "column": ALL}, "value"),
        Input("remover", "checked"),
        State({"type": "campo", "column": ALL}, "id"),
        State("linha-endereco", "data"),
        State("lingua", "data"),
        prevent_initial_call=True,
    )
    def check(
        values: list[Any], remove: bool, ids: list[dict[str, str]], address: str, language: Language
    ) -> Any:
        """Check the row by the rules of its table, while it is edited."""
        try:
            found, wish = _asked(repair(), address, ids, values, remove)
            _, shown = foresee(found.workplace, found.key, wish, sums=False)
        except Denied as cause:
            return denied(cause.words, language)
        except RowError as error:
            same = error.problem is RowProblem.UNCHANGED
            return "" if same else repair_view.problem(error, language)
        except Exception:  # noqa: BLE001  whatever a table's rules raise; the person must know
            _log.exception("check of %s", address)
            return denied(UNKNOWN, language)
        return repair_view.verdict(found, shown, language)

    @app.callback(
        Output("verificacao", "children", allow_duplicate=True),
        Output("efeito", "children"),
        Output("previsto", "data"),
        Output("confirmar", "disabled"),
        Input("prever", "n_clicks"),
        State({"type": "campo", "column": ALL}, "value"),
        State("remover", "checked"),
        State({"type": "campo", "column": ALL}, "id"),
        State("linha-endereco", "data"),
        State("lingua", "data"),
        prevent_initial_call=True,
    )
    def preview(
        clicks: int,
        values: list[Any],
        remove: bool,
        ids: list[dict[str, str]],
        address: str,
        language: Language,
    ) -> tuple[Any, ...]:
        """Compute what a correction would do, outside of the lake."""
        if not clicks:
            raise PreventUpdate
        try:
            found, wish = _asked(repair(), address, ids, values, remove)
            planned, shown = foresee(found.workplace, found.key, wish)
        except Denied as cause:
            return "", denied(cause.words, language), None, True
        except RowError as error:
            return "", repair_view.problem(error, language), None, True
        except Exception:  # noqa: BLE001  whatever a table's rules raise; the person must know
            _log.exception("preview of %s", address)
            return "", denied(UNKNOWN, language), None, True
        figures = [
            [measure.id, change.day.isoformat()]
            for measure, change in repair_view.figures_of(shown.changes)
        ]
        planned_as = {"digest": planned.file.digest, "figures": figures}
        return "", repair_view.effect(found, shown, language), planned_as, False


def _corrections(app: Dash) -> None:
    @app.callback(
        Output("andamento", "children", allow_duplicate=True),
        Output("correcao", "data", allow_duplicate=True),
        Output("acompanhar", "disabled", allow_duplicate=True),
        Output("confirmar", "disabled", allow_duplicate=True),
        Input("confirmar", "n_clicks"),
        State({"type": "campo", "column": ALL}, "value"),
        State("remover", "checked"),
        State({"type": "campo", "column": ALL}, "id"),
        State("linha-endereco", "data"),
        State("motivo", "value"),
        State("previsto", "data"),
        State("sinal", "data"),
        State("lingua", "data"),
        prevent_initial_call=True,
    )
    def confirm(
        clicks: int,
        values: list[Any],
        remove: bool,
        ids: list[dict[str, str]],
        address: str,
        reason: str | None,
        planned: dict[str, Any] | None,
        token: str | None,
        language: Language,
    ) -> tuple[Any, ...]:
        """Land the correction and start loading it."""
        if not clicks:
            raise PreventUpdate
        shared = repair()
        try:
            author = _author(shared, reason, token)
            found, wish = _asked(shared, address, ids, values, remove)
            _require_as_planned(found, wish, planned)
            made = correct(found.workplace, found.key, wish, author)
        except (Denied, RowError) as error:
            return _rejection(error, language), no_update, True, True
        except Exception:  # noqa: BLE001  whatever a store raises; the person must know
            _log.exception("correction of %s", address)
            return denied(FAILED, language), no_update, True, True
        return _started(shared, found.workplace.domain.name, made, planned, language)


def _undo(app: Dash) -> None:
    @app.callback(
        Output("andamento", "children", allow_duplicate=True),
        Output("correcao", "data", allow_duplicate=True),
        Output("acompanhar", "disabled", allow_duplicate=True),
        Input({"type": "desfazer", "correction": ALL}, "n_clicks"),
        State("motivo-desfazer", "value"),
        State("sinal", "data"),
        State("lingua", "data"),
        prevent_initial_call=True,
    )
    def take_back(
        clicks: list[int | None], reason: str | None, token: str | None, language: Language
    ) -> tuple[Any, ...]:
        """Land the bytes of before a correction, and start loading them."""
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            raise PreventUpdate
        shared = repair()
        domain, _, correction = str(ctx.triggered_id["correction"]).partition("/")
        try:
            author = _author(shared, reason, token)
            made = undo(shared.workplace(domain), correction, author)
        except (Denied, RowError) as error:
            return _rejection(error, language), no_update, True
        except Exception:  # noqa: BLE001  whatever a store raises; the person must know
            _log.exception("undo of %s", correction)
            return denied(FAILED, language), no_update, True
        return _started(shared, domain, made, None, language)[:3]


def _follow(app: Dash, snapshots: Snapshots) -> None:
    @app.callback(
        Output("andamento", "children"),
        Output("acompanhar", "disabled"),
        Input("acompanhar", "n_intervals"),
        State("correcao", "data"),
        State("lingua", "data"),
        prevent_initial_call=True,
    )
    def follow(_: int, asked: dict[str, Any] | None, language: Language) -> tuple[Any, bool]:
        """Show how far a correction is, until the figures that it changed are published."""
        if not asked:
            raise PreventUpdate
        shared = repair()
        if not person().may_correct:
            return denied(ROLE, language), True
        try:
            workplace = shared.workplace(str(asked.get("domain")))
        except RowError as error:
            return repair_view.problem(error, language), True
        domain = workplace.domain.name
        known = read_trail(workplace.lake, domain)
        mine = [each for each in known if each.id == asked.get("correction")]
        if not mine:
            raise PreventUpdate
        (now,) = settle(workplace, mine)
        state = shared.loading.state(domain, shared.settings)
        failed = None
        if now.is_open and state == "daemon":
            failed = shared.loading.failed_run(domain, shared.settings, now.request.at)
        if now.is_open and state == "stopped":
            shared.loading.start(domain, shared.settings)
        try:
            # The page stops asking after this answer unless it waits, so it must be the newest one.
            waits = now.is_open or state in ("running", "daemon")
            snapshot = snapshots.current() if waits else snapshots.renewed()
            is_published = dict(snapshot.key).get(domain) != asked.get("publication")
            shown = repair_view.progress(
                now,
                is_read(workplace, now),
                state,
                _figures(asked.get("figures")),
                snapshot,
                language,
                published=is_published,
                failed=failed,
            )
        except (DataError, OSError) as error:
            _log.error("progress of %s: %s", now.id, error)
            raise PreventUpdate from None
        return shown, not now.is_open and (is_published or not waits)


def _asked(
    shared: Repair, address: str, ids: Sequence[dict[str, str]], values: Sequence[Any], remove: bool
) -> tuple[ShownRow, Wish]:
    """Return the row of an address and what the form asks for.

    Raises:
        Denied: the person may not correct, or asked too often.
        RowError: the row is not in quarantine.
    """
    who = person()
    if not who.may_correct:
        raise Denied(ROLE)
    require_seldom(shared.previews, who, OFTEN)
    found = shared.find(str(address))
    given = {str(each["column"]): str(value or "") for each, value in zip(ids, values, strict=True)}
    if repair_view.TEXT in given:
        if not found.may_edit_text(who):
            raise Denied(ROLE)
        return found, Wish(values={}, text=given[repair_view.TEXT], remove=bool(remove))
    kept = {name: value for name, value in given.items() if name not in found.masked(who)}
    return found, Wish(values=kept, remove=bool(remove))


def _author(shared: Repair, reason: str | None, token: str | None) -> Author:
    """Return who asks for a correction.

    Raises:
        Denied: the role, the token, the reason or the limit does not allow it.
    """
    who = operator(shared.sessions, token, ROLE)
    if not (text := one_line(reason)):
        raise Denied(NO_REASON)
    require_seldom(shared.corrections, who, OFTEN)
    return Author(person=who.name, role=who.shown_role.value, reason=text)


def _require_as_planned(found: ShownRow, wish: Wish, planned: dict[str, Any] | None) -> None:
    """Require that the correction is the one whose effect was shown.

    Raises:
        Denied: it is another one.
    """
    from lakehouse.platform.quarantine.correct_row import plan

    if plan(found.workplace, found.key, wish).file.digest != (planned or {}).get("digest"):
        raise Denied(AGAIN)


def _rejection(error: Exception, language: Language) -> Component:
    if isinstance(error, Denied):
        return denied(error.words, language)
    if isinstance(error, RowError):
        return repair_view.problem(error, language)
    raise error


def _started(
    shared: Repair,
    domain: str,
    made: Correction,
    planned: dict[str, Any] | None,
    language: Language,
) -> tuple[Any, ...]:
    """Start loading; return what the page shows and remembers."""
    from lakehouse.platform.storage.published import publication_numbers

    number = max(publication_numbers(shared.workplace(domain).lake, domain), default=0)
    shared.loading.start(domain, shared.settings)
    color, step = repair_view.STEPS[made.last.step]
    shown = html.P(
        badge(color, step.in_(language)),
        id="estado",
        **marked(passo=made.last.step.value),
    )
    asked = {
        "domain": domain,
        "correction": made.id,
        "figures": (planned or {}).get("figures", []),
        "publication": number,
    }
    return shown, asked, False, True


def _figures(given: Any) -> list[tuple[Measure, dt.date]]:
    """Return the figures that a page asks for; what is not a figure and a day is left out."""
    from lakehouse.dashboard.pages import measures

    known = measures()
    found: list[tuple[Measure, dt.date]] = []
    for each in given if isinstance(given, list) else []:
        try:
            name, day = each
            found.append((known[name], dt.date.fromisoformat(day)))
        except (KeyError, TypeError, ValueError):
            continue
    return found[:20]

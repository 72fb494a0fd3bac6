"""The web application: Dash's pages, the proofs and the exports, behind the guard of all pages."""

import contextlib
import datetime as dt
import json
import logging
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
from a2wsgi import WSGIMiddleware
from dash import Dash
from starlette.middleware.gzip import GZipMiddleware

from lakehouse.dashboard import (
    alert_callbacks,
    callbacks,
    exports,
    pdf,
    repair_callbacks,
    session,
    shell,
)
from lakehouse.dashboard.declare import Cards, Column, Measure, Page, View
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.pages import HELD, PAGES, measures, tables
from lakehouse.dashboard.proof import proof, proof_csv
from lakehouse.dashboard.repair import CONFIG, Repair
from lakehouse.dashboard.snapshots import DataError, Snapshot, Snapshots
from lakehouse.dashboard.view_proof import column_of, provable, view_proof
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.web.access import policy_of
from lakehouse.platform.web.guard import Guard, Policy
from lakehouse.platform.web.logins import PasswordLogin
from lakehouse.platform.web.sessions import SessionLogin, Sessions
from lakehouse.settings import Settings

_log = logging.getLogger(__name__)

HEALTH = "/saude"
WORKERS = 8
"""Requests that are answered at the same time."""
LEAST_COMPRESSED, COMPRESSION = 2_000, 3
"""Bytes from which on an answer is compressed, and how much: a page of 25 KB takes 0.4 ms."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve the dashboard until the process is interrupted.

    Raises:
        SettingsError: the address is not a loopback address and no login is set.
    """
    import uvicorn

    policy = policy_of(settings, host)
    app = application(settings, policy)
    uvicorn.run(
        app, host=host, port=port, log_level="warning", proxy_headers=False, server_header=False
    )


def application(settings: Settings, policy: Policy) -> Guard:
    """Return the dashboard behind the guard, as an ASGI application."""

    def today() -> dt.date:
        return dt.datetime.now(settings.zone).date()

    sessions, login = Sessions(), None
    if isinstance(policy.login, PasswordLogin):
        login = SessionLogin(policy.login, sessions, session.LOGIN)
        policy = replace(policy, login=login)
    server = flask_app(settings, today, sessions, login)
    # a2wsgi has types of its own for ASGI
    wsgi: Any = WSGIMiddleware(server, workers=WORKERS)  # type: ignore[arg-type]
    app: Any = GZipMiddleware(wsgi, minimum_size=LEAST_COMPRESSED, compresslevel=COMPRESSION)
    return Guard(app=app, policy=policy, without_login=frozenset({HEALTH, session.LOGIN}))


def flask_app(
    settings: Settings,
    today: Callable[[], dt.date],
    sessions: Sessions | None = None,
    login: SessionLogin | None = None,
) -> flask.Flask:
    """Return the dashboard as a Flask application, without the guard."""
    sessions = sessions or Sessions()
    snapshots = Snapshots(Lake(settings.root), settings, names=tables(), held=HELD)
    server = flask.Flask(__name__)
    session.register(server, sessions, login)
    server.config[CONFIG] = Repair(settings=settings, sessions=sessions)
    _routes(server, snapshots)
    _export_routes(server, snapshots)
    app = Dash(
        __name__,
        server=server,  # type: ignore[arg-type]  # a Flask application is allowed
        title="Lakehouse",
        update_title="",
        serve_locally=True,
        assets_folder=str(Path(__file__).parent / "assets"),
        suppress_callback_exceptions=True,
        use_async=False,
        use_pages=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        index_string=(Path(__file__).parent / "index.html").read_text("utf-8"),
    )
    app.layout = shell.layout
    threading.Thread(target=_open_early, args=(snapshots,), daemon=True).start()
    callbacks.register(app, snapshots, today)
    repair_callbacks.register(app, snapshots)
    alert_callbacks.register(app, snapshots)
    return server


def _open_early(snapshots: Snapshots) -> None:
    """Open the first snapshot, so that the first page need not wait for it."""
    with contextlib.suppress(DataError, StorageError, OSError):  # the first page reports it
        snapshots.current()


def _routes(server: flask.Flask, snapshots: Snapshots) -> None:
    @server.get(HEALTH)
    def health() -> flask.Response:
        return _text("ok\n")

    @server.get("/prova/<figure>")
    def prove(figure: str) -> flask.Response:
        """Answer with the proof of a figure as JSON, or as CSV with ``formato=csv``."""
        asked = _asked(figure)
        if asked is None:
            known = ", ".join([*measures(), *_figures()])
            return _text(f"unknown figure; expected one of {known}\n", 404)
        page, measure, view, column = asked
        selection, snapshot = _selection(page, snapshots)
        if measure is not None:
            found = proof(measure, selection, snapshot)
        else:
            found = view_proof(page, view, selection, snapshot, column)
        if flask.request.args.get("formato") == "csv":
            return _file(proof_csv(found), f"prova-{figure}.csv", "text/csv; charset=utf-8")
        return _file(
            json.dumps(found, ensure_ascii=False, indent=1) + "\n",
            f"prova-{figure}.json",
            "application/json",
            inline=True,
        )

    @server.errorhandler(DataError)
    def failed(error: DataError) -> flask.Response:
        _log.error("%s: %s", flask.request.path, error)
        return _text("this could not be computed; the reason is in the log of the server\n", 500)


def _asked(figure: str) -> tuple[Page, Measure | None, View, Column | None] | None:
    """Return what the name of a proof means: a measure, or ``page.view`` or ``page.view.figure``.

    None when nothing has this name.
    """
    if measure := measures().get(figure):
        for page in PAGES.values():
            for each in page.views:
                if isinstance(each, Cards) and measure in each.measures:
                    return page, measure, each, None
    name, _, rest = figure.partition(".")
    place, _, wanted = rest.partition(".")
    found = PAGES.get(f"/{name}")
    view = provable(found).get(place) if found else None
    if found is None or view is None:
        return None
    column = column_of(view, wanted)
    return None if wanted and column is None else (found, None, view, column)


def _figures() -> list[str]:
    """Return the names of the proofs of charts, tables and other views."""
    return [f"{page.name}.{view}" for page in PAGES.values() for view in provable(page)]


def _export_routes(server: flask.Flask, snapshots: Snapshots) -> None:
    @server.get("/exportar/<name>.csv")
    def export_csv(name: str) -> flask.Response:
        """Send one table of a page; ``tabela`` names it, by default the first."""
        page, selection, snapshot = _opened(name, snapshots)
        views = exports.exported(page)
        chosen = flask.request.args.get("tabela") or next(iter(views), "")
        if chosen not in views:
            return _text(f"unknown table; expected one of {', '.join(views)}\n", 404)
        lines = exports.csv_lines(views[chosen], selection, snapshot)
        return _file(lines, f"{name}-{chosen}.csv", "text/csv; charset=utf-8")

    @server.get("/exportar/<name>.xlsx")
    def export_xlsx(name: str) -> flask.Response:
        """Send every table of a page as a workbook."""
        page, selection, snapshot = _opened(name, snapshots)
        with tempfile.TemporaryDirectory(prefix="lakehouse-export-") as folder:
            path = Path(folder) / "export.xlsx"
            exports.workbook(page, selection, snapshot, path)
            stream = path.open("rb")  # readable after its folder is removed
        return flask.send_file(
            stream, mimetype=XLSX, as_attachment=True, download_name=f"{name}.xlsx", max_age=0
        )

    @server.get("/exportar/<name>.pdf")
    def export_pdf(name: str) -> flask.Response:
        """Send the page as a browser prints it, if this machine has one."""
        page, _, _ = _opened(name, snapshots)
        query = flask.request.query_string.decode("latin-1")
        target = f"{page.path}?{query}" if query else page.path
        at = flask.request.environ["asgi.scope"]["server"]
        try:
            content = pdf.printed(at, target, session.person(), flask.request.headers.items())
        except pdf.PdfError as error:
            _log.error("printing %s: %s", page.path, error)
            return _text(f"{error}\n", error.status)
        return _file(content, f"{name}.pdf", "application/pdf")


def _opened(name: str, snapshots: Snapshots) -> tuple[Page, Selection, Snapshot]:
    """Return a page by its name, with what the request selects on it.

    An unknown page or value ends the request with its answer.
    """
    page = PAGES.get(f"/{name}")
    if page is None:
        flask.abort(_text("unknown page\n", 404))
    return page, *_selection(page, snapshots)


def _selection(page: Page, snapshots: Snapshots) -> tuple[Selection, Snapshot]:
    """Return what the request's parameters select; a value that does not exist ends it."""
    snapshot = snapshots.current()
    query = flask.request.query_string.decode("utf-8", "replace")
    selection = callbacks.selection_of(page, query, snapshot)
    if selection.problems:
        found = "; ".join(
            f"{each.parameter}={each.value}: expected {each.expected.en}"
            for each in selection.problems
        )
        flask.abort(_text(f"{found}\n", 400))
    return selection, snapshot


def _text(text: str, status: int = 200) -> flask.Response:
    return flask.Response(text, status=status, mimetype="text/plain")


def _file(content: Any, name: str, kind: str, *, inline: bool = False) -> flask.Response:
    how = "inline" if inline else "attachment"
    headers = {"Content-Disposition": f'{how}; filename="{name}"', "Cache-Control": "no-store"}
    return flask.Response(content, content_type=kind, headers=headers)

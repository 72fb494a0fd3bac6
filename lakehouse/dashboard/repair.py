"""What the repair pages do: find a row by its address, mask it, correct it, start the loading.

Everything about corrections themselves is in `lakehouse.platform.quarantine`.
"""

import datetime as dt
import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import flask

from lakehouse.dashboard.codes import MASK
from lakehouse.platform.local_runtime.failed_runs import FailedRun, newest_failed_run
from lakehouse.platform.local_runtime.service_state import is_served
from lakehouse.platform.privacy.marks import MarkedPersons
from lakehouse.platform.quarantine.correct_row import RowError, RowKey, RowProblem
from lakehouse.platform.quarantine.listing import Rejection, RejectionKind, list_rejections
from lakehouse.platform.quarantine.preview import Workplace
from lakehouse.platform.quarantine.selection import Selection, source_of_table
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.domains import domain_names
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.source import Column
from lakehouse.platform.web.limits import Limit
from lakehouse.platform.web.roles import Person
from lakehouse.platform.web.sessions import Sessions
from lakehouse.settings import PREFIX, Settings, platform_settings

_log = logging.getLogger(__name__)

CONFIG = "LAKEHOUSE_REPAIR"
"""Key of the `Repair` of a Flask application."""
MOST_CORRECTIONS, MOST_PREVIEWS, MOST_DECISIONS = 30, 120, 60
"""Corrections, previews and decisions about alerts of one person in `WITHIN` seconds."""
WITHIN = 600.0
LOOK_SECONDS = 10.0
"""How long the answer to "did a run fail?" is used."""
INGEST = "from lakehouse.cli import main; main()"


class Loading:
    """Load what landed: the daemon of `lakehouse up` does so; without one, a process does."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._watches: dict[str, threading.Thread] = {}
        self._failed: set[str] = set()
        self._looked: dict[str, tuple[float, dt.datetime, FailedRun | None]] = {}
        self._lock = threading.Lock()

    def start(self, domain: str, settings: Settings) -> None:
        """Start a process that loads a domain, unless a daemon or such a process does already."""
        with self._lock:
            if is_served(settings.home) or self._runs(domain):
                return
            self._failed.discard(domain)
            self._processes[domain] = subprocess.Popen(
                [sys.executable, "-c", INGEST, "ingest", "--domain", domain],
                env={**os.environ, **variables(settings)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            watch = threading.Thread(
                target=self._watch, args=(domain, self._processes[domain]), daemon=True
            )
            self._watches[domain] = watch
            watch.start()

    def wait(self, domain: str) -> None:
        """Wait until the process that loads a domain has ended, if there is one."""
        if domain in self._watches:
            self._watches[domain].join()

    def state(self, domain: str, settings: Settings) -> str:
        """Return ``daemon``, ``running``, ``failed`` or ``stopped``."""
        if is_served(settings.home):
            return "daemon"
        with self._lock:
            if self._runs(domain):
                return "running"
            return "failed" if domain in self._failed else "stopped"

    def failed_run(self, domain: str, settings: Settings, since: dt.datetime) -> FailedRun | None:
        """Return the newest run of a domain that failed since a moment.

        It is looked up once in `LOOK_SECONDS`.
        """
        with self._lock:
            looked_at, asked, found = self._looked.get(domain, (float("-inf"), since, None))
            if asked == since and time.monotonic() - looked_at < LOOK_SECONDS:
                return found
            found = newest_failed_run(settings.home, f"{domain}_", since)
            self._looked[domain] = (time.monotonic(), since, found)
            return found

    def _runs(self, domain: str) -> bool:
        process = self._processes.get(domain)
        return process is not None and process.poll() is None

    def _watch(self, domain: str, process: "subprocess.Popen[str]") -> None:
        _, problem = process.communicate()
        if process.returncode:
            _log.error("loading %s ended with %s: %s", domain, process.returncode, problem)
            with self._lock:
                self._failed.add(domain)


@dataclass(frozen=True, kw_only=True)
class Repair:
    """What the pages of one application share that change something."""

    settings: Settings
    sessions: Sessions
    corrections: Limit = field(default_factory=lambda: Limit(MOST_CORRECTIONS, WITHIN))
    previews: Limit = field(default_factory=lambda: Limit(MOST_PREVIEWS, WITHIN))
    decisions: Limit = field(default_factory=lambda: Limit(MOST_DECISIONS, WITHIN))
    loading: Loading = field(default_factory=Loading)

    def workplace(self, domain: str) -> Workplace:
        """Return the lake and the landing zone of a domain.

        Raises:
            RowError: there is no such domain.
        """
        if domain not in domain_names():
            raise RowError(RowProblem.GONE, f"no domain is called {domain!r}")
        lake = Lake(self.settings.root, self.settings.file_mb)
        return Workplace(
            lake=lake,
            domain=load_domain(domain),
            settings=self.settings,
            erased=lambda: MarkedPersons.load(lake, self.settings, domain),
        )

    def find(self, address: str) -> "ShownRow":
        """Return the row of an address, see `row_address`.

        Raises:
            RowError: the row is not in quarantine.
        """
        try:
            domain, table, day, line, mark = address.split("/")
            wanted = dt.date.fromisoformat(day)
        except ValueError:
            raise RowError(RowProblem.GONE, "not the address of a row") from None
        workplace = self.workplace(domain)
        chosen = Selection(domain=domain, table=table, days=[wanted])
        for each in list_rejections(workplace.lake, chosen):
            if each.kind is RejectionKind.FILE or str(each.line) != line:
                continue
            if mark_of(each.file, each.digest) == mark:
                return ShownRow(workplace=workplace, rejection=each)
        raise RowError(RowProblem.GONE, "the row is not in quarantine any more")


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """A rejected row as the pages show it."""

    workplace: Workplace
    rejection: Rejection

    @property
    def key(self) -> RowKey:
        """The row's key."""
        row = self.rejection
        return RowKey(
            table=row.table, day=row.day, file=row.file, line=row.line or 0, digest=row.digest
        )

    @property
    def values(self) -> dict[str, str | None]:
        """Original value of each column of the row's dataset."""
        source = source_of_table(self.workplace.domain, self.rejection.table)
        return self.rejection.values_of(source.format)

    @property
    def personal(self) -> frozenset[str]:
        """Columns of the row's dataset that hold personal data."""
        source = source_of_table(self.workplace.domain, self.rejection.table)
        return frozenset(
            name
            for name, column in source.columns.items()
            if isinstance(column, Column) and column.personal
        )

    def masked(self, person: Person) -> frozenset[str]:
        """Return the columns whose values a person may neither see nor change."""
        return frozenset() if person.sees_personal else self.personal

    def may_edit_text(self, person: Person) -> bool:
        """Return whether a person may see the text of the unparsable line, which has all values."""
        return not self.masked(person)

    def shown(self, text: str | None, person: Person) -> str:
        """Return a text about the row without personal values that the person may not see."""
        shown = text or ""
        if self.rejection.kind is RejectionKind.LINE:
            return shown if self.may_edit_text(person) else MASK * bool(shown)
        values = self.values
        for column in self.masked(person):
            value = values.get(column)
            if value and value.strip():
                shown = shown.replace(value, MASK).replace(value.strip(), MASK)
        return shown


def shown_values(text: str | None, personal: frozenset[str], person: Person) -> str:
    """Return recorded values of the trail with those masked that the person may not see."""
    if text is None:
        return ""
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        return text if person.sees_personal or not personal else MASK
    hidden = frozenset() if person.sees_personal else personal
    parts = (f"{c}: {MASK if c in hidden else v or '–'}" for c, v in values.items())
    return " · ".join(parts)


def mark_of(file: str, digest: str) -> str:
    """Return the part of a row's address that stands for its file and version."""
    return hashlib.sha256(f"{file}{digest}".encode()).hexdigest()[:16]


def repair() -> Repair:
    """Return what the pages of this request's application share that change something."""
    found: Repair = flask.current_app.config[CONFIG]
    return found


def variables(settings: Settings) -> Mapping[str, str]:
    """Return the environment variables that give a process these settings."""
    found = {
        each.variable(): str(value)
        for each in platform_settings()
        if (value := getattr(settings, each.name)) != each.default and value is not None
    }
    own = {name: text for name, text in settings.domain_variables.items() if PREFIX in name}
    return own | found

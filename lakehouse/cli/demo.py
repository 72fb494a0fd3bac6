"""`lakehouse demo`: invented deliveries from the landing zone to gold, and what became of them."""

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import socket
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli import books
from lakehouse.cli.generate import DAYS, SEED, UNITS, files_of, generator_of, plan_of
from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import Day, domain_option, plural
from lakehouse.cli.output import aligned
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.orchestration.local_runs import Ran
    from lakehouse.platform.tables.domain_spec import DomainSpec

SPEC = "mrhealth"
MARKER = ".lakehouse-demo.json"
"""Lies in each folder that the demo made; in the landing zone and the lake it names the files."""
DIGEST = re.compile(r"[0-9a-f]{64}")
LARGEST = 5
LAYERS = ("raw + bronze", "silver", "gold", "ops")


@dataclass(kw_only=True)
class Told:
    """What the demo did, for its summary."""

    domains: "list[DomainSpec]"
    files: dict[str, str] = field(default_factory=dict)
    """Landed path → SHA-256."""
    generating: float = 0.0
    running: float = 0.0
    """Seconds."""
    runs: "list[Ran]" = field(default_factory=list)


@click.command()
@domain_option
@click.option("--units", default=UNITS, show_default=True, help="How many restaurants.")
@click.option("--days", default=DAYS, show_default=True, help="How many days of deliveries.")
@click.option("--first", type=Day(), help="First day; without it the last day is yesterday.")
@click.option("--seed", default=SEED, show_default=True, help="The same seed, the same files.")
@click.option("--keep", is_flag=True, help="Add to what an earlier demo made; else begin anew.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Use this folder, not that of the settings.",
)
def demo(
    domain_name: str | None,
    units: int,
    days: int,
    first: dt.date | None,
    seed: int,
    keep: bool,
    into: Path | None,
) -> None:
    """Invent the deliveries of every system and run them raw to gold.

    Prints what became of every file and row, each system's headline answer, and where to look
    next. Mr. Health has as many restaurants and days as asked; the others a small share of their
    real size.

    Works in the lake, landing zone and Dagster home of the settings, so that `lakehouse up` shows
    it. Begins anew each time, but never removes or mixes with data that it did not make.

    Example:
      lakehouse demo
      lakehouse demo --units 5 --days 3 --first 2026-01-05 --into data/try
    """
    settings = _settings(into)
    from lakehouse.cli.options import domains_of

    domains = domains_of(domain_name)
    folders = _folders(settings)
    _require_own(folders)
    if not keep:
        for folder in folders:
            if (folder / MARKER).exists():
                _clear(folder)
    told = Told(domains=[domain.spec for domain in domains])
    began = time.monotonic()
    for each in told.domains:
        if each.name == SPEC:
            plan = plan_of(each.name, units=units, days=days, first=first, seed=seed)
        else:
            plan = generator_of(each.name).demo(seed)
        _land(told, generator_of(each.name), plan, settings, folders)
    told.generating = time.monotonic() - began
    inform(
        f"{plural(len(told.files), 'file')} of {plural(len(domains), 'domain')} landed in"
        f" {settings.landing} ({told.generating:.1f} s)"
    )
    from lakehouse.cli.runs import ingest_all

    began = time.monotonic()
    told.runs = ingest_all(domains, settings)
    told.running = time.monotonic() - began
    _summary(told, settings, into)
    failed = [ran for ran in told.runs if not ran.succeeded]
    if failed:
        raise CommandError(failed[0].problem or "a run failed", "lakehouse up shows the failed run")


def _settings(into: Path | None) -> Settings:
    """The settings of the demo, in the environment as well: runs read them there."""
    settings = Settings.from_env()
    if into is not None:
        place = into.absolute()
        settings = replace(settings, root=str(place / "lake"), landing=str(place / "landing"))
        os.environ["LAKEHOUSE_ROOT"], os.environ["LAKEHOUSE_LANDING"] = (
            settings.root,
            settings.landing,
        )
        os.environ["DAGSTER_HOME"] = str(place / "dagster")
    for variable, place_ in (
        ("LAKEHOUSE_ROOT", settings.root),
        ("LAKEHOUSE_LANDING", settings.landing),
    ):
        if place_.startswith("s3://"):
            raise CommandError(
                f"the demo works on local disk and {variable} is {place_}",
                "lakehouse demo --into data/demo",
            )
    return settings


def _folders(settings: Settings) -> tuple[Path, Path, Path]:
    from lakehouse.platform.storage.object_store import ObjectStore

    lake, landing = (Path(ObjectStore.at(uri).uri) for uri in (settings.root, settings.landing))
    return lake, landing, settings.home


def _require_own(folders: tuple[Path, Path, Path]) -> None:
    """Reject a lake and a landing zone with something that no demo made, and services that run.

    Records in Dagster's home that no demo made stay; the demo's runs come beside them.
    """
    lake, landing, home = folders
    hint = "lakehouse demo --into data/demo, or name other folders (docs/settings.md)"
    for folder in (lake, landing):
        if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
            raise CommandError(
                f"{folder} holds something that no demo made, and stays as it is", hint
            )
    known = _marked(landing)
    for path in _files(landing):
        name = path.relative_to(landing).as_posix()
        if known.get(name) != _digest(path):
            raise CommandError(f"{path} was not made by the demo, and stays as it is", hint)
    taken = set(_marked(lake).values())
    for path in _files(lake / "raw"):
        if (
            path.parent.parent.name == "objects"
            and DIGEST.fullmatch(path.name)
            and path.name not in taken
        ):
            raise CommandError(
                f"the lake in {lake} holds deliveries that no demo made ({path.name[:12]}…)",
                hint,
            )
    if home.exists() and _served(Settings.from_env()):
        raise CommandError(
            "`lakehouse up` is running on these folders", "stop it, then run the demo"
        )


def _served(settings: Settings) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((settings.host, settings.port)) == 0


def _marked(folder: Path) -> dict[str, str]:
    marker = folder / MARKER
    return dict(json.loads(marker.read_text("utf-8"))) if marker.exists() else {}


def _files(folder: Path) -> list[Path]:
    return [
        Path(place) / name
        for place, _, names in os.walk(folder)
        for name in names
        if name != MARKER and not name.startswith(".tmp-")
    ]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _clear(folder: Path) -> None:
    """Remove what an earlier demo made; the marker goes last, so a half removed one is known."""
    for item in sorted(folder.iterdir(), key=lambda item: item.name == MARKER):
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()


def _land(
    told: Told, generator: Any, plan: Any, settings: Settings, folders: tuple[Path, Path, Path]
) -> None:
    """Generate and land; before a file is there, the markers say that it is the demo's."""
    from lakehouse.cli.land import put
    from lakehouse.cli.progress import counted
    from lakehouse.platform.storage.object_store import ObjectStore

    store = ObjectStore.at(settings.landing)
    files = list(counted("files generated", files_of(generator, plan)))
    told.files |= {file.path: hashlib.sha256(file.data).hexdigest() for file in files}
    for folder in folders:
        if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        marked = _marked(folder) | told.files
        (folder / MARKER).write_text(json.dumps(marked, indent=0), "utf-8")
    for file in counted("files landed", files, len(files)):
        put(store, file.path, file.data, file.modified_at)


def _summary(told: Told, settings: Settings, into: Path | None) -> None:
    from lakehouse.platform.storage.lake import Lake

    lake = Lake(settings.root)
    files = {each.name: books.deliveries(lake, each.name) for each in told.domains}
    balances = {each.name: books.balances(lake, each.name) for each in told.domains}
    statuses = Counter((name, row["status"]) for name, rows in files.items() for row in rows)
    _block(
        "Files by what became of them",
        ("domain", "status", "files"),
        [(*key, number) for key, number in sorted(statuses.items())],
    )
    _block(
        "Rows by what became of them",
        ("domain", *books.HEADINGS),
        [(name, *row) for name, rows in balances.items() for row in books.summed(rows)],
    )
    all_balances = [row for rows in balances.values() for row in rows]
    off = [row for row in all_balances if row["balance"] != "balanced"]
    _say(
        f"{plural(len(all_balances) - len(off), 'delivery', 'deliveries')} balance to zero"
        + (f", {len(off):,} DO NOT" if off else "")
    )
    if SPEC in files:
        _block("Largest restaurants", ("restaurant", "revenue", "orders"), _largest(lake))
    _block("Seconds", ("layer", "seconds"), _seconds(told))
    rate = len(told.files) / told.running if told.running else 0.0
    _say(
        f"{len(told.files):,} files in {told.running:.1f} s: {rate:,.0f} files/s, start-up included"
    )
    rejections = Counter(
        (name, row["table"], row["reason"])
        for name, rows in files.items()
        for row in rows
        if row["status"] in ("rejected", "held")
    )
    _block(
        "Not taken in, as the dirt in the data wants it",
        ("what", "domain", "table", "reason", "number"),
        [
            *(("file", *key, number) for key, number in sorted(rejections.items())),
            *(row for each in told.domains for row in _quarantined(lake, each.name)),
        ],
    )
    _headlines(told, lake, settings)
    _say("\nWhere to look next", bold=True)
    for line in _next(settings, into):
        _say(f"  {line}")


def _headlines(told: Told, lake: Any, settings: Settings) -> None:
    """Each system's one question, and what its gold tables answer."""
    from lakehouse.platform.serving import sql_catalog as catalog

    _say("\nWhat each system answers", bold=True)
    for domain in told.domains:
        if domain.headline is None:
            continue
        names = catalog.names_in(domain.headline.sql)
        with catalog.connect(lake, settings, names=names) as connection:
            answer = catalog.query(connection, domain.headline.sql)
            columns = [column[0] for column in answer.description or ()]
            rows = answer.fetchmany(LARGEST)
        _say(f"  {domain.title}: {domain.headline.question}")
        for line in aligned(columns, rows):
            _say(f"    {line.rstrip()}")


def _largest(lake: Any) -> list[tuple[Any, ...]]:
    from lakehouse.platform.storage.table_id import TableId

    rows = books.rows_of(
        lake, TableId("gold", SPEC, "unit_day"), ("unit_name", "revenue", "orders")
    )
    revenue: dict[str, Decimal] = defaultdict(Decimal)
    orders: Counter[str] = Counter()
    for row in rows:
        revenue[row["unit_name"]] += row["revenue"] or 0
        orders[row["unit_name"]] += row["orders"] or 0
    best = sorted(revenue, key=lambda name: (-revenue[name], name))[:LARGEST]
    return [(name, round(revenue[name], 2), orders[name]) for name in best]


def _seconds(told: Told) -> list[tuple[str, str]]:
    seconds: dict[str, float] = defaultdict(float)
    for ran in told.runs:
        for layer, took in ran.seconds_by_layer.items():
            seconds[LAYERS[0] if layer == "bronze" else layer] += took
    named = [name for name in LAYERS if name in seconds]
    rest = sorted(set(seconds) - set(LAYERS))
    inside = [(name, f"{seconds[name]:.1f}") for name in [*named, *rest]]
    between = told.running - sum(seconds.values())
    return [
        ("generate and land", f"{told.generating:.1f}"),
        *inside,
        ("orchestration", f"{between:.1f}"),
    ]


def _quarantined(lake: Any, domain_name: str) -> list[tuple[str, str, str, str, int]]:
    from lakehouse.platform.quarantine import replay as quarantine

    counted: Counter[tuple[str, str, str, str]] = Counter()
    for each in quarantine.listing(lake, domain=domain_name):
        if each.kind is not quarantine.Kind.FILE:
            counted[each.kind.value, domain_name, each.table, each.reason] += each.rows
    return [(*key, number) for key, number in sorted(counted.items())]


def _next(settings: Settings, into: Path | None) -> list[str]:
    exports = (
        [
            f"export LAKEHOUSE_ROOT={settings.root}",
            f"export LAKEHOUSE_LANDING={settings.landing}",
            f"export DAGSTER_HOME={settings.home}",
        ]
        if into
        else []
    )
    called = Path(sys.argv[0])
    if shutil.which("lakehouse") == str(called):
        program = "lakehouse"
    else:
        inside = called.is_relative_to(Path.cwd())
        program = str(called.relative_to(Path.cwd()) if inside else called)
    return [
        *exports,
        f"{program} up                    # DagsterUI: the graph, this run, backfills",
        f'{program} sql "from gold.mrhealth_agg_daily_sales limit 5"',
        f"{program} reconcile          # the balance of every delivery",
        f"{program} quarantine list       # what was rejected, and why",
        f"{program} status",
    ]


def _block(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        _say(f"\n{title}", bold=True)
        for line in aligned(columns, rows, grouped=True):
            _say(f"  {line.rstrip()}")


def _say(text: str, *, bold: bool = False) -> None:
    click.secho(text, bold=bold)

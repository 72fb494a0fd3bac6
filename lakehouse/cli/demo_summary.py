"""Print what the demo did: outcomes of files and rows, answers of the domains, next commands."""

import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli import ops_tables
from lakehouse.cli.generate import generator_of
from lakehouse.cli.options import plural
from lakehouse.cli.output import aligned
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.orchestration.local_runs import RunResult
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.domain_spec import DomainSpec

ANSWER_ROWS = 5
"""Rows shown of each answer."""
LAYERS = ("raw + bronze", "silver", "gold", "ops")


@dataclass(kw_only=True)
class DemoResult:
    """What the demo did.

    Attributes:
        domains: domains with deliveries.
        files: landed path → SHA-256.
        generating: seconds for generating and landing.
        running: seconds for all runs.
        runs: the runs, failed ones included.
    """

    domains: "list[DomainSpec]"
    files: dict[str, str] = field(default_factory=dict)
    generating: float = 0.0
    running: float = 0.0
    runs: "list[RunResult]" = field(default_factory=list)


def print_summary(result: DemoResult, settings: Settings, *, show_environment: bool) -> None:
    """Print the summary; with the variables to set when the folders are not the default ones."""
    from lakehouse.platform.storage.lake import Lake

    lake = Lake(settings.root, settings.file_mb)
    names = [domain.name for domain in result.domains]
    deliveries = {name: ops_tables.deliveries(lake, name) for name in names}
    _print_files(deliveries)
    _print_rows(lake, names)
    for domain in result.domains:
        for title, sql in getattr(generator_of(domain.name), "HIGHLIGHTS", {}).items():
            _print_block(title, *_answer(lake, settings, sql))
    _print_block("Seconds", ("layer", "seconds"), _seconds(result))
    rate = len(result.files) / result.running if result.running else 0.0
    _print(
        f"{len(result.files):,} files in {result.running:.1f} s: {rate:,.0f} files/s,"
        " including start-up"
    )
    _print_rejections(lake, deliveries)
    _print_headlines(result.domains, lake, settings)
    _print("\nWhat to try next", bold=True)
    for line in _next_commands(result.domains, settings, show_environment=show_environment):
        _print(f"  {line}")


def _print_files(deliveries: dict[str, list[dict[str, Any]]]) -> None:
    statuses = Counter((name, row["status"]) for name, rows in deliveries.items() for row in rows)
    _print_block(
        "Files by status",
        ("domain", "status", "files"),
        [(*key, number) for key, number in sorted(statuses.items())],
    )


def _print_rows(lake: "Lake", names: Sequence[str]) -> None:
    """Print the reconciliation by table, and how many deliveries balance."""
    balances = {name: ops_tables.balances(lake, name) for name in names}
    _print_block(
        "Lines and rows by outcome",
        ops_tables.TOTALS,
        [
            total
            for name, rows in balances.items()
            for total in ops_tables.totals({"domain": name, **row} for row in rows)
        ],
    )
    states = Counter(row["balance"] == "balanced" for rows in balances.values() for row in rows)
    failed = f", {states[False]:,} DO NOT" if states[False] else ""
    _print(f"{plural(states[True], 'delivery', 'deliveries')} balance to zero{failed}")


def _print_rejections(lake: "Lake", deliveries: dict[str, list[dict[str, Any]]]) -> None:
    from lakehouse.platform.quarantine.listing import RejectionKind, count_rejections
    from lakehouse.platform.quarantine.selection import Selection

    counts = Counter(
        ("file", name, row["table"], row["reason"])
        for name, rows in deliveries.items()
        for row in rows
        if row["status"] in ("rejected", "held")
    )
    for name in deliveries:
        for each in count_rejections(lake, Selection(domain=name)):
            if each.kind is not RejectionKind.FILE:
                counts[each.kind.value, name, each.table, each.reason] += each.rows
    _print_block(
        "Rejected (expected: the demo data contains errors)",
        ("kind", "domain", "table", "reason", "number"),
        [
            (*key, number)
            for key, number in sorted(
                counts.items(), key=lambda each: (each[0][0] != "file", each[0][1], each[0])
            )
        ],
    )


def _print_headlines(domains: "Sequence[DomainSpec]", lake: "Lake", settings: Settings) -> None:
    """Print the headline question of each domain and the answer of its gold tables."""
    _print("\nOne answer of each domain", bold=True)
    for domain in domains:
        if domain.headline is None:
            continue
        _print(f"  {domain.title}: {domain.headline.question}")
        for line in aligned(*_answer(lake, settings, domain.headline.sql)):
            _print(f"    {line.rstrip()}")


def _answer(lake: "Lake", settings: Settings, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and the first rows of a query."""
    from lakehouse.platform.serving import sql_catalog as catalog

    with catalog.connect(lake, settings, names=catalog.names_in(sql)) as connection:
        answer = catalog.query(connection, sql)
        columns = [column[0] for column in answer.description or ()]
        return columns, answer.fetchmany(ANSWER_ROWS)


def _seconds(result: DemoResult) -> list[tuple[str, str]]:
    """Return the seconds of each layer; what runs spent outside of steps is orchestration."""
    seconds: dict[str, float] = defaultdict(float)
    for ran in result.runs:
        for layer, took in ran.seconds_by_layer.items():
            seconds[LAYERS[0] if layer == "bronze" else layer] += took
    names = [name for name in LAYERS if name in seconds]
    names += sorted(set(seconds) - set(LAYERS))
    return [
        ("generate and land", f"{result.generating:.1f}"),
        *((name, f"{seconds[name]:.1f}") for name in names),
        ("orchestration", f"{result.running - sum(seconds.values()):.1f}"),
    ]


def _next_commands(
    domains: "Sequence[DomainSpec]", settings: Settings, *, show_environment: bool
) -> list[str]:
    from lakehouse.platform.models.training import trainings_of

    program = _program()
    environment = [
        f"export LAKEHOUSE_ROOT={settings.root}",
        f"export LAKEHOUSE_LANDING={settings.landing}",
        f"export DAGSTER_HOME={settings.home}",
    ]
    trained = [
        f"{program} models train {domain.name}/{name}"
        for domain in domains
        for name in list(trainings_of(domain.name))[:1]
    ]
    return [
        *(environment if show_environment else ()),
        f"{program} up                # the Dagster UI: tables, runs, backfills",
        f'{program} sql "from {_example_table(domains)} limit 5"',
        f"{program} reconcile         # every input line against its outcome",
        f"{program} quarantine list   # rejected rows, lines and files with their reason",
        f"{program} status            # files received, rejected, waiting or overdue",
        *trained,
    ]


def _example_table(domains: "Sequence[DomainSpec]") -> str:
    """Return a table that a headline reads, else the deliveries."""
    from lakehouse.platform.serving.sql_catalog import names_in

    for domain in domains:
        if domain.headline is not None and (names := names_in(domain.headline.sql)):
            return min(names)
    return "ops.deliveries"


def _program() -> str:
    """Return how the user called `lakehouse`, so that the commands can be copied."""
    called = Path(sys.argv[0])
    if shutil.which("lakehouse") == str(called):
        return "lakehouse"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)


def _print_block(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        _print(f"\n{title}", bold=True)
        for line in aligned(columns, rows, grouped=True):
            _print(f"  {line.rstrip()}")


def _print(text: str, *, bold: bool = False) -> None:
    click.secho(text, bold=bold)

"""`lakehouse demo`: generate deliveries of all domains and run them from raw to gold."""

import datetime as dt
import hashlib
import time
from pathlib import Path
from typing import Any

import click

from lakehouse.cli.demo_folders import DemoFolders, demo_settings
from lakehouse.cli.demo_summary import DemoResult, print_summary
from lakehouse.cli.generate import DAYS, SEED, UNITS, files_of, generator_of, plan_of
from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import Day, domain_option, domains_of, plural
from lakehouse.settings import Settings


@click.command()
@domain_option
@click.option(
    "--units",
    default=UNITS,
    show_default=True,
    help="Number of units, for domains with units.",
)
@click.option(
    "--days",
    default=DAYS,
    show_default=True,
    help="Number of delivery days, for domains with units.",
)
@click.option("--first", type=Day(), help="First delivery day; default: so that yesterday is last.")
@click.option("--seed", default=SEED, show_default=True, help="Seed; equal seeds give equal files.")
@click.option("--keep", is_flag=True, help="Add to the previous demo instead of replacing it.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Work in this folder instead of those of the settings.",
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
    """Run generated deliveries of every domain from raw to gold.

    Prints the outcome of every file and row, one answer of each domain, and the commands to try
    next. The deliveries contain planted errors. Domains without units have a small share of their
    real size.

    The demo uses the lake, landing zone and Dagster home of the settings, so that `lakehouse up`
    shows its result. It replaces the previous demo, and stops if the folders hold other data.

    Examples:
      lakehouse demo
      lakehouse demo --units 5 --days 3 --first 2026-01-05 --into data/try
    """
    from lakehouse.cli.runs import ingest_all
    from lakehouse.platform.local_runtime.fork_server import start_fork_server

    settings = demo_settings(into)
    folders = DemoFolders.of(settings)
    folders.require_own()
    if not keep:
        folders.clear()
    settings.home.mkdir(parents=True, exist_ok=True)  # keeps what the runs find out about the code
    if domain_name is None:
        start_fork_server()  # which loads its libraries while files are generated
    domains = domains_of(domain_name)
    result = DemoResult(domains=[domain.spec for domain in domains])
    started = time.monotonic()
    for domain in domains:
        generator = generator_of(domain.name)
        if hasattr(generator, "demo"):
            plan = generator.demo(seed)
        else:
            options = {"units": units, "days": days, "first": first, "seed": seed}
            plan = plan_of(domain.name, **options, **getattr(generator, "DEMO", {}))
        result.files |= _land(generator, plan, settings, folders)
    result.generating = time.monotonic() - started
    inform(
        f"{plural(len(result.files), 'file')} of {plural(len(domains), 'domain')} landed in"
        f" {settings.landing} ({result.generating:.1f} s)"
    )
    started = time.monotonic()
    result.runs = ingest_all(domains, settings)
    result.running = time.monotonic() - started
    print_summary(result, settings, show_environment=into is not None)
    failed = [ran for ran in result.runs if not ran.succeeded]
    if failed:
        raise CommandError(failed[0].problem or "a run failed", "lakehouse up shows the failed run")


def _land(generator: Any, plan: Any, settings: Settings, folders: DemoFolders) -> dict[str, str]:
    """Generate the files of a plan, mark them as the demo's, land them; return path → SHA-256."""
    from lakehouse.cli.land import put
    from lakehouse.cli.progress import counted
    from lakehouse.platform.storage.object_store import ObjectStore

    files = list(counted("files generated", files_of(generator, plan)))
    digests = {file.path: hashlib.sha256(file.data).hexdigest() for file in files}
    folders.mark(digests)
    store = ObjectStore.at(settings.landing)
    for file in counted("files landed", files, len(files)):
        put(store, file.path, file.data, file.modified_at)
    return digests

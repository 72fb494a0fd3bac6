"""`lakehouse extract`: changes of a legacy database into the landing zone."""

import logging
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import DomainName, plural
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.connectors.postgres.declaration import Extraction


@click.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.option("--incremental", "mode", flag_value="incremental", help="Compare with a watermark.")
@click.option("--cdc", "mode", flag_value="cdc", help="Follow the database's log by a slot.")
@click.option("--anew", is_flag=True, help="Compare every row; with --cdc from another slot on.")
@click.option("--accept-deletes", is_flag=True, help="Believe it when most rows are gone.")
@click.option("--status", "status_only", is_flag=True, help="Only show how things stand.")
@click.option("--drop-slot", is_flag=True, help="Give up the slot of --cdc.")
@format_option
def extract(
    domain_name: str,
    mode: str | None,
    anew: bool,
    accept_deletes: bool,
    status_only: bool,
    drop_slot: bool,
    form: str,
) -> None:
    """Land what changed in the legacy database of SPEC since the last time.

    One CSV file with inserts, updates and deletes goes to the landing zone, whole; `lakehouse
    ingest` takes it in. Without --incremental or --cdc the setting LAKEHOUSE_<SPEC>_EXTRACTION
    says how. Killed at any step, the next call goes on where it ended. The slot of --cdc is
    confirmed by the call after the lake has committed the files. A slot that is further behind than
    LAKEHOUSE_CDC_LAG_MB gives exit code 1.

    Examples:
      lakehouse extract sales --incremental
      lakehouse extract sales --cdc
      lakehouse extract sales --status
    """
    from lakehouse.platform.connectors.postgres import extract as extracting

    settings, extraction = Settings.from_env(), _extraction(domain_name)
    if drop_slot:
        there = extracting.drop_slot(extraction, settings)
        inform("the slot is given up" if there else "there is no slot")
        return
    if status_only:
        _show(extraction, settings, form)
        return
    done = extracting.extract(
        extraction,
        settings,
        mode=mode or extraction.mode(settings),
        anew=anew,
        accept_deletes=accept_deletes,
        said=inform,
    )
    rows = [(file.path, file.rows, file.size) for file in done.files]
    if rows:
        print_rows(("file", "changes", "bytes"), rows, form)
        told = (f"{count:,} {operation}" for operation, count in sorted(done.operations.items()))
        inform(f"{plural(len(rows), 'file')} landed: {', '.join(told) or 'begun earlier'}")
        inform(f"  -> lakehouse ingest --domain {domain_name}")
    else:
        inform("nothing changed since the last extraction")
    _require_fine(extraction, settings, done.problem)


def _show(extraction: "Extraction", settings: Settings, form: str) -> None:
    from lakehouse.platform.connectors.postgres.extract import standing

    found = standing(extraction, settings)
    facts = {
        "files": found.files,
        "horizon": found.horizon,
        "waiting for ingest": found.waiting,
        "slot": found.slot,
        "confirmed": found.confirmed,
        "bytes behind": found.behind,
        "bytes of log kept": found.kept,
        "problem": found.problem,
    }
    print_rows(("what", "value"), list(facts.items()), form)
    _require_fine(extraction, settings, found.problem)


def _require_fine(extraction: "Extraction", settings: Settings, problem: str | None) -> None:
    """Tell people and end with exit code 1 when the slot needs a look."""
    from lakehouse.platform.connectors.postgres.extract import alert

    if problem is not None:
        alert(extraction, problem, settings, logging.getLogger("lakehouse.extraction"))
        raise CommandError(problem)


def _extraction(domain_name: str) -> "Extraction":
    from lakehouse.platform.connectors.postgres.declaration import extraction_of

    found = extraction_of(domain_name)
    if found is None:
        raise CommandError(
            f"{domain_name} has no legacy database", "land its files: lakehouse land --help"
        )
    return found

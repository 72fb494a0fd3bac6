"""`lakehouse extract`: write the changes of a legacy database to the landing zone."""

import logging
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform, next_step
from lakehouse.cli.options import Renamed, domain_argument, plural
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.connectors.postgres.declaration import Extraction


@click.command()
@domain_argument
@click.option(
    "--incremental", "mode", flag_value="incremental", help="Read rows newer than the watermark."
)
@click.option(
    "--cdc", "mode", flag_value="cdc", help="Read the change log through a replication slot."
)
@click.option(
    "--from-scratch",
    "--anew",
    "from_scratch",
    cls=Renamed,
    is_flag=True,
    help="Compare every row with the lake; with --cdc create a new slot, too.",
)
@click.option(
    "--accept-deletes", is_flag=True, help="Accept that most rows of the table were deleted."
)
@click.option("--status", "status_only", is_flag=True, help="Only show the state.")
@click.option("--drop-slot", is_flag=True, help="Drop the replication slot of --cdc.")
@format_option
def extract(
    domain_name: str,
    mode: str | None,
    from_scratch: bool,
    accept_deletes: bool,
    status_only: bool,
    drop_slot: bool,
    form: str,
) -> None:
    """Write changes of the legacy database to the landing zone.

    The inserts, updates and deletes in the database of DOMAIN since the last extraction become one
    CSV file, which `lakehouse ingest` loads. The setting LAKEHOUSE_<DOMAIN>_EXTRACTION selects the
    mode when neither --incremental nor --cdc is given. A call that was killed is finished by the
    next one.

    With --cdc the slot is confirmed by the first call after the lake has committed the files. Exit
    code 1 if the slot is further behind than LAKEHOUSE_CDC_LAG_MB.

    Examples:
      lakehouse extract sales --incremental
      lakehouse extract sales --cdc
      lakehouse extract sales --status
    """
    from lakehouse.platform.connectors.postgres import extract as extracting

    settings, extraction = Settings.from_env(), _extraction_of(domain_name)
    if drop_slot:
        dropped = extracting.drop_slot(extraction, settings)
        inform("the slot was dropped" if dropped else "there is no slot")
        return
    if status_only:
        _print_state(extraction, settings, form)
        return
    done = extracting.extract(
        extraction,
        settings,
        mode=mode or extraction.mode(settings),
        from_scratch=from_scratch,
        accept_deletes=accept_deletes,
        inform=inform,
    )
    rows = [(file.path, file.rows, file.size) for file in done.files]
    if rows:
        print_rows(("file", "changes", "bytes"), rows, form)
        counts = [f"{count:,} {operation}" for operation, count in sorted(done.operations.items())]
        summary = ", ".join(counts) or "completed an earlier extraction"
        inform(f"{plural(len(rows), 'file')} landed: {summary}")
        next_step(f"lakehouse ingest --domain {domain_name}")
    else:
        inform("nothing changed since the last extraction")
    _require_no_problem(extraction, settings, done.problem)


def _print_state(extraction: "Extraction", settings: Settings, form: str) -> None:
    from lakehouse.platform.connectors.postgres.extract import extraction_status

    state = extraction_status(extraction, settings)
    facts = {
        "files": state.files,
        "horizon": state.horizon,
        "waiting for ingest": state.waiting,
        "slot": state.slot,
        "confirmed": state.confirmed,
        "bytes behind": state.behind,
        "bytes of log kept": state.retained,
        "problem": state.problem,
    }
    print_rows(("what", "value"), list(facts.items()), form)
    _require_no_problem(extraction, settings, state.problem)


def _require_no_problem(extraction: "Extraction", settings: Settings, problem: str | None) -> None:
    """Send an alert and fail when the state of the slot needs attention."""
    from lakehouse.platform.connectors.postgres.extract import alert

    if problem is not None:
        alert(extraction, problem, settings, logging.getLogger("lakehouse.extraction"))
        raise CommandError(problem)


def _extraction_of(domain_name: str) -> "Extraction":
    from lakehouse.platform.connectors.postgres.declaration import extraction_of

    extraction = extraction_of(domain_name)
    if extraction is None:
        raise CommandError(
            f"domain {domain_name!r} declares no legacy database",
            f"land its files: lakehouse land {domain_name} PATH",
        )
    return extraction

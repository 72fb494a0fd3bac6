"""`lakehouse repair`: bring back what `status` and `reconcile` report as damaged."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from lakehouse.cli import stored_data
from lakehouse.cli.messages import CommandError, inform, warn
from lakehouse.cli.options import TableName, domain_option, domains_of, plural
from lakehouse.cli.output import print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.reconciliation.damage import Damage
    from lakehouse.platform.reconciliation.restore import Restored
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.table_id import TableId
    from lakehouse.platform.tables.registry import Domain


@click.command()
@domain_option
@click.option("--table", type=TableName(), help="Only this table.")
@click.option("--dry-run", is_flag=True, help="Only list what is damaged.")
def repair(domain_name: str | None, table: "TableId | None", dry_run: bool) -> None:
    """Bring back damaged tables, days and kept files.

    The bytes of all stored files are compared first. Kept files are restored from the landing zone,
    deliveries from older versions, bronze and the reconciliation, logs from the files of the days,
    and computed tables are built again from the tables that they read. Exit code 1 if something
    remains damaged; it is listed with a hint.

    Examples:
      lakehouse repair --dry-run
      lakehouse repair --domain mrhealth
      lakehouse repair --table gold.mrhealth_unit_day
    """
    from lakehouse.platform.storage.lake import Lake

    if table is not None and domain_name not in (None, table.domain):
        raise click.UsageError(f"--table {table.name} is outside of --domain {domain_name}")
    settings = Settings.from_env()
    lake = Lake(settings.root, settings.file_mb)
    remaining: list[Damage] = []
    for domain in domains_of(table.domain if table else domain_name):
        found = _damages(domain, lake, table)
        if found and not dry_run:
            _show(found)
            _repair(domain, lake, settings, [each for each in found if each.repairable])
            found = _damages(domain, lake, None)
        remaining += found
    if not remaining:
        inform("nothing is damaged: every stored file has the bytes that were stored")
        return
    _show(remaining)
    raise CommandError(
        f"{plural(len(remaining), 'damage')} {'found' if dry_run else 'remain'}",
        "lakehouse repair"
        if dry_run
        else "the problems above say what is missing; repair can be repeated",
    )


def _show(damages: "Collection[Damage]") -> None:
    print_rows(stored_data.DAMAGE_COLUMNS, stored_data.damage_rows(damages), "table")


def _damages(domain: "Domain", lake: "Lake", table: "TableId | None") -> "list[Damage]":
    """Return what is damaged in a domain, or in a table and those beside it."""
    from lakehouse.platform.reconciliation.damage import look_for_damage

    found = look_for_damage(domain, lake).damages
    if table is None:
        return found
    layers = ("raw", "bronze") if table.layer in ("raw", "bronze") else (table.layer,)
    return [
        each for each in found if each.table.table == table.table and each.table.layer in layers
    ]


def _repair(domain: "Domain", lake: "Lake", settings: Settings, damages: "list[Damage]") -> None:
    """Restore what runs read, then build what runs compute, and publish the result."""
    from lakehouse.cli.instances import instance_of
    from lakehouse.cli.runs import ingest_all, rebuild
    from lakehouse.platform.orchestration.exclusive_runs import wait_for_other_runs
    from lakehouse.platform.orchestration.publishing import publish_finished

    with instance_of(settings) as instance:
        wait_for_other_runs(instance, domain.name)
    restored = list(_restore(domain, lake, settings, damages))
    for each in restored:
        (inform if each.done else warn)(f"{each.table.name}: {each.text}")
    lost = {each.table for each in restored if not each.done}
    tables, days = _to_build(domain, lake, damages, lost)
    if tables and days:
        inform(f"building {plural(len(tables), 'table')} again for {plural(len(days), 'day')}")
        done = rebuild(domain, settings, _spans(days), tables)
        done += ingest_all([domain], settings)
        for ran in done:
            if not ran.succeeded:
                warn(f"{ran.first} to {ran.last}: {ran.problem or 'no cause was recorded'}")
    publish_finished(lake, domain.name)


def _restore(
    domain: "Domain", lake: "Lake", settings: Settings, damages: "list[Damage]"
) -> "Iterable[Restored]":
    """Restore kept files, logs and deliveries; yield what was done."""
    from lakehouse.platform.privacy.marks import MarkedPersons
    from lakehouse.platform.reconciliation import restore
    from lakehouse.platform.reconciliation.damage import DamageKind
    from lakehouse.platform.storage.object_store import ObjectStore

    landing = ObjectStore.at(settings.landing)
    if any(each.kind is DamageKind.PUBLICATION for each in damages):
        yield restore.restore_publications(lake, domain.name)
    for each in damages:
        if each.kind in (DamageKind.LOG, DamageKind.TABLE):
            yield restore.restore_log(lake, each)
        elif each.kind is DamageKind.CHANGED_DAY:
            yield restore.restore_changed_day(lake, each)
        elif each.table.layer == "ops" and each.kind is DamageKind.DATA_FILE and each.day:
            yield restore.forget_day(lake, each.table, each.day)
    for dataset, days in _days_of_deliveries(domain, lake, damages).items():
        yield from restore.restore_deliveries(domain, lake, landing, dataset, days)
    marked = MarkedPersons.load(lake, settings, domain.name)
    bronze = {each.id.table: each for each in domain.tables if each.layer == "bronze"}
    limit = settings.max_file_mb * 1024 * 1024
    datasets = {each.table.table for each in damages if each.kind is DamageKind.KEPT_FILE}
    for dataset in sorted(datasets & bronze.keys()):
        own = [each for each in damages if each.table.table == dataset]
        redact = marked.redaction(bronze[dataset], limit=limit)
        yield from restore.restore_kept_files(lake, landing, own, redact)


def _days_of_deliveries(
    domain: "Domain", lake: "Lake", damages: "list[Damage]"
) -> dict[str, set[dt.date]]:
    """Return, by dataset, the days whose deliveries must be written again."""
    from lakehouse.platform.reconciliation.damage import DamageKind

    datasets = {source.dataset for source in domain.sources}
    found: dict[str, set[dt.date]] = {}
    for each in damages:
        if each.table.layer != "raw" or each.table.table not in datasets:
            continue
        if each.kind is DamageKind.DATA_FILE and each.day:
            found.setdefault(each.table.table, set()).add(each.day)
        elif each.kind in (DamageKind.LOG, DamageKind.TABLE):
            days = _all_days(domain, lake, each.table)
            found.setdefault(each.table.table, set()).update(days)
    return found


def _to_build(
    domain: "Domain", lake: "Lake", damages: "list[Damage]", lost: "set[TableId]"
) -> "tuple[list[TableId], set[dt.date]]":
    """Return the tables that runs build again, and their days.

    A dataset whose kept bytes are lost is left alone: its rows in bronze are all that is left.
    """
    from lakehouse.platform.reconciliation.damage import DamageKind
    from lakehouse.platform.storage.table_id import TableId

    lost_datasets = {table.table for table in lost}
    tables: dict[TableId, None] = {}
    days: set[dt.date] = set()
    for each in damages:
        if each.kind in (DamageKind.KEPT_FILE, DamageKind.PUBLICATION):
            continue
        if each.table.layer in ("raw", "bronze") and each.table.table in lost_datasets:
            continue
        tables[TableId(each.table.layer, each.table.domain, each.table.table)] = None
        days |= {each.day} if each.day else _all_days(domain, lake, each.table)
    today = dt.datetime.now(Settings.from_env().zone).date()
    return list(tables), {day for day in days if domain.spec.since <= day <= today}


def _all_days(domain: "Domain", lake: "Lake", table: "TableId") -> set[dt.date]:
    """Return every day that a table may have: its own, and those of the tables around it."""
    from lakehouse.platform.reconciliation.damage import UNREADABLE

    days: set[dt.date] = set()
    layers = ("raw", "bronze") if table.layer in ("raw", "bronze") else ("raw", table.layer, "ops")
    for other in lake.tables(domain=domain.name):
        if other.layer in layers:
            try:
                days |= {file.day for file in lake.table(other).snapshot().files}
            except UNREADABLE:
                continue
    return days


def _spans(days: Collection[dt.date]) -> Sequence[tuple[dt.date, dt.date]]:
    """Join days that follow each other."""
    spans: list[tuple[dt.date, dt.date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][1] == dt.timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans

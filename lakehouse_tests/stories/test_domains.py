"""A second domain needs a folder and nothing else; domains do not affect each other."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

import lakehouse.definitions
import lakehouse.domains
from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.orchestration import local_runs
from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
from lakehouse.platform.tables import code_digest
from lakehouse.platform.tables.domains import domain_names
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.stories.conftest import BOTH_RUNTIMES, Make
from lakehouse_tests.stories.fork_server import DOMAINS, fork_server
from lakehouse_tests.stories.world import MON, TUE, WED, World, night, reference

GATE_DAY = dg.AssetKey(["gold", "tolls", "gate_day"])


def passages(day: dt.date, *fees: str) -> dict[str, str]:
    """Return the file that a toll gate delivers for a day."""
    lines = ["gate,number,passed_on,fee"]
    lines += [f"1,{number},{day},{fee}" for number, fee in enumerate(fees, start=1)]
    return {f"tolls/{day}/unit_1/passages.csv": "\n".join(lines) + "\n"}


@pytest.fixture
def tolls(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add the domain ``tolls`` of the tests to those of the package."""
    paths = [*lakehouse.domains.__path__, DOMAINS]
    monkeypatch.setattr(lakehouse.domains, "__path__", paths)
    monkeypatch.setattr(code_digest, "_digests", [])
    domain_names.cache_clear()
    assert {"mrhealth", "tolls"} <= set(domain_names())
    merged = dg.Definitions.merge(
        shared_definitions(), definitions_of(load_domain("tolls"), Settings())
    )
    monkeypatch.setattr(lakehouse.definitions, "defs", merged)
    yield
    domain_names.cache_clear()


def test_a_day_that_breaks_its_contract_is_not_stored_and_the_other_days_are(
    tolls: None, make_world: Make
):
    world = make_world(domain="tolls")
    for day, fee in ((MON, "10.00"), (TUE, "1000.01"), (WED, "30.00")):
        world.land_all(passages(day, fee))
    runs = local_runs.ingest(world.domain, world.settings, world.instance)
    first = next(runs)
    assert (first.first, first.last, first.succeeded) == (MON, WED, False)
    expected = (
        f"1 of 3 days break the contract and are not stored; the other days are stored. {TUE}"
    )
    assert expected in (first.problem or "")
    assert fees(world) == [(MON, 1, "10.00"), (WED, 1, "30.00")]
    assert world.instance.get_materialized_partitions(GATE_DAY) == {str(MON), str(WED)}
    assert failed_days(world) == {str(TUE)}
    for record in world.instance.get_run_records():
        origin = record.dagster_run.remote_job_origin
        assert origin is not None
        assert origin.location_name == "lakehouse", "the timeline groups runs by code location"

    others = list(runs)
    assert {(run.first, run.last) for run in others if run.succeeded} == {(MON, MON), (WED, WED)}
    tuesdays = [run for run in others if (run.first, run.last) == (TUE, TUE)]
    assert len(tuesdays) == world.settings.attempts
    assert not any(run.succeeded for run in tuesdays)
    assert world.rows("ops.tolls_reconciliation", "day", "balance") == [
        (MON, "balanced"),
        (WED, "balanced"),
    ]
    (again,) = world.ingest(fails=True)  # whoever repeats the command wants it to be tried
    assert (again.first, again.last) == (TUE, TUE)

    world.land_all(passages(TUE, "20.00"))
    world.ingest()
    assert fees(world) == [(MON, 1, "10.00"), (TUE, 1, "20.00"), (WED, 1, "30.00")]
    assert world.balance() == {"balanced": 4}


def fees(world: World) -> list[tuple[dt.date, int, str]]:
    rows = world.rows("gold.tolls_gate_day", "day", "gate", "fees")
    return [(day, gate, str(fee)) for day, gate, fee in rows]


def failed_days(world: World) -> set[str]:
    """Return the days on which a contract check of the newest run failed."""
    (record,) = world.instance.get_run_records(limit=1)
    checks = [
        entry.dagster_event.asset_check_evaluation_data
        for entry in world.instance.all_logs(
            record.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        )
        if entry.dagster_event
    ]
    failed = [check for check in checks if check.check_name == "contract" and not check.passed]
    return {str(check.partition) for check in failed}


def ingest(home: str, domain: str) -> None:
    """Run what is due for a domain; called in a process of its own."""
    with prepare_instance(Path(home)) as instance:
        for result in local_runs.ingest(load_domain(domain), Settings.from_env(), instance):
            assert result.succeeded, result.problem


@BOTH_RUNTIMES
def test_two_domains_are_ingested_at_the_same_time(
    make_world: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    world = make_world(str(tmp_path / "world"))
    for day in (MON, TUE):
        world.land_all(passages(day, "10.00", "5.00") | night(day, 1, "7.00"))
    world.land_all({f"mrhealth/{MON}/reference/{n}": content for n, content in reference().items()})
    prepare_instance(tmp_path / "home").dispose()
    with fork_server() as processes:
        started = [
            processes.start(ingest, str(tmp_path / "home"), domain)
            for domain in ("mrhealth", "tolls")
        ]
        assert [processes.wait(pid) for pid in started] == [0, 0]
    assert fees(world) == [(MON, 1, "15.00"), (TUE, 1, "15.00")]
    assert world.revenue() == {(MON, 1): "7.00", (TUE, 1): "7.00"}
    assert world.balance() == {"balanced": 8}
    assert set(world.rows("ops.tolls_reconciliation", "balance")) == {"balanced"}
    with prepare_instance(tmp_path / "home") as instance:
        assert all(run.is_success for run in instance.get_runs())
        assert instance.get_materialized_partitions(GATE_DAY) == {str(MON), str(TUE)}

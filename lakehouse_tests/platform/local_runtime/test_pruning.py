"""Pruning deletes records of runs; materialized days stay materialized."""

import datetime as dt

import dagster as dg

from lakehouse.platform.local_runtime.pruning import prune_runs
from lakehouse_tests.platform.local_runtime.days import (
    DAYS,
    KEY,
    broken_table,
    days_table,
    run_over,
)


def test_the_days_of_a_pruned_run_stay_materialized(instance: dg.DagsterInstance):
    first, second = run_over(instance, days_table), run_over(instance, days_table)
    failed = run_over(instance, broken_table)
    old = dt.timedelta(days=-1)
    expected = [first.run_id, second.run_id, failed.run_id]
    assert prune_runs(instance, dt.timedelta(days=1)) == []
    assert prune_runs(instance, old, dry_run=True) == expected
    assert len(instance.get_runs()) == 3
    assert prune_runs(instance, old) == expected
    assert instance.get_runs() == []
    assert instance.get_materialized_partitions(KEY) == set(DAYS)
    left = instance.fetch_materializations(KEY, limit=10).records
    assert sorted(str(record.partition_key) for record in left) == DAYS
    assert {record.run_id for record in left} == {second.run_id}

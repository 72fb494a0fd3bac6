"""Definitions of tables are the same in every process."""

import os
import subprocess
import sys

import pytest

from lakehouse.platform.tables.code_facts import SHARED

PROGRAM = """
import json
from lakehouse.platform.engines.session import typed_sql
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.transform.definition import definition_of, has_definition

for name in ("mrhealth", "bikes"):
    for table in load_domain(name).tables:
        if has_definition(table):
            print(table.id.name, definition_of(table).version)
        if table.transform is not None and table.layer == "silver":
            print(typed_sql(table.expression, "pyspark"))
"""


@pytest.mark.slow
def test_a_definition_does_not_depend_on_the_order_of_sets():
    shown = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, SHARED: "", "DAGSTER_HOME": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert "silver.mrhealth_orders c" in shown[0]
    assert shown[0] == shown[1]

"""Which runtime is used with which release of Dagster."""

import re
from pathlib import Path

import pytest

from lakehouse.platform.local_runtime.runtime import (
    Runtime,
    installed_release,
    is_tested,
    usable_runtime,
)

PINS = Path(__file__).parents[3] / "requirements" / "run.txt"


def test_the_local_runtime_is_tested_with_the_pinned_release():
    (pinned,) = re.findall(r"^dagster==(\S+)", PINS.read_text(), re.MULTILINE)
    assert is_tested(pinned)
    assert installed_release() == pinned


@pytest.mark.parametrize(
    ("wanted", "release", "used"),
    [
        ("local", "1.13.0", Runtime.LOCAL),
        ("local", "1.14.0", Runtime.STOCK),
        ("local", "1.12.9", Runtime.STOCK),
        ("stock", "1.13.27", Runtime.STOCK),
        ("stock", "2.0.0", Runtime.STOCK),
    ],
)
def test_the_local_runtime_needs_a_tested_release(wanted, release, used):
    assert usable_runtime(wanted, release) is used

"""Every reason code and every check has words for a manager, and no others have."""

import re
from pathlib import Path

from lakehouse.dashboard.reasons import CHECKS, REASONS, in_words
from lakehouse.platform.tables.registry import load_domains

DOCS = Path(__file__).parents[2] / "docs" / "reasons.md"


def test_every_documented_reason_has_words():
    codes = set(re.findall(r"^\| `([a-z_]+)` \|", DOCS.read_text("utf-8"), re.MULTILINE))
    assert set(REASONS) == codes | {"no_delivery"}


def test_every_check_of_a_domain_has_words():
    named = {check.name for domain in load_domains() for check in domain.checks}
    assert named - set(CHECKS) == set()
    assert not set(CHECKS) & set(REASONS), "one name has one meaning"


def test_an_unknown_code_is_shown_as_it_is():
    assert in_words("another", "pt") == "another"

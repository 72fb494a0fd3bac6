"""docs/reasons.md explains every reason code and no other."""

import ast
import re
from pathlib import Path

from lakehouse.platform.ingestion.csv.errors import FileReason, LineReason
from lakehouse.platform.ingestion.path_problems import NOT_RECORDED, UnrecognizedReason
from lakehouse.platform.transform.failing_rows import COMPUTATION_FAILED

DOCS = Path(__file__).parents[2] / "docs" / "reasons.md"


def documented(section: str) -> list[str]:
    """Return the codes of one section of docs/reasons.md."""
    text = DOCS.read_text(encoding="utf-8")
    part = text.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([a-z_]+)` \|", part, re.MULTILINE)


def codes_of_rows() -> set[str]:
    """Return the codes with which a table of any domain can reject a row."""
    from lakehouse.platform.tables.registry import load_domains

    found = {"duplicate_key", COMPUTATION_FAILED}
    for each in load_domains():
        for table in each.tables:
            if not table.validates_rows:
                continue
            found |= {rule.code for rule in table.contract.rules}
            module = Path(__file__).parents[2] / "lakehouse/domains" / table.id.domain
            for place in (module / f"silver/{table.id.table}.py", module / "rules.py"):
                for node in ast.walk(ast.parse(place.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "rejected":
                        found |= {keyword.arg or "" for keyword in node.keywords}
    return found


def test_every_reason_code_is_documented_and_no_other() -> None:
    files = {reason.value for reason in FileReason} | {"symlink", "not_erasable", "unreadable"}
    assert sorted(documented("Files")) == sorted(files)
    repeated = {"same_content", "newer_version"}
    assert sorted(documented("Files that repeat or were replaced")) == sorted(repeated)
    unrecognized_files = {reason.value for reason in UnrecognizedReason} - {
        reason.value for reason in NOT_RECORDED
    }
    assert sorted(documented("Unrecognized files")) == sorted(unrecognized_files)
    assert sorted(documented("Lines")) == sorted(reason.value for reason in LineReason)
    assert sorted(documented("Rows")) == sorted(codes_of_rows())


def test_every_documented_reason_has_a_meaning_an_example_an_outcome_and_a_hint() -> None:
    rows = [
        line
        for line in DOCS.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| `[a-z_]+` \|", line)
    ]
    assert rows
    assert all(len([c for c in row.split(" | ") if c.strip(" |")]) == 5 for row in rows)

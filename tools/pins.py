"""Check that requirements/*.txt pin, with hashes, everything that pyproject.toml requires."""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^(?P<name>[\w.-]+)(?:\[[^]]*\])?==(?P<version>[^\s;]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, set[str]]:
    """Return the pinned versions of each package; markers may give more than one."""
    found: dict[str, set[str]] = {}
    for pin in PIN.finditer(lock):
        found.setdefault(canonicalize_name(pin["name"]), set()).add(pin["version"])
    return found


def unmet(wanted: list[str], lock: str) -> list[str]:
    """Return the faults of a list of pins, one sentence each."""
    pinned = pins(lock)
    wrong = []
    for text in wanted:
        requirement = Requirement(text)
        versions = pinned.get(canonicalize_name(requirement.name), set())
        if not any(requirement.specifier.contains(version) for version in versions):
            wrong.append(
                f"{text} is required, but pinned is {', '.join(sorted(versions)) or 'nothing'}"
            )
    wrong += [
        f"{block.splitlines()[0]} has no hash"
        for block in re.split(r"\n(?=\S)", lock)
        if PIN.match(block) and "--hash=sha256:" not in block
    ]
    if re.search(r"^\s*(--(extra-)?index-url|--find-links|-i |-f )|://", lock, re.MULTILINE):
        wrong.append("names a package index or a host; remove it, everyone has their own")
    return wrong


def main() -> int:
    """Print every fault with the name of its list."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    extras = [
        text
        for texts in project["optional-dependencies"].values()
        for text in texts
        if Requirement(text).name != project["name"]
    ]
    asked = {"run": project["dependencies"], "dev": [*project["dependencies"], *extras]}
    wrong = [
        f"requirements/{name}.txt: {sentence}"
        for name, wanted in asked.items()
        for sentence in unmet(wanted, Path(f"requirements/{name}.txt").read_text("utf-8"))
    ]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Run every check of `make check`, two steps at a time.

python -m tools.check              all steps
python -m tools.check types docs   some of them
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Step:
    """Define one check: the module to run, and a hint for when it fails."""

    name: str
    command: tuple[str, ...]
    hint: str


@dataclass(frozen=True, slots=True)
class Result:
    """Hold the output of a step and its duration in seconds."""

    step: Step
    passed: bool
    output: str
    seconds: float


# The slowest first: the others run beside them.
STEPS = (
    Step("types", ("mypy",), "fix the types; configuration: [tool.mypy] in pyproject.toml"),
    Step("docs", ("tools.docs",), "fix the example, the command or the link"),
    Step("site", ("mkdocs", "build", "--quiet"), "list the page in mkdocs.yml, or fix the link"),
    Step("reference", ("tools.reference", "check"), "make docs, and commit what it wrote"),
    Step(
        "duplicates",
        ("pylint", "lakehouse", "lakehouse_tests", "bench", "tools"),
        "move the shared code into one function",
    ),
    Step("secrets", ("tools.secrets",), "take the secret out, and revoke it if it was ever pushed"),
    Step("dead code", ("tools.dead_code",), "delete it; called by name only: [tool.vulture]"),
    Step(
        "layout",
        ("tools.layout",),
        "move it to where it belongs: [tool.importlinter], tools/layout.py",
    ),
    Step("language", ("tools.language",), "rewrite the sentence in plain words"),
    Step("pins", ("tools.pins",), "make lock, and commit requirements/"),
    Step("format", ("ruff", "format", "--check", "--diff", "--quiet", "."), "make format"),
    Step("lint", ("ruff", "check", "--output-format", "concise", "."), "make format, then by hand"),
)


def run(step: Step) -> Result:
    """Run one step in a separate process."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", *step.command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "", "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Result(step, done.returncode == 0, done.stdout, time.monotonic() - began)


def selected(names: list[str]) -> list[Step]:
    """Return the steps of these names, or all; a step whose module is missing is left out."""
    known = {step.name.replace(" ", "-"): step for step in STEPS}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no such step: {', '.join(unknown)}; there are {', '.join(known)}")
    wanted = [known[name] for name in names] or list(STEPS)
    return [step for step in wanted if find_spec(step.command[0])]


def main() -> int:
    """Print one line per step, and the complete output of those that failed."""
    parser = argparse.ArgumentParser(description="Check the tree as CI does.")
    parser.add_argument("steps", nargs="*", help="steps to run; all when none is named")
    steps = selected(parser.parse_args().steps)
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for result in pool.map(run, steps):
            failed += not result.passed
            state = "ok" if result.passed else "FAILED"
            print(f"{result.step.name:<16} {state:<7} {result.seconds:5.1f} s", flush=True)
            if not result.passed:
                print(f"{result.output.rstrip()}\n  hint: {result.step.hint}\n", flush=True)
    print(f"{failed} of {len(steps)} checks failed" if failed else f"{len(steps)} checks passed")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())

"""Code that nothing in the product uses; a use in a test does not count.

Variables and attributes are left alone: a contract's columns are read by Pandera, not by name.
"""

import sys
import tomllib
from pathlib import Path

from vulture import Vulture

UNJUDGED = {"attribute", "variable"}


def main() -> int:
    """Print what is unused, a line each."""
    config = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["vulture"]
    vulture = Vulture(
        ignore_names=config["ignore_names"], ignore_decorators=config["ignore_decorators"]
    )
    vulture.scavenge([path for path in config["paths"] if Path(path).exists()])
    unused = [
        item
        for item in vulture.get_unused_code(min_confidence=config["min_confidence"])
        if item.typ not in UNJUDGED
    ]
    for item in unused:
        print(item.get_report())
    return 1 if unused else 0


if __name__ == "__main__":
    sys.exit(main())

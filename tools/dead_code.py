"""Find code that the product does not use; a use in a test does not count.

Not reported: variables and attributes (Pandera reads a contract's columns), methods that override
one of a base class (the base class calls them), and classes named in Dagster's YAML.
"""

import ast
import importlib
import re
import sys
import tomllib
from pathlib import Path

from vulture import Vulture
from vulture.core import Item

NOT_CHECKED = {"attribute", "variable"}


def overrides(item: Item) -> bool:
    """Return whether a method or property overrides one of a base class."""
    if item.typ not in {"method", "property"}:
        return False
    path = Path(item.filename)
    owner = next(
        node.name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and node.lineno <= item.first_lineno <= (node.end_lineno or node.lineno)
    )
    inside = path.relative_to(Path.cwd()) if path.is_absolute() else path
    module = importlib.import_module(".".join(inside.with_suffix("").parts))
    bases = getattr(module, owner).__mro__[1:]
    return any(item.name in vars(base) for base in bases)


def configured() -> set[str]:
    """Return the classes that a YAML file of the repository names."""
    pages = [*Path().glob("*.yaml"), *Path().glob("deploy/*.yaml")]
    return {
        name for page in pages for name in re.findall(r"class: *(\w+)", page.read_text("utf-8"))
    }


def main() -> int:
    """Print one line for each unused definition."""
    config = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["vulture"]
    vulture = Vulture(
        ignore_names=[*config["ignore_names"], *configured()],
        ignore_decorators=config["ignore_decorators"],
    )
    vulture.scavenge([path for path in config["paths"] if Path(path).exists()])
    unused = [
        item
        for item in vulture.get_unused_code(min_confidence=config["min_confidence"])
        if item.typ not in NOT_CHECKED and not overrides(item)
    ]
    for item in unused:
        print(item.get_report())
    return 1 if unused else 0


if __name__ == "__main__":
    sys.exit(main())

"""Check the pages: examples run, commands exist, links work.

- ``>>>`` examples in ``python`` blocks give the result they show; other ``python`` blocks parse,
  and the names they import from the lakehouse exist or are defined on the page itself, or on a page
  that it links to.
- ``lakehouse …`` and ``make …`` in ``sh`` and ``console`` blocks name real commands, options and
  arguments.
- Relative links point to existing files and headings.
"""

import ast
import doctest
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
NAMED = re.compile(r"# (\S+\.py)\n")
DOMAINS = "lakehouse.domains."
COMMAND_ENDS = {"|", ">", ">>", "<", "&&", ";", "||", "#", "2>&1", "&"}


@dataclass(frozen=True, slots=True)
class Block:
    """Represent a fenced block of a page, and the line on which its text begins."""

    page: Path
    line: int
    language: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order."""
    text = page.read_text("utf-8")
    for fence in FENCE.finditer(text):
        yield Block(page, text.count("\n", 0, fence.start(3)) + 1, fence[2], fence[3])


def modules_of(page: Path) -> set[str]:
    """Return the modules that a page defines: blocks that begin with their file name."""
    names = (NAMED.match(block.text) for block in blocks(page))
    files = (Path(found[1]) for found in names if found)
    return {".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files}


def faults_of_python(block: Block, written: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield examples that fail, and imported names that do not exist."""
    if ">>>" in block.text:
        test = doctest.DocTestParser().get_doctest(
            block.text, {}, block.page.name, str(block.page), block.line - 1
        )
        output: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=output.append)
        yield from output
        return
    try:
        tree = ast.parse(block.text)
    except SyntaxError as error:
        yield f"does not parse: {error.msg}, line {error.lineno} of the block"
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.module in written:
            continue
        if (node.module or "").startswith("lakehouse"):
            yield from missing_names(str(node.module), [alias.name for alias in node.names])


def missing_names(module: str, names: list[str]) -> Iterator[str]:
    """Yield the names that cannot be imported from a module."""
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        yield f"import of {module}: {error}"
        return
    for name in names:
        if not hasattr(found, name) and find_spec(f"{module}.{name}") is None:
            yield f"{module} has no {name}"


def faults_of_shell(block: Block, targets: set[str], cli: click.Command | None) -> Iterator[str]:
    """Yield commands that neither the Makefile nor the command line has."""
    for line in block.text.replace("\\\n", " ").splitlines():
        shown = line.strip().removeprefix("$ ")
        if block.language == "console" and not line.strip().startswith("$ "):
            continue
        words = shlex.split(shown, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        end = next((at for at, word in enumerate(words) if word in COMMAND_ENDS), len(words))
        program, arguments = (Path(words[0]).name if words else ""), words[1:end]
        if program == "make":
            asked = {word for word in arguments if "=" not in word and not word.startswith("-")}
            yield from (f"make has no target {name}" for name in sorted(asked - targets))
        elif program == "lakehouse" and cli is not None:
            yield from (f"{shown}: {fault}" for fault in faults_of_command(cli, arguments))


def faults_of_command(
    command: click.Command, arguments: list[str], parent: click.Context | None = None
) -> Iterator[str]:
    """Yield what the command line would reject, without running the command."""
    context = click.Context(command, parent=parent, info_name=command.name)
    context.allow_interspersed_args = not isinstance(command, click.Group)
    try:
        values, rest, _ = command.make_parser(context).parse_args(list(arguments))
        shows_help = command.get_help_option(context)
        if shows_help and values.get(str(shows_help.name)) is True:
            return
        for parameter in command.get_params(context):
            value = values.get(str(parameter.name))
            if parameter.value_is_missing(value):
                if parameter.required:
                    yield f"{parameter.human_readable_name} is missing"
            elif not isinstance(parameter.type, click.Path | click.File):
                parameter.type_cast_value(context, value)
    except click.UsageError as error:
        yield error.format_message()
        return
    if isinstance(command, click.Group) and rest:
        below = command.get_command(context, rest[0])
        if below is None:
            yield f"no command {rest[0]}"
        else:
            yield from faults_of_command(below, rest[1:], context)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    prose = FENCE.sub("", page.read_text("utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(prose))
    return {heading.replace(" ", "-") for heading in plain}


def faults_of_links(page: Path) -> Iterator[str]:
    """Yield the relative links of a page that do not exist."""
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = page.parent / name if name else page
        if not place.exists():
            yield f"link to {target}: no such file"
        elif anchor and place.suffix == ".md" and anchor not in anchors(place):
            yield f"link to {target}: no such heading"


def linked_pages(page: Path) -> list[Path]:
    """Return the pages that a page links to: it may go on with an example of theirs."""
    targets = LINK.findall(FENCE.sub("", page.read_text("utf-8")))
    names = (target.partition("#")[0] for target in targets)
    pages = (page.parent / name for name in names if name.endswith(".md") and ":" not in name)
    return [each for each in pages if each.exists()]


def faults(page: Path, targets: set[str], cli: click.Command | None) -> Iterator[str]:
    """Yield every fault of a page, with file and line."""
    written = frozenset(name for each in (page, *linked_pages(page)) for name in modules_of(each))
    domains = {name.split(".")[2] for name in written if name.startswith(DOMAINS)}
    unknown = [f"unknown domain {name!r}" for name in sorted(domains)]
    for block in blocks(page):
        found: Iterator[str] = iter(())
        if block.language in ("python", "py"):
            found = faults_of_python(block, written)
        elif block.language in ("sh", "bash", "console", "shell"):
            commands = faults_of_shell(block, targets, cli)
            found = (fault for fault in commands if not any(words in fault for words in unknown))
        yield from (f"{page}:{block.line}: {fault}" for fault in found)
    yield from (f"{page}: {fault}" for fault in faults_of_links(page))


def make_targets(makefile: Path) -> set[str]:
    """Return the targets that a Makefile documents."""
    return set(re.findall(r"^([a-z-]+):.*##", makefile.read_text("utf-8"), re.MULTILINE))


def command_line() -> click.Command | None:
    """Return the root command, or None if the package has no command line."""
    if find_spec("lakehouse.cli") is None:
        return None
    main: click.Command = importlib.import_module("lakehouse.cli").main
    return main


def main() -> int:
    """Print every fault of the pages of the repository."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    pages = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\n")
    targets, cli = make_targets(Path("Makefile")), command_line()
    found = [
        fault
        for page in sorted(filter(None, pages))
        if Path(page).exists()
        for fault in faults(Path(page), targets, cli)
    ]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

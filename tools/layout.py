"""Check the layout: import-linter's contracts, and rules that it cannot express.

- Packages form layers: ``[tool.importlinter]`` in pyproject.toml.
- Private modules of Dagster (``dagster._…``) are imported in ``platform/local_runtime/`` alone.
- No module of ``platform/`` contains the name of a domain, a word of its data, or Portuguese.
- No module is longer than `LONGEST` lines.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from importlinter.cli import lint_imports

PACKAGE = Path("lakehouse")
PLATFORM = PACKAGE / "platform"
PRIVATE = re.compile(r"dagster(?:_\w+)?\._")
LONGEST = 500
WORDS = re.compile(
    r"(?i)unidade|pedido|fatura|pagamento|restaurant|mr\.? health|adventureworks|\brox\b"
)
"""Words of the domains' data; the names of their folders are added to them."""
PORTUGUESE = re.compile(
    r"(?i)\b(?:não|execução|falhou|linhas|arquivos?|dados|rejeitad[oa]s?|tabelas?|camada"
    r"|nenhum|para o|foram|ocorreu|causa e)\b"
)


def private_imports(path: Path, tree: ast.AST) -> Iterator[str]:
    """Yield the private modules of Dagster that a module outside of local_runtime imports."""
    if path.is_relative_to(PLATFORM / "local_runtime"):
        return
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in filter(PRIVATE.match, names):
            line = getattr(node, "lineno", 0)
            yield f"{path}:{line}: {name} is private to Dagster; use it in platform/local_runtime/"


def words_of_domains(path: Path, text: str, domains: re.Pattern[str]) -> Iterator[str]:
    """Yield the words of domains and of Portuguese in the code, names and comments of a module."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (tokenize.NAME, tokenize.STRING, tokenize.COMMENT):
            continue
        for pattern in (domains, WORDS, PORTUGUESE):
            for found in pattern.finditer(token.string):
                line = token.start[0] + token.string.count("\n", 0, found.start())
                yield f"{path}:{line}: {found[0]!r} belongs in a domain, not in the platform"


def faults(path: Path, domains: re.Pattern[str]) -> Iterator[str]:
    """Yield every broken rule of one module, with file and line."""
    text = path.read_text("utf-8")
    if (lines := text.count("\n")) > LONGEST:
        yield f"{path}:1: {lines} lines; split it by subject, {LONGEST} is the limit"
    yield from private_imports(path, ast.parse(text))
    if path.is_relative_to(PLATFORM):
        yield from words_of_domains(path, text, domains)


def main() -> int:
    """Print every broken rule of the package."""
    names = sorted(each.parent.name for each in PACKAGE.glob("domains/*/__init__.py"))
    either = "|".join(names)
    # Some domains have the name of an ordinary word, so a name counts where it stands as a name.
    domains = re.compile(
        rf"(?<![A-Za-z])(?:{either})(?=[_/])|(?<=[_/])(?:{either})(?![a-z])"
        rf"|(?<=[\"'`])(?:{either})(?=[\"'`.])"
    )
    found = [fault for path in sorted(PACKAGE.rglob("*.py")) for fault in faults(path, domains)]
    print("\n".join(found))
    layers = lint_imports()
    return 1 if found or layers else 0


if __name__ == "__main__":
    sys.exit(main())

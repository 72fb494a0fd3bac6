"""Flag the words that the language rules of this project ban, in code, comments, docs and names.

Every sentence must be understood at first reading. The table `BANNED` holds words that made earlier
readers stop, each with what to write instead; add a word when a reader stumbles. The check covers
comments, docstrings and other string literals of Python files, the parts of identifiers, and the
prose of Markdown, YAML and Make files. It does not judge grammar: that is for reviewers.
"""

import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BANNED: dict[str, str] = {
    r"told": "notified, reported, or name the message",
    r"said": "reported, stated, or name the text",
    r"mend(?:s|ed|ing)?": "fix, correct",
    r"anew": "again, from scratch",
    r"way out": "hint",
    r"lies": "is (place), is stored",
    r"(?<!there )(?:is|are) no(?! longer\b| such\b)(?= \w)": "is not",
    r"of it": "name what it is",
    r"what \w+ is what": "say which",
    r"judg(?:e|es|ed|ing|ement|ment)": "validate, evaluate",
    r"books(?! of the month)": "ops tables, deliveries or reconciliation",
    r"strays?": "unrecognized files",
    r"doomed": "will fail",
    r"amiss": "wrong",
    r"twins?": "file with the same content",
    r"fates?": "outcome",
    r"rivals?": "conflicting rows",
    r"beaten": "superseded",
    r"as a whole|of the whole|the whole(?=[.,;:)]|$)": "the entire file, table or day",
    r"dagit": "Dagster UI",
    r"ledgers?": "deliveries",
    r"refus(?:e|es|ed|al|als|ing)": "reject, rejected, rejection",
    r"withheld": "failed days (of a table) or excluded lines (of a file)",
    r"under way": "in progress",
    r"(?:take|takes|taken|took|taking) in": "ingest",
    r"foreground": "local runs",
    r"warm": "preloaded",
    r"conservation": "reconciliation",
}
"""Banned word or phrase as a regular expression → what to write instead."""

ALLOWED = re.compile(
    r"[Cc]onnection refused|ECONNREFUSED|SMTP\w*Refused|recipients_refused"
    r"|warm(?:ed|s)? up|--warm|warm-up|the books of cards|warm start"
    r"|\"conservation\"|lakehouse conservation|ops[.]conservation|--anew"
    r"|status `refused`|\"books\"|\.books\b"
    r"|\"refused\"|``refused``|'refused'",
)
"""Texts of other programs, fixed expressions, the alias of a command, the id of a quality check,
values of older lakes."""

ONE_PATTERN = re.compile(
    "|".join(rf"(?P<w{n}>\b(?:{words})\b)" for n, words in enumerate(BANNED)), re.IGNORECASE
)
ADVICE = tuple(BANNED.values())
IN_NAMES = re.compile(
    "told|said|mend(?:s|ed)?|anew|judg(?:e|es|ed|ing|ement)|strays?|doomed|amiss|twins?|fates?"
    "|rivals?|beaten|dagit|ledgers?|refus(?:e|es|ed|al|als)|withheld|warm|foreground|lies"
)
"""Words that no part of an identifier may be."""
TEXTS = (".md", ".yaml", ".yml", ".toml", ".sh", "Makefile")
LEFT_OUT = re.compile(
    r"^(?:requirements/|LICENSE|tools/language\.py|lakehouse_tests/tools/test_language"
    r"|lakehouse/platform/tables/upgrade\.py|lakehouse_tests/platform/tables/test_upgrade\.py)"
)


@dataclass(frozen=True, slots=True)
class Flag:
    """One banned word with its place and the advice."""

    path: Path
    line: int
    word: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.word!r}: write {self.advice}"


def flags_of_text(path: Path, text: str, first_line: int = 1) -> Iterator[Flag]:
    """Yield the banned words of a text; phrases are found across line breaks."""
    blanked = ALLOWED.sub(lambda found: "_" * len(found[0]), text)
    joined = re.sub(r"\s", " ", blanked)
    for found in ONE_PATTERN.finditer(joined):
        if found[0].lower() == "books" and "cards" in str(path):
            continue  # the books of 462 variables
        number = int(str(found.lastgroup)[1:])
        line = first_line + text.count("\n", 0, found.start())
        yield Flag(path, line, found[0], ADVICE[number])


def flags_of_name(path: Path, line: int, name: str) -> Iterator[Flag]:
    """Yield the banned parts of an identifier in snake or camel case."""
    if ALLOWED.fullmatch(name):
        return
    for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name):
        if IN_NAMES.fullmatch(part.lower()):
            yield Flag(path, line, name, "another name, see the glossary")


def flags_of_python(path: Path, text: str) -> Iterator[Flag]:
    """Yield the banned words of a Python file: comments, string literals, identifiers."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        line = token.start[0]
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield from flags_of_text(path, token.string, line)
        elif token.type == tokenize.NAME:
            yield from flags_of_name(path, line, token.string)


def flags_of_file(path: Path) -> list[Flag]:
    """Return the banned words of one file, by line."""
    text = path.read_text("utf-8")
    found = flags_of_python(path, text) if path.suffix == ".py" else flags_of_text(path, text)
    return sorted(set(found), key=lambda flag: (flag.line, flag.word))


def tracked_files() -> list[Path]:
    """Return the files of the repository that people read, generated lists left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [
        Path(name)
        for name in listed
        if name.endswith((".py", *TEXTS)) and not LEFT_OUT.match(name) and Path(name).is_file()
    ]


def main() -> int:
    """Print every banned word of the files named on the command line, else of all files."""
    paths = [Path(name) for name in sys.argv[1:]] or tracked_files()
    flags = [flag for path in paths for flag in flags_of_file(path)]
    for flag in flags:
        print(flag)
    print(f"{len(flags)} banned words in {len({flag.path for flag in flags})} files")
    return 1 if flags else 0


if __name__ == "__main__":
    sys.exit(main())

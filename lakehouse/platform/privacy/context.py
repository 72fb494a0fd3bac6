"""What the steps of an erasure share: scope, plan and report."""

from collections import Counter
from dataclasses import dataclass, field

from lakehouse.platform.privacy.file_content import FileFormat
from lakehouse.platform.privacy.findings import FindingKind, PersonFinding
from lakehouse.platform.privacy.plan import ErasurePlan
from lakehouse.platform.privacy.redaction import NotErasable, redact
from lakehouse.platform.privacy.scope import SearchScope


@dataclass(kw_only=True)
class ErasureReport:
    """What one request found, erased and left; it says nothing about the person.

    Attributes:
        found: number of rows before, by domain, table and kind.
        removed: number of deleted or rewritten files, by domain and kind of file.
        others: number of badly quoted lines of others that had to be erased as well.
        left: places that could not be erased.
        notes: reasons and hints for them.
    """

    found: Counter[tuple[str, str, FindingKind]] = field(default_factory=Counter)
    removed: Counter[tuple[str, str]] = field(default_factory=Counter)
    others: int = 0
    left: list[PersonFinding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ErasureContext:
    """One person in one domain, with the plan and the report of their erasure."""

    scope: SearchScope
    plan: ErasurePlan
    report: ErasureReport

    def redact(self, data: bytes, name: str, file_format: FileFormat | None) -> bytes | None:
        """Return a file without the person; None, with a note, if that is impossible."""
        scope = self.scope
        try:
            redacted = redact(data, name, file_format, scope.person, limit=scope.limit)
        except NotErasable as error:
            self.report.notes.append(scope.person.without_mentions(str(error)))
            return None
        self.report.others += redacted.others
        return redacted.data

    def count(self, kind: str, number: int = 1) -> None:
        """Count files that were deleted or rewritten."""
        self.report.removed[self.scope.name, kind] += number

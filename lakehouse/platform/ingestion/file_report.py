"""What happened to the files of one delivery day of a dataset, for people."""

from collections import Counter
from dataclasses import dataclass, field

from lakehouse.platform.tables.deliveries_model import Delivery, Status


@dataclass(kw_only=True)
class FileReport:
    """What happened to the files of one delivery day.

    Attributes:
        files: number of files by status.
        notes: how files depart from their format.
        problems: path of each rejected or held file, with the reason and a hint.
        unread: path of each file that could not be read and is tried again, with a hint.
        warnings: what a person should know about the files of this run, which are named.
    """

    files: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, delivery: Delivery) -> None:
        """Count one file and keep its problem or note."""
        self.files[delivery.status.value] += 1
        if not delivery.readable:
            self.problems[delivery.file] = (
                f"{delivery.status}: {delivery.detail or delivery.reason}"
            )
            if delivery.unread:
                self.unread[delivery.file] = delivery.detail or ""
        elif delivery.drift and delivery.has_rows:
            self.notes.append(f"{delivery.file}: {delivery.drift}")

    def warn(self, delivery: Delivery, first: Delivery | None) -> None:
        """Warn about a file that is rejected or outdated, or whose time is in the future.

        Args:
            delivery: a file that this run has seen for the first time.
            first: a file of another day with the same bytes, whose age its rows have.
        """
        if first is not None and delivery.record_rows:
            self.warnings.append(
                f"{delivery.file} has the same bytes as {first.file} of {first.day}; its rows"
                " are as old as that file, so they replace no newer ones"
            )
        elif first is None and delivery.landed_at > delivery.moment:
            self.warnings.append(
                f"{delivery.file} has the modification time"
                f" {delivery.landed_at:%Y-%m-%d %H:%M:%S} UTC, which is in the future; it"
                " counts as delivered now; hint: correct the clock of the writing computer"
            )
        if not delivery.readable and not delivery.unread:
            self.warnings.append(f"{delivery.status}: {delivery.detail or delivery.file}")
        if delivery.status is Status.DUPLICATE and "hint:" in (delivery.detail or ""):
            self.warnings.append(f"{delivery.file} is not loaded: {delivery.detail}")

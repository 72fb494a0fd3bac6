"""Errors of the landing zone: what cannot be listed or read.

A file whose content cannot be read as CSV raises ``csv.errors.FileRejected`` instead.
"""


class LandingError(Exception):
    """A folder or file of the landing zone cannot be used; the message ends with a hint."""


class FileChanged(LandingError):
    """A file changed or disappeared after it was listed; the next listing shows its state."""


class ReadRejected(LandingError):
    """A listed file must not be read; ``reason`` is the code recorded in its delivery."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason

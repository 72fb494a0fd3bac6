"""Errors of the quarantine."""


class ReplayError(Exception):
    """A correction that cannot be replayed. Nothing was written; the message ends with a hint."""

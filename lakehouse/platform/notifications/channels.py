"""The interface of a channel, and the error of a message that a channel did not accept."""

from typing import Protocol


class NotDelivered(Exception):
    """A channel did not accept a message; the text gives the reason and never the address.

    Attributes:
        temporary: whether another attempt may succeed.
        wait: seconds that the receiver asks to wait; 0 when it names none.
    """

    def __init__(self, reason: str, *, temporary: bool, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.temporary = temporary
        self.wait = wait


class Channel(Protocol):
    """One way to reach people."""

    @property
    def name(self) -> str:
        """A lower-case word; deliveries are recorded under it."""
        ...

    @property
    def errors_only(self) -> bool:
        """Whether the channel receives only errors."""
        ...

    @property
    def joins_hint(self) -> bool:
        """Whether an error and its hint are one message; else the hint follows as a second one."""
        ...

    def send(self, message: str, *, is_error: bool = False) -> str | None:
        """Deliver one message.

        Returns:
            A problem that occurred although the message was accepted.

        Raises:
            NotDelivered: the message was not accepted.
        """
        ...

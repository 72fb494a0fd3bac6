"""Compare a delivered file with the other versions of its delivery."""

from collections.abc import Iterable

from lakehouse.platform.ingestion.versions import scope_of
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.source import Source


def versions_of(
    delivery: Delivery, deliveries: Iterable[Delivery], source: Source
) -> list[Delivery]:
    """Return the files that belong to the same delivery as a file, the file itself included."""
    own = scope_of(delivery.file, delivery.unit, source)
    return [other for other in deliveries if scope_of(other.file, other.unit, source) == own]


def newer_version(
    delivery: Delivery, deliveries: Iterable[Delivery], source: Source
) -> Delivery | None:
    """Return the newest loaded version that replaced a file; None when nothing replaced it."""
    newer = (
        other
        for other in versions_of(delivery, deliveries, source)
        if other.status is Status.LOADED and other.order > delivery.order
    )
    return max(newer, key=lambda other: other.order, default=None)

"""Work on many files: in threads and in order, or cut into portions of a limited size."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST_FILES, MOST_BYTES = 500, 32 << 20
"""A portion ends after so many files or bytes, whichever comes first."""


def in_order(
    pool: ThreadPoolExecutor, items: Iterable[T], work: Callable[[T], R], depth: int
) -> Iterator[R]:
    """Yield the results of `work` in the order of the items; compute at most `depth` ahead."""
    running: list[Future[R]] = []
    for item in items:
        running.append(pool.submit(work, item))
        if len(running) >= depth:
            yield running.pop(0).result()
    for each in running:
        yield each.result()


def portions(items: Iterable[T], size: Callable[[T], tuple[int, int]]) -> list[list[T]]:
    """Cut items, which keep their order, into portions of at most `MOST_FILES` and `MOST_BYTES`.

    Args:
        items: what to cut; one that is larger is a portion of its own.
        size: files and bytes of an item.

    >>> [len(each) for each in portions([20 << 20, 20 << 20, 5 << 20], lambda size: (1, size))]
    [1, 2]
    """
    cut: list[list[T]] = []
    files = size_ = 0
    for item in items:
        more, bytes_ = size(item)
        files, size_ = files + more, size_ + bytes_
        if not cut or files > MOST_FILES or size_ > MOST_BYTES:
            cut.append([])
            files, size_ = more, bytes_
        cut[-1].append(item)
    return cut

"""Show progress on stderr: bars in a terminal, otherwise one line per run."""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from lakehouse.cli.messages import inform, interactive

if TYPE_CHECKING:
    from rich.progress import Progress

    from lakehouse.platform.orchestration.local_runs import RunResult, StepResult
    from lakehouse.platform.orchestration.planning import DueBatch

Item = TypeVar("Item")


def bars() -> "Progress":
    """Return progress bars of `rich` that print nothing without a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not interactive(),
    )


def counted(label: str, items: Iterable[Item], total: int | None = None) -> Iterator[Item]:
    """Yield the items and count them in a bar."""
    if not interactive():
        yield from items
        return
    with bars() as shown:
        yield from shown.track(items, total=total, description=label)


class RunProgress:
    """One bar over the steps of the runs of a command."""

    def __init__(self, shown: "Progress") -> None:
        self._shown = shown
        self._task = shown.add_task("starting", total=None)

    def batch(self, due: "DueBatch", steps: int) -> None:
        """Start the bar for a batch of deliveries."""
        self.start(f"{due.batch.first} to {due.batch.last}", steps)

    def start(self, label: str, steps: int) -> None:
        """Start the bar for a run with a number of steps."""
        self._shown.reset(self._task, total=steps, description=label)

    def starter(self, label: str) -> Callable[[int], None]:
        """Return a function that starts the bar for a run with a number of steps."""
        return functools.partial(self.start, label)

    def step(self, step: "StepResult") -> None:
        """Advance the bar by one finished step."""
        self._shown.update(self._task, advance=1, description=step.name)

    def ended(self, ran: "RunResult") -> None:
        """Print the result of a run."""
        took = sum(ran.seconds_by_layer.values())
        result = "done" if ran.succeeded else "FAILED"
        line = f"{ran.work} {ran.first} to {ran.last}: {result} in {took:.1f} s ({ran.run_id})"
        if interactive():
            self._shown.console.print(line, highlight=False, markup=False)
        else:
            inform(line)

    def close(self) -> None:
        """Remove the bar."""
        self._shown.remove_task(self._task)


@contextmanager
def run_progress() -> Iterator[RunProgress]:
    """Show one bar over the steps of one or more runs."""
    with bars() as shown:
        yield RunProgress(shown)

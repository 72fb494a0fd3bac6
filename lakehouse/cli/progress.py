"""Progress on stderr: bars where somebody watches, a line for each run where nobody does."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from lakehouse.cli.messages import inform, interactive

if TYPE_CHECKING:
    from rich.progress import Progress

    from lakehouse.platform.orchestration.local_runs import Ran, Step
    from lakehouse.platform.orchestration.planning import Due

Item = TypeVar("Item")


def bars() -> "Progress":
    """Bars of `rich`, silent without a terminal."""
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


def counted(what: str, items: Iterable[Item], total: int | None = None) -> Iterator[Item]:
    """The items, counted as they pass."""
    if not interactive():
        yield from items
        return
    with bars() as shown:
        yield from shown.track(items, total=total, description=what)


class Steps:
    """Steps of the runs of one command, as they end."""

    def __init__(self, shown: "Progress") -> None:
        self._shown = shown
        self._task = shown.add_task("starting", total=None)

    def batch(self, due: "Due", steps: int) -> None:
        """A batch of deliveries starts."""
        self.starter(f"{due.batch.first} to {due.batch.last}")(steps)

    def starter(self, what: str) -> Callable[[int], None]:
        """To be called with the number of steps when a run starts."""

        def start(steps: int) -> None:
            self._shown.reset(self._task, total=steps, description=what)

        return start

    def step(self, step: "Step") -> None:
        """A step ended."""
        self._shown.update(self._task, advance=1, description=step.name)

    def ended(self, ran: "Ran") -> None:
        """Say how a run ended."""
        took = sum(ran.seconds_by_layer.values())
        verdict = "done" if ran.succeeded else "FAILED"
        line = f"{ran.work} {ran.first} to {ran.last}: {verdict} in {took:.1f} s ({ran.run_id})"
        if interactive():
            self._shown.console.print(line, highlight=False, markup=False)
        else:
            inform(line)


@contextmanager
def steps() -> Iterator[Steps]:
    """A bar over the steps of one or more runs."""
    with bars() as shown:
        yield Steps(shown)

"""Define a figure of the benchmark and its goal."""

from dataclasses import dataclass

PEAK_MB = 2048


@dataclass(frozen=True, kw_only=True)
class Line:
    """Hold one figure and its goal."""

    case: str
    what: str
    reached: float
    cpu: float | None = None
    """The same figure in processor seconds."""
    goal: str = ""
    met: bool | None = None


def plain(case: str, what: str, reached: float, cpu: float | None = None) -> Line:
    return Line(case=case, what=what, reached=reached, cpu=cpu)


def at_most(case: str, what: str, limit: float, reached: float, cpu: float | None = None) -> Line:
    met = min(reached, reached if cpu is None else cpu) <= limit
    return Line(case=case, what=what, reached=reached, cpu=cpu, goal=f"≤ {limit:g}", met=met)


def at_least(case: str, what: str, limit: float, reached: float, cpu: float | None = None) -> Line:
    met = max(reached, reached if cpu is None else cpu) >= limit
    return Line(case=case, what=what, reached=reached, cpu=cpu, goal=f"≥ {limit:g}", met=met)

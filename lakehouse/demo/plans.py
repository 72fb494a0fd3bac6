"""Check the values of a generator's plan."""


def require_between(name: str, value: float, low: float, high: float | None = None) -> None:
    """Require that a value is in an inclusive range; without `high` the range has no upper end.

    Raises:
        ValueError: it is not; names the value.
    """
    if value < low or (high is not None and value > high):
        allowed = f"at least {low:g}" if high is None else f"{low:g} to {high:g}"
        raise ValueError(f"{name} must be {allowed}, not {value}")


def require_share(name: str, value: float, high: float) -> None:
    """Require a value above 0 and at most `high`.

    Raises:
        ValueError: it is not; names the value.
    """
    if not 0 < value <= high:
        raise ValueError(f"{name} must be above 0 and at most {high:g}, not {value}")

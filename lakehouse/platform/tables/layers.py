"""The layers of the lake, and what each may read."""

from enum import StrEnum


class Layer(StrEnum):
    """One step of the data's way, in the order of the way."""

    RAW = "raw"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    OPS = "ops"

    @property
    def rank(self) -> int:
        """Place on the way: raw 0 … gold 3; the books of operations stand beside it, last."""
        return list(Layer).index(self)

    def may_read(self, upstream: "Layer") -> bool:
        """A layer reads itself and the one just before it; operations read everything."""
        return self is Layer.OPS or 0 <= self.rank - upstream.rank <= 1

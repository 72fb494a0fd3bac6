"""The layers of the lake, and which layers each of them may read."""

from enum import StrEnum


class Layer(StrEnum):
    """One layer of the lake, in the order in which data passes them."""

    RAW = "raw"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    OPS = "ops"

    @property
    def rank(self) -> int:
        """Return the position in the order: raw 0 … gold 3; the ops layer is last."""
        return list(Layer).index(self)

    def may_read(self, upstream: "Layer") -> bool:
        """Return whether this layer may read a layer: itself and the one before; ops reads all."""
        return self is Layer.OPS or 0 <= self.rank - upstream.rank <= 1

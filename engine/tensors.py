"""What travels along a wire: a tensor's sizes, the names of its axes and its type. No torch."""

from dataclasses import dataclass
from math import prod

AXES_BY_RANK: dict[int, tuple[str, ...]] = {
    0: (),
    1: ("features",),
    2: ("time", "features"),
    3: ("channels", "height", "width"),
    4: ("channels", "depth", "height", "width"),
}


def default_axes(rank: int) -> tuple[str, ...]:
    """Names for `rank` axes where nothing better is known."""
    return AXES_BY_RANK.get(rank) or tuple(f"axis{i + 1}" for i in range(rank))


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One batched tensor. `sizes` and `axes` leave the batch axis out: axis 0 of the tensor is always the batch.

    dtype is a torch name ("float32", "int64"). `classes` is the number of categories of an int64 tensor, None where
    it is unknown or the tensor does not hold categories. `padded`: what lies beyond a sample's length along the time
    axis is filler. `steps`: the tensor holds lengths, of sequences of so many steps; None for all others.
    """

    sizes: tuple[int, ...]
    axes: tuple[str, ...] = ()
    dtype: str = "float32"
    classes: int | None = None
    padded: bool = False
    steps: int | None = None

    def __post_init__(self) -> None:
        if len(self.axes) != len(self.sizes):
            object.__setattr__(self, "axes", default_axes(len(self.sizes)))

    @property
    def rank(self) -> int:
        """Number of axes without the batch axis."""
        return len(self.sizes)

    @property
    def has_padding(self) -> bool:
        """Whether some steps of it may be filler."""
        return self.padded and "time" in self.axes

    @property
    def shape(self) -> tuple[str | int, ...]:
        """The shape as users read it: ("batch", 1, 28, 28)."""
        return ("batch", *self.sizes)

    @property
    def elements(self) -> int:
        """Numbers in one sample."""
        return prod(self.sizes)

    def __str__(self) -> str:
        return "(" + ", ".join(str(size) for size in self.shape) + ")"

    def described(self) -> str:
        """The shape with named axes, for messages: "(batch, channels 3, height 32, width 32)"."""
        named = (f"{axis} {size}" for axis, size in zip(self.axes, self.sizes, strict=True))
        return "(" + ", ".join(("batch", *named)) + ")"

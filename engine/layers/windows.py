"""Windows that slide over pictures and signals: shared by convolutions and pooling."""

from engine.layers.spec import Fix, Params, ShapeError
from engine.params import Size
from engine.tensors import TensorSpec

MAX_KERNEL = 1_000_000

AXES = {1: ("channels", "length"), 2: ("channels", "height", "width")}


def moved(names: tuple[str, ...], given: TensorSpec) -> tuple[str, ...]:
    """The axes after sliding a window over a tensor: time stays time where the window moves along it."""
    return (names[0], "time") if given.axes[1:] == ("time",) else names


def outputs(sizes: tuple[int, ...], params: Params) -> tuple[int, ...]:
    """Sizes after sliding a window over each axis; not positive where the window does not fit."""
    return tuple(
        (size + 2 * padding - dilation * (width - 1) - 1) // stride + 1
        for size, width, stride, padding, dilation in zip(
            sizes, params["kernel_size"], params["stride"], params["padding"], params["dilation"], strict=True)
    )


def too_small(sizes: tuple[int, ...], reach: tuple[int, ...], fixes: tuple[Fix, ...]) -> ShapeError:
    """The error of a window that reaches over `reach` numbers per axis, more than the padded input has."""
    return ShapeError(
        f"looks at windows of {' × '.join(map(str, reach))} but gets only {' × '.join(map(str, sizes))}",
        "Use a smaller window or more padding, or shrink less before.", fixes, port="input", param="kernel_size",
        code="too-small")


def fitting_kernel(sizes: tuple[int, ...], params: Params) -> tuple[int, ...]:
    """The kernel, cut down where it is wider than the input."""
    return tuple(
        max(1, min(width, (size + 2 * padding - 1) // dilation + 1))
        for width, size, padding, dilation in zip(
            params["kernel_size"], sizes, params["padding"], params["dilation"], strict=True)
    )


def per_axis(name: str, axes: int, default: int, *, minimum: int, help: str, required: bool = False) -> Size:
    """A parameter with one number for each of the axes that a window slides over."""
    return Size(name=name, default=(default,) * axes, length=axes, minimum=minimum, maximum=MAX_KERNEL,
                required=required, help=help)

"""Layers that shrink pictures and signals by summing up windows."""

from engine.layers import checks, windows
from engine.layers.spec import Inputs, LayerSpec, Params, Remark, SetParams, ShapeError, no_remarks
from engine.params import Bool, Int, Size
from engine.tensors import TensorSpec


def _pool_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    kernel = params["kernel_size"]
    names = windows.AXES[len(kernel)]
    checks.axes(given, names)
    strides, paddings = params["stride"] or kernel, params["padding"]
    dilations = params.get("dilation", (1,) * len(kernel))
    reaches = tuple(dilation * (width - 1) + 1 for width, dilation in zip(kernel, dilations, strict=True))
    if any(padding > width // 2 for padding, width in zip(paddings, kernel, strict=True)):
        most = tuple(min(padding, width // 2) for padding, width in zip(paddings, kernel, strict=True))
        raise ShapeError(
            "has more padding than half its window", "Some windows would see nothing but padding.",
            (SetParams(f"Set padding to {', '.join(map(str, most))}", {"padding": most}),),
            param="padding", code="param")
    produced = tuple(
        _pooled(size, reach, stride, padding, params["ceil_mode"])
        for size, reach, stride, padding in zip(given.sizes[1:], reaches, strides, paddings, strict=True)
    )
    if min(produced) < 1:
        smaller = {"kernel_size": tuple(min(k, size) for k, size in zip(kernel, given.sizes[1:], strict=True)),
                   "padding": (0,) * len(kernel)}
        if "dilation" in params:
            smaller["dilation"] = (1,) * len(kernel)
        label = f"Set kernel size to {', '.join(map(str, smaller['kernel_size']))}"
        raise windows.too_small(given.sizes[1:], reaches, (SetParams(label, smaller),))
    return checks.with_sizes(given, (given.sizes[0], *produced), windows.moved(names, given))


def _pooled(size: int, reach: int, stride: int, padding: int, rounds_up: bool) -> int:
    """Windows on one axis; a last window that would start inside the right padding is left out."""
    count = (size + 2 * padding - reach + (stride - 1 if rounds_up else 0)) // stride + 1
    return count - 1 if rounds_up and (count - 1) * stride >= size + padding else count


def _adaptive_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    names = windows.AXES[len(params["output_size"])]
    checks.axes(given, names)
    return checks.with_sizes(given, (given.sizes[0], *params["output_size"]), names)


def _signal_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    return checks.time_as_channels(inputs[0])


def _mean_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    """A mean of all steps counts padding as well; means of a few steps leave it at the end."""
    (given,) = inputs
    produced = _adaptive_shape if "output_size" in params else _pool_shape
    sums_up = produced(inputs, params).sizes[1] == 1 < given.sizes[1]
    return (*checks.time_as_channels(given), *(checks.summed_padding(given, 1) if sums_up else ()))


def _stride(count: int) -> Size:
    return Size(name="stride", default=None, length=count, minimum=1, maximum=windows.MAX_KERNEL, optional=True,
                help="How far the window moves; empty: as wide as the window.")


_CEIL = Bool(name="ceil_mode", default=False, help="Keep a last window that sticks out over the border.")
_PADDING = "Numbers added at each border, at most half the window."


def _max_pool(count: int) -> LayerSpec:
    return LayerSpec(
        type=f"MaxPool{count}d", category="Pooling", icon="shrink",
        doc=f"Keeps the largest number of every window of a {'signal' if count == 1 else 'picture'}.",
        params=(
            windows.per_axis("kernel_size", count, 2, minimum=1, help="Width of the window.", required=True),
            _stride(count),
            windows.per_axis("padding", count, 0, minimum=0, help=_PADDING),
            windows.per_axis("dilation", count, 1, minimum=1, help="Distance between the numbers a window looks at."),
            _CEIL,
        ),
        shape=_pool_shape, remarks=_signal_remarks if count == 1 else no_remarks,
        aliases=("Maximum pooling", "Downsample", "Subsampling"),
    )


def _average_pool(count: int) -> LayerSpec:
    divisor = Int(name="divisor_override", default=None, minimum=1, maximum=windows.MAX_KERNEL, optional=True,
                  help="Divide by this instead of the size of the window.")
    return LayerSpec(
        type=f"AvgPool{count}d", category="Pooling", icon="shrink",
        doc=f"Keeps the mean of every window of a {'signal' if count == 1 else 'picture'}.",
        params=(
            windows.per_axis("kernel_size", count, 2, minimum=1, help="Width of the window.", required=True),
            _stride(count),
            windows.per_axis("padding", count, 0, minimum=0, help=_PADDING),
            _CEIL,
            Bool(name="count_include_pad", default=True, help="Count the zeros of the padding into the mean."),
            *((divisor,) if count == 2 else ()),
        ),
        shape=_pool_shape, remarks=_mean_remarks if count == 1 else no_remarks,
        aliases=("Average pooling", "Mean pooling", "Downsample"),
    )


def _adaptive_pool(count: int) -> LayerSpec:
    return LayerSpec(
        type=f"AdaptiveAvgPool{count}d", category="Pooling", icon="shrink",
        doc="Averages to a size that you choose, whatever comes in; size 1 is global average pooling.",
        params=(windows.per_axis("output_size", count, 1, minimum=1, help="The size that comes out.", required=True),),
        shape=_adaptive_shape, remarks=_mean_remarks if count == 1 else no_remarks,
        aliases=("Global average pooling", "GAP"),
    )


LAYERS = tuple(make(count) for make in (_max_pool, _average_pool, _adaptive_pool) for count in (2, 1))

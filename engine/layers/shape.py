"""Layers that change how numbers are arranged, and nothing else."""

from math import prod

from engine.layers import checks
from engine.layers.spec import Inputs, LayerSpec, Params, SetParams, ShapeError
from engine.params import Int, Size
from engine.tensors import TensorSpec

MAX_SIZE = 1_000_000_000_000


def _flatten_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    checks.at_least_one_axis(given)
    first = checks.axis(params["start_dim"], given.rank, "start_dim")
    last = checks.axis(params["end_dim"], given.rank, "end_dim")
    if first > last:
        raise ShapeError(
            f"should flatten from axis {params['start_dim']} to axis {params['end_dim']}, which comes before it",
            "The first axis must not come after the last.",
            (SetParams("Flatten all axes", {"start_dim": 1, "end_dim": -1}),), param="start_dim", code="axis")
    merged = given.axes[first] if first == last else "features"
    return checks.with_sizes(given, (*given.sizes[:first], prod(given.sizes[first:last + 1]), *given.sizes[last + 1:]),
                             (*given.axes[:first], merged, *given.axes[last + 1:]))


def _filled(sizes: tuple[int, ...], count: int) -> tuple[int, ...]:
    """`sizes` with a single -1 replaced so that the product is `count`. Raises ShapeError where that is impossible."""
    unknown = [index for index, size in enumerate(sizes) if size == -1]
    known = prod(size for size in sizes if size != -1)
    if len(unknown) > 1 or 0 in sizes:
        raise ShapeError(f"cannot make the shape {checks.shape_text(sizes)}",
                         "Sizes are positive; a single one may be -1, which means: what is left.", code="param")
    if unknown and count % known == 0:
        return tuple(count // known if size == -1 else size for size in sizes)
    if not unknown and known == count:
        return sizes
    raise ShapeError(f"cannot arrange {count:,} numbers as {checks.shape_text(sizes)}"
                     + ("" if unknown else f", which has {known:,}"), "The counts must agree.", code="shape")


def _refill(error: ShapeError, param: str, sizes: tuple[int, ...], count: int) -> ShapeError:
    """The same error with the culprit and the fixes that make the counts agree."""
    tail = prod(sizes[1:])
    nearest = (count // tail, *sizes[1:]) if min(sizes, default=0) > 0 and count % tail == 0 else (count,)
    fix = SetParams(f"Set it to {checks.shape_text(nearest)}", {param: nearest})
    return ShapeError(error.message, error.hint, (fix,), param=param, code=error.code)


def _reshape_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    try:
        return checks.with_sizes(given, _filled(params["shape"], given.elements))
    except ShapeError as error:
        raise _refill(error, "shape", params["shape"], given.elements) from None


def _unflatten_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    checks.at_least_one_axis(given)
    place = checks.axis(params["dim"], given.rank)
    wanted = params["unflattened_size"]
    if not wanted:
        raise ShapeError("needs at least one size", "Give the sizes to unfold the axis into.",
                         (SetParams("Keep the axis as it is", {"unflattened_size": (-1,)}),),
                         param="unflattened_size", code="param")
    try:
        sizes = _filled(wanted, given.sizes[place])
    except ShapeError as error:
        raise _refill(error, "unflattened_size", wanted, given.sizes[place]) from None
    return checks.with_sizes(given, (*given.sizes[:place], *sizes, *given.sizes[place + 1:]))


def _permute_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    dims = params["dims"]
    if sorted(dims) != list(range(1, given.rank + 1)):
        reverse = tuple(range(given.rank, 0, -1))
        raise ShapeError(
            f"reorders the axes {checks.shape_text(dims)} but gets {given.described()}",
            f"Name each of the axes 1 to {given.rank} once; 0 is the batch and stays first." if given.rank
            else "There are no axes to reorder.",
            (SetParams(f"Set dims to {checks.shape_text(reverse)}", {"dims": reverse}),) if given.rank else (),
            param="dims", code="rank")
    return checks.with_sizes(given, tuple(given.sizes[dim - 1] for dim in dims),
                             tuple(given.axes[dim - 1] for dim in dims))


def _reshape_call(module: str, args: tuple[str, ...], params: Params) -> str:
    return f"{args[0]}.reshape({', '.join((f'{args[0]}.shape[0]', *map(str, params['shape'])))})"


def _permute_call(module: str, args: tuple[str, ...], params: Params) -> str:
    return f"{args[0]}.permute({', '.join(map(str, (0, *params['dims'])))})"


def _axis(name: str, default: int, help: str, required: bool = False) -> Int:
    return Int(name=name, default=default, minimum=-8, maximum=8, required=required, help=help)


LAYERS = (
    LayerSpec(
        type="Flatten", category="Shape", icon="rows-3",
        doc="Puts all numbers of a sample in one row, as Linear expects them.",
        params=(
            _axis("start_dim", 1, "The first axis to merge; the batch is 0 and always stays."),
            _axis("end_dim", -1, "The last axis to merge; -1 is the last one."),
        ),
        shape=_flatten_shape, aliases=("Ravel", "Vectorize"),
    ),
    LayerSpec(
        type="Reshape", category="Shape", icon="scaling", constructor="",
        doc="Arranges the numbers of a sample in a new shape with the same count.",
        params=(Size(name="shape", default=(-1,), minimum=-1, maximum=MAX_SIZE, argument=False,
                     help="The new sizes without the batch; one may be -1, which means: what is left."),),
        shape=_reshape_shape, call=_reshape_call, aliases=("View", "Resize"),
    ),
    LayerSpec(
        type="Unflatten", category="Shape", icon="grid-2x2",
        doc="Unfolds one axis into several: 784 features into 1, 28, 28.",
        params=(
            _axis("dim", 1, "The axis to unfold; the batch is 0.", required=True),
            Size(name="unflattened_size", default=(1, -1), minimum=-1, maximum=MAX_SIZE, required=True,
                 help="The sizes it becomes; one may be -1, which means: what is left."),
        ),
        shape=_unflatten_shape, aliases=("Unfold axis",),
    ),
    LayerSpec(
        type="Permute", category="Shape", icon="arrow-left-right", constructor="",
        doc="Changes the order of the axes: (time, features) into (features, time).",
        params=(Size(name="dims", default=(2, 1), minimum=1, maximum=8, argument=False,
                     help="The axes in their new order, counted from 1; the batch stays first."),),
        shape=_permute_shape, call=_permute_call, aliases=("Transpose", "Swap axes"),
    ),
)

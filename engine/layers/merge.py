"""Layers that bring several wires together."""

from collections.abc import Sequence
from dataclasses import replace

from engine.layers import checks
from engine.layers.spec import Fix, Inputs, LayerSpec, Params, Port, Resize, SetParams, ShapeError, require_numbers
from engine.params import Int
from engine.tensors import TensorSpec

WIRES = (Port("inputs", variadic=True),)


Place = tuple[str, int]
"""A wire into the layer: its port, and its number among the wires of that port."""


def _elementwise(verb: str, inputs: Inputs, places: Sequence[Place] = ()) -> TensorSpec:
    """Sizes after torch's broadcasting; stricter in one point: all inputs must have the same number of axes."""
    places = places or [("inputs", wire) for wire in range(len(inputs))]
    for given, (port, _) in zip(inputs, places, strict=True):
        require_numbers(given, port)
    first = inputs[0]
    result = first.sizes
    for given, place in zip(inputs[1:], places[1:], strict=True):
        pairs = list(zip(result, given.sizes, strict=False))
        if given.rank != first.rank or any(a != b and 1 not in (a, b) for a, b in pairs):
            raise ShapeError(
                f"cannot {verb} {first.described()} and {given.described()}",
                "Both must have the same shape; a size of 1 is repeated to fit.",
                _match_fixes(first, given, places[0], place), port=place[0],
                code="channels" if given.rank == first.rank else "rank")
        result = tuple(max(a, b) for a, b in pairs)
    return replace(first, sizes=result, padded=any(given.padded for given in inputs))


def _match_fixes(first: TensorSpec, given: TensorSpec, first_place: Place, given_place: Place) -> tuple[Fix, ...]:
    if given.rank == first.rank:
        return (Resize(first.sizes, *given_place), Resize(given.sizes, *first_place))
    if given.elements == first.elements:
        smaller, larger_place = (first, given_place) if first.rank < given.rank else (given, first_place)
        return (checks.flatten(*larger_place) if smaller.rank == 1
                else checks.to_shape(smaller.sizes, *larger_place),)
    return ()


def _add_shape(inputs: Inputs, params: Params) -> TensorSpec:
    return _elementwise("add", inputs)


def _multiply_shape(inputs: Inputs, params: Params) -> TensorSpec:
    return _elementwise("multiply", inputs)


def _subtract_shape(inputs: Inputs, params: Params) -> TensorSpec:
    return _elementwise("subtract", inputs, (("input", 0), ("other", 0)))


def _stack_shape(inputs: Inputs, params: Params) -> TensorSpec:
    first = inputs[0]
    for wire, given in enumerate(inputs[1:], start=1):
        if (given.sizes, given.dtype) != (first.sizes, first.dtype):
            fixes = _match_fixes(first, given, ("inputs", 0), ("inputs", wire)) if given.dtype == first.dtype else ()
            raise ShapeError(f"cannot stack {first.described()} and {given.described()}",
                             "All inputs must have the same shape.", fixes, port="inputs",
                             code="channels" if given.dtype == first.dtype else "dtype")
    place = checks.axis(params["dim"], first.rank + 1)
    sizes = (*first.sizes[:place], len(inputs), *first.sizes[place:])
    stacked = checks.with_sizes(first, sizes, (*first.axes[:place], "stack", *first.axes[place:]))
    return replace(stacked, padded=any(given.padded for given in inputs))


def _concat_shape(inputs: Inputs, params: Params) -> TensorSpec:
    first = inputs[0]
    for wire, given in enumerate(inputs):
        require_numbers(given, "inputs")
        if given.rank == 0:
            raise ShapeError("cannot join single numbers, (batch)", "A Reshape to (1) makes each a vector.",
                             (checks.to_shape((1,), "inputs", wire),), port="inputs", code="rank")
        if given.rank != first.rank:
            longer = wire if given.rank > first.rank else 0
            fixes = (checks.flatten("inputs", longer),) if 1 in (given.rank, first.rank) else ()
            raise ShapeError(f"cannot join {first.described()} and {given.described()}",
                             "Both must have the same number of axes.", fixes, port="inputs", code="rank")
    place = checks.axis(params["dim"], first.rank)
    for wire, given in enumerate(inputs[1:], start=1):
        if any(a != b for i, (a, b) in enumerate(zip(first.sizes, given.sizes, strict=True)) if i != place):
            raise ShapeError(
                f"cannot join {first.described()} and {given.described()} along axis {params['dim']}",
                f"All sizes but the {first.axes[place]} must agree.", _concat_fixes(first, given, place, wire),
                port="inputs", code="channels")
    total = sum(given.sizes[place] for given in inputs)
    return replace(first, sizes=(*first.sizes[:place], total, *first.sizes[place + 1:]),
                   padded=any(given.padded for given in inputs))


def _concat_fixes(first: TensorSpec, given: TensorSpec, place: int, wire: int) -> tuple[Fix, ...]:
    """Another axis along which the two fit, or another width of the second."""
    differing = [i for i, (a, b) in enumerate(zip(first.sizes, given.sizes, strict=True)) if a != b]
    matching = (*first.sizes[:place], given.sizes[place], *first.sizes[place + 1:])
    if len(differing) == 1:
        axis = differing[0]
        return (SetParams(f"Join along axis {axis + 1} ({first.axes[axis]})", {"dim": axis + 1}),
                Resize(matching, "inputs", wire))
    return (Resize(matching, "inputs", wire),)


LAYERS = (
    LayerSpec(
        type="Add", category="Merge", icon="plus", constructor="", inputs=WIRES, shape=_add_shape,
        doc="Adds its inputs number by number: skip connections.",
        call=lambda module, args, params: " + ".join(args),
        aliases=("Residual", "Skip connection", "Plus"),
    ),
    LayerSpec(
        type="Multiply", category="Merge", icon="x", constructor="", inputs=WIRES, shape=_multiply_shape,
        doc="Multiplies its inputs number by number: gates and attention masks.",
        call=lambda module, args, params: " * ".join(args),
        aliases=("Product", "Gate", "Times", "Mul"),
    ),
    LayerSpec(
        type="Concat", category="Merge", icon="combine", constructor="", inputs=WIRES, shape=_concat_shape,
        doc="Joins its inputs along one axis: the channels of two branches side by side.",
        params=(Int(name="dim", default=1, minimum=-8, maximum=8, argument=False,
                    help="The axis to join along, counted with the batch as 0; 1 is channels or features."),),
        call=lambda module, args, params: f"torch.cat(({', '.join(args)}), dim={params['dim']})",
        aliases=("Concatenate", "Cat", "Join"),
    ),
    LayerSpec(
        type="Stack", category="Merge", icon="layers", constructor="", inputs=WIRES, shape=_stack_shape,
        doc="Puts inputs of one shape one behind the other along a new axis: single steps become a sequence.",
        params=(Int(name="dim", default=1, minimum=-8, maximum=8, argument=False,
                    help="Where the new axis stands, counted with the batch as 0; 1 is before all others."),),
        call=lambda module, args, params: f"torch.stack(({', '.join(args)}), dim={params['dim']})",
        aliases=("New axis", "Sequence of steps"),
    ),
    LayerSpec(
        type="Subtract", category="Merge", icon="minus", constructor="", inputs=(Port("input"), Port("other")),
        doc="Subtracts the second input from the first, number by number.", shape=_subtract_shape,
        call=lambda module, args, params: f"{args[0]} - {args[1]}", aliases=("Minus", "Difference", "Sub"),
    ),
)

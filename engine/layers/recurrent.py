"""Layers that read a sequence step by step."""

from engine.layers import checks
from engine.layers.spec import NO_ARGUMENT, Inputs, LayerSpec, Params, Port, Remark, SetParams
from engine.params import Bool, Choice, Float, Int, Param
from engine.tensors import TensorSpec

GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def _shape(inputs: Inputs, params: Params) -> TensorSpec:
    given, lengths = inputs
    checks.axes(given, ("time", "features"))
    checks.lengths(lengths, given.sizes[0])
    width = params["hidden_size"] * (1 + params["bidirectional"])
    if params["output"] == "last step":
        return TensorSpec((width,), ("features",))
    return checks.with_sizes(given, (given.sizes[0], width), ("time", "features"))


def _matrices(inputs: Inputs, params: Params) -> int:
    """Weights of the matrices of all layers and directions, per gate."""
    hidden, directions = params["hidden_size"], 1 + params["bidirectional"]
    first = inputs[0].sizes[1] + hidden
    further = directions * hidden + hidden
    return int(directions * hidden * (first + (params["num_layers"] - 1) * further))


def _weights(gates: int, inputs: Inputs, params: Params) -> int:
    biases = 2 * params["bias"] * params["hidden_size"] * (1 + params["bidirectional"]) * params["num_layers"]
    return gates * (_matrices(inputs, params) + int(biases))


def _remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    return (*_idle_dropout(params), *_padding(inputs, params))


def _idle_dropout(params: Params) -> tuple[Remark, ...]:
    if not params["dropout"] or params["num_layers"] > 1:
        return ()
    return (Remark(
        "idle-dropout", "has dropout but a single layer: dropout acts only between its layers, so it does nothing",
        "Use two layers, or a Dropout node after this one.",
        (SetParams("Set dropout to 0", {"dropout": 0.0}), SetParams("Use 2 layers", {"num_layers": 2})),
        param="dropout"),)


def _padding(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    """One that reads forwards only, and gives all steps, gives them right as far as they count."""
    given, lengths = inputs
    if params["bidirectional"]:
        return checks.padding(given, lengths, "reads backwards from")
    return checks.padding(given, lengths, "ends with") if params["output"] == "last step" else ()


def _call(state: str, module: str, args: tuple[str, ...], params: Params) -> str:
    """All steps; or the state after the last step, of both directions side by side.

    The backward direction ends at the first step, so that the output at the last step would hold one step of it only.
    The forward direction need not know the lengths: padding changes nothing before it.
    """
    sequence, lengths = args
    has_lengths, takes_all = lengths != NO_ARGUMENT, params["output"] == "all steps"
    if params["bidirectional"] and has_lengths:
        steps = f"read_both_ways({module}, {sequence}, {lengths})"
        return steps if takes_all else f"last_both_ways({steps}, {lengths})"
    if params["bidirectional"] and not takes_all:
        return f"{module}({sequence}){state}[-2:].transpose(0, 1).flatten(1)"
    steps = f"{module}({sequence})[0]"
    if has_lengths:
        return f"{'zero_padding' if takes_all else 'last_valid'}({steps}, {lengths})"
    return steps if takes_all else f"{steps}[:, -1]"


def _recurrent(type: str, doc: str, *extra: Param, aliases: tuple[str, ...]) -> LayerSpec:
    gates, state = GATES[type], "[1][0]" if type == "LSTM" else "[1]"
    return LayerSpec(
        type=type, category="Recurrent", icon="repeat", doc=doc, width="hidden_size",
        inputs=(Port("input"), checks.LENGTHS), helpers=("sequences",),
        params=(
            Int(name="hidden_size", default=128, minimum=1, maximum=1_000_000_000, required=True,
                help="How many numbers it remembers from step to step."),
            Int(name="num_layers", default=1, minimum=1, maximum=1000, help="Layers stacked on one another."),
            *extra,
            Bool(name="bias", default=True, help="Add learned numbers to every gate."),
            Float(name="dropout", default=0.0, minimum=0.0, maximum=1.0,
                  help="The share set to zero between stacked layers while training."),
            Bool(name="bidirectional", default=False,
                 help="Read the sequence forwards and backwards; twice as many numbers come out."),
            Choice(name="output", default="last step", choices=("last step", "all steps"), argument=False,
                   help="What comes out: the state after the whole sequence, or the state at every step."),
        ),
        infer={"input_size": lambda inputs, params: inputs[0].sizes[1]},
        fixed={"batch_first": True},
        shape=_shape, remarks=_remarks,
        weights=lambda inputs, params: _weights(gates, inputs, params),
        multiply_adds=lambda inputs, outputs, params: gates * inputs[0].sizes[0] * _matrices(inputs, params),
        call=lambda module, args, params: _call(state, module, args, params),
        aliases=aliases,
    )


LAYERS = (
    _recurrent("LSTM", "Reads a sequence with a long short-term memory; good at long sequences.",
               aliases=("Long short-term memory", "Recurrent", "Sequence")),
    _recurrent("GRU", "Reads a sequence with gated memory; a lighter LSTM.",
               aliases=("Gated recurrent unit", "Recurrent", "Sequence")),
    _recurrent(
        "RNN", "Reads a sequence with a plain memory; forgets quickly.",
        Choice(name="nonlinearity", default="tanh", choices=("tanh", "relu"), help="The bend at every step."),
        aliases=("Elman", "SimpleRNN", "Recurrent", "Sequence"),
    ),
)

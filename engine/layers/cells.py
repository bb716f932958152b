"""A single step of a recurrent layer: what a network of one's own carries from step to step."""

from engine.layers import checks
from engine.layers.recurrent import GATES
from engine.layers.spec import NO_ARGUMENT, NOTHING, Arguments, Inputs, LayerSpec, Params, Port, SetParams, ShapeError
from engine.params import Bool, Choice, Int, Param
from engine.tensors import TensorSpec

STATES = {"h": "hidden state", "c": "cell state"}


def _shape(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    given, *states = inputs
    checks.axes(given, ("features",))
    width = params["hidden_size"]
    for port, state in zip(STATES, states, strict=False):
        if state is NOTHING:
            continue
        checks.axes(state, ("features",), port)
        if state.sizes != (width,):
            raise ShapeError(
                f"carries {width} numbers from step to step but gets {state.described()} as its {STATES[port]}",
                "Both must be the same.",
                (SetParams(f"Set hidden size to {state.sizes[0]}", {"hidden_size": state.sizes[0]}),), port=port,
                param="hidden_size", code="channels")
    if NOTHING in states and set(states) != {NOTHING}:
        port = list(STATES)[states.index(NOTHING)]
        raise ShapeError(f"gets only one of its two states: the {STATES[port]} is missing",
                         "Wire both, or none to begin with zeros.", port=port, code="state")
    return (TensorSpec((width,), ("features",)),) * len(states)


def _matrices(gates: int, inputs: Inputs, params: Params) -> int:
    return int(gates * params["hidden_size"] * (inputs[0].sizes[0] + params["hidden_size"]))


def _call(module: str, args: Arguments, params: Params) -> str:
    given, *states = args
    if NO_ARGUMENT in states:
        return f"{module}({given})"
    return f"{module}({given}, {states[0] if len(states) == 1 else '({})'.format(', '.join(states))})"


def _cell(type: str, doc: str, states: tuple[str, ...], *extra: Param, aliases: tuple[str, ...]) -> LayerSpec:
    gates = GATES[type.removesuffix("Cell")]
    return LayerSpec(
        type=type, category="Recurrent", icon="step-forward", doc=doc, width="hidden_size",
        inputs=(Port("input"), *(Port(name, optional=True, label=STATES[name]) for name in states)),
        outputs=tuple(Port(name, label=STATES[name]) for name in states),
        params=(
            Int(name="hidden_size", default=128, minimum=1, maximum=1_000_000_000, required=True,
                help="How many numbers it carries from step to step."),
            Bool(name="bias", default=True, help="Add learned numbers to every gate."),
            *extra,
        ),
        infer={"input_size": lambda inputs, params: inputs[0].sizes[0]},
        shape=_shape,
        weights=lambda inputs, params: (
            _matrices(gates, inputs, params) + 2 * gates * params["hidden_size"] * params["bias"]),
        multiply_adds=lambda inputs, outputs, params: _matrices(gates, inputs, params),
        call=_call, aliases=aliases,
    )


LAYERS = (
    _cell("LSTMCell", "One step of an LSTM: input and the two states before it make the two states after it.",
          ("h", "c"), aliases=("Long short-term memory", "Step", "Decoder step")),
    _cell("GRUCell", "One step of a GRU: input and the state before it make the state after it.", ("h",),
          aliases=("Gated recurrent unit", "Step", "Decoder step")),
    _cell("RNNCell", "One step of a plain recurrent layer: input and the state before it make the state after it.",
          ("h",), Choice(name="nonlinearity", default="tanh", choices=("tanh", "relu"), help="The bend at every step."),
          aliases=("Elman", "Step", "Decoder step")),
)

"""The declaration of a layer: palette, inspector, ports, shapes, problems, code and file follow from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from engine.params import Param, Value
from engine.tensors import TensorSpec

Role = Literal["input", "output", "layer", "loss", "metric"]
Params = Mapping[str, Value]
Inputs = tuple[TensorSpec, ...]
Arguments = tuple[str, ...]
Outputs = TensorSpec | tuple[TensorSpec, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """A place to wire to.

    variadic  it takes any number of wires, in the order in which they were drawn
    optional  it may stay without a wire. Such ports come last; one that is left free is `NOTHING` in the inputs of a
              layer, and `NO_ARGUMENT` in the arguments of its call
    label     what users read; the name where it is empty
    """

    name: str
    variadic: bool = False
    optional: bool = False
    label: str = ""

    @property
    def title(self) -> str:
        return self.label or self.name


NOTHING = TensorSpec((), (), "nothing")
"""What a layer gets from an optional port without a wire."""

NO_ARGUMENT = "None"
"""The same in code."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Fix: put a new node of `type` on wire number `wire` into `port` (the first input if empty)."""

    label: str
    type: str
    params: Params = field(default_factory=dict)
    port: str = ""
    wire: int = 0


@dataclass(frozen=True, slots=True)
class SetParams:
    """Fix: change settings of the node itself."""

    label: str
    params: Params


@dataclass(frozen=True, slots=True)
class Replace:
    """Fix: make the node another layer; settings of the same name are kept."""

    label: str
    type: str


@dataclass(frozen=True, slots=True)
class Resize:
    """Fix: change the width of the layer that feeds wire number `wire` into `port`, so that it carries `sizes`.

    Offered only where such a layer exists and the change gives exactly `sizes`; the label is made from what it changes.
    """

    sizes: tuple[int, ...]
    port: str = ""
    wire: int = 0


@dataclass(frozen=True, slots=True)
class Swap:
    """Fix: exchange the wires into the node's two input ports."""

    label: str


@dataclass(frozen=True, slots=True)
class WireLengths:
    """Fix: wire to `port` the lengths of the sequences that come in at `of`, from the Input that they come from.

    Layers between that make the sequences shorter are counted by a ConvLengths each. Offered only where that Input has
    lengths and they fit then.
    """

    port: str = "lengths"
    of: str = "input"


@dataclass(frozen=True, slots=True)
class Lengthen:
    """Fix: set the stride of layers before `port` to 1, the nearest first, until at least so many steps come in.

    Offered only where that is enough; the label is made from what it changes.
    """

    steps: int
    port: str = "input"
    wire: int = 0


Fix = Insert | SetParams | Replace | Resize | Swap | WireLengths | Lengthen


@dataclass(frozen=True, slots=True)
class Remark:
    """A legal but surprising use of a layer, found from its inputs and settings alone. Fields as in ShapeError.

    role  it only holds if what is wired to the port is of that role; "" for all
    """

    code: str
    message: str
    hint: str = ""
    fixes: tuple[Fix, ...] = ()
    port: str = ""
    param: str = ""
    role: Role | Literal[""] = ""


class ShapeError(Exception):
    """A layer cannot take these inputs. `message` continues "<node name> ": what was expected and what came.

    It has no full stop: the names of the nodes that feed the layer are added. `hint` says what to do; `fixes` are the
    one-click repairs; `port` and `param` name the culprit where there is one.
    """

    def __init__(self, message: str, hint: str = "", fixes: tuple[Fix, ...] = (), *, port: str = "", param: str = "",
                 code: str = "shape") -> None:
        super().__init__(message)
        self.message, self.hint, self.fixes, self.port, self.param, self.code = message, hint, fixes, port, param, code


def require_numbers(spec: TensorSpec, port: str = "input") -> None:
    """Raise ShapeError unless the tensor holds real numbers rather than class numbers, lengths or a mask."""
    if spec.dtype == "bool" or spec.steps is not None:
        what = "a mask" if spec.dtype == "bool" else "lengths of sequences"
        raise ShapeError(f"computes with real numbers but gets {what} {spec}",
                         f"Wire {what} to the ports of layers that are made for that.", port=port, code="dtype")
    if spec.dtype != "float32":
        classes = spec.classes or 1000
        embedding = Insert("Insert Embedding", "Embedding",
                           {"num_embeddings": classes, "embedding_dim": max(1, min(64, classes // 2))}, port)
        raise ShapeError(
            f"computes with real numbers but gets class numbers {spec}",
            "An Embedding turns each class number into a vector of learned numbers.", (embedding,), port=port,
            code="dtype")


def same_shape(inputs: Inputs, params: Params) -> TensorSpec:
    """Shape rule of layers that compute with numbers and change no shape."""
    require_numbers(inputs[0])
    return inputs[0]


def no_weights(inputs: Inputs, params: Params) -> int:
    return 0


def no_multiply_adds(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    """Elementwise layers count as zero, as is usual for counters of floating-point operations."""
    return 0


def no_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerSpec:
    """One kind of operation: one object, compared by identity. All callables are pure, closed-form and torch-free;
    params are always completed.

    type         name of the layer and of its torch class: the constructor is ``nn.<type>`` unless `constructor` says so
    constructor  the expression that is called to build the module; "" for an operation without a module
    params       typed settings, in the order of torch's signature
    variant      settings, as they stand in a file -> the declaration with the ports that they ask for; must not raise
    fixed        constructor arguments that the user never sees, such as batch_first=True
    infer        constructor arguments that come from the inputs, by name: nobody types in_features. None is left out
    positional   arguments written without their name, in torch's order; None: `infer`, then the required params
    width        the param that sets the size of the feature or channel axis, for repairs: "out_features"
    shape        (inputs, params) -> the spec of each output port (one, or a tuple of them); raises ShapeError
    weights      (inputs, params) -> number of learned weights
    multiply_adds (inputs, outputs, params) -> multiply-adds of one sample
    remarks      (inputs, params) -> what is legal but surprising; `shape` has accepted these inputs
    call         (module, args, params) -> the Python expression of the forward pass; module is "self.linear_1",
                 args are names of variables, one per wire; `NO_ARGUMENT` for an optional port without one. A layer
                 without inputs gets the number of samples and the device as expressions instead
    helpers      files of resources/code (without .py) whose functions and classes the constructor or the call uses:
                 their text becomes part of the emitted module
    is_random    its values are other ones each time
    aliases      other words people search for: "Dense", "Fully connected"
    unwanted     of a loss or metric: layer types that must not feed `prediction`, with the reason
    metrics      of a loss: metric types that are measured when the graph places none
    sums, value  of a metric: see `engine.layers.metrics`
    scales_with_target  of a metric: its value has the unit of the target column
    """

    type: str
    category: str
    doc: str
    icon: str = "box"
    role: Role = "layer"
    params: tuple[Param, ...] = ()
    inputs: tuple[Port, ...] = (Port("input"),)
    outputs: tuple[Port, ...] = (Port("output"),)
    variant: "Callable[[Params], LayerSpec] | None" = None
    constructor: str | None = None
    fixed: Mapping[str, Value] = field(default_factory=dict)
    infer: Mapping[str, Callable[[Inputs, Params], int | tuple[int, ...] | None]] = field(default_factory=dict)
    positional: tuple[str, ...] | None = None
    width: str = ""
    shape: Callable[[Inputs, Params], TensorSpec | tuple[TensorSpec, ...]] = same_shape
    weights: Callable[[Inputs, Params], int] = no_weights
    multiply_adds: Callable[[Inputs, Inputs, Params], int] = no_multiply_adds
    remarks: Callable[[Inputs, Params], tuple[Remark, ...]] = no_remarks
    call: Callable[[str, tuple[str, ...], Params], str] | None = None
    helpers: tuple[str, ...] = ()
    is_random: bool = False
    aliases: tuple[str, ...] = ()
    unwanted: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    sums: Callable[[tuple[str, ...], Inputs, Params], str] | None = None
    value: Callable[[Sequence[float]], float] | None = None
    scales_with_target: bool = False

    @property
    def module(self) -> str:
        """The constructor expression, "" for an operation without a module."""
        return f"nn.{self.type}" if self.constructor is None else self.constructor

    @property
    def takes_one(self) -> bool:
        """Whether a single wire is all that the layer needs."""
        return bool(self.inputs) and not self.inputs[0].variadic and all(port.optional for port in self.inputs[1:])

    def param(self, name: str) -> Param:
        return next(param for param in self.params if param.name == name)

    def defaults(self) -> dict[str, Value]:
        return {param.name: param.default for param in self.params}

    def input_port(self, name: str) -> Port | None:
        return next((port for port in self.inputs if port.name == name), None)

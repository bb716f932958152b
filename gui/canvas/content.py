"""What a card says: computed from the node, its layer's declaration and the analysis. No Qt."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from engine import layers
from engine.analysis import NodeReport
from engine.analysis.library import placed
from engine.graph import Edge, Node
from engine.layers.networks import COMPOSITES, SHARING
from engine.layers.spec import LayerSpec, Port
from engine.params import Bool, Choice, Param, Size, Text
from engine.problems import Problem
from engine.tensors import TensorSpec
from gui.widgets.labels import one_line

LONGEST_TEXT = 60

_KINDS = {"Inputs and outputs": "", "Activations": "Activation", "Losses": "Loss", "Metrics": "Metric"}
"""What one layer of a category is, where the category names many."""


@dataclass(frozen=True, slots=True)
class CardContent:
    """All that a card shows. Two equal contents look the same.

    state       "ok", "warning", "error" or "waiting"
    footer      the output shape, or what is wrong, or what the node waits for
    weight_set  the number of the colour of the weights that the node shares with others; None if it shares none
    copies      how often a network is repeated in a row
    is_frozen   the training plan leaves the weights of the node as they are
    """

    name: str
    category: str
    icon: str
    subtitle: str
    footer: str
    state: str
    tooltip: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    has_footer: bool
    weight_set: int | None = None
    copies: int = 1
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the content of a card depends on.

    touching   the wires at a node without a declaration
    is_inside  the node is in a network that only others use: wires bring in what its Inputs take, not the data
    """

    node: Node
    spec: LayerSpec | None
    report: NodeReport
    problems: tuple[Problem, ...]
    touching: tuple[Edge, ...] = ()
    weight_set: int | None = None
    is_inside: bool = False
    is_frozen: bool = False


def card_content(facts: Facts) -> CardContent:
    """The content of a node's card. A node that nobody can declare (no `spec`) has the ports that its wires name."""
    node, spec, report = facts.node, facts.spec, facts.report
    found = sorted(facts.problems, key=lambda problem: problem.severity != "error")
    if spec is None:
        inputs, outputs = _ports_of_wires(node.id, facts.touching)
        category, icon, subtitle = _undeclared(node)
    else:
        inputs, outputs = spec.inputs, spec.outputs
        category, icon, subtitle = spec.category, spec.icon, _subtitle(facts, spec)
    shows_shape = bool(outputs) or spec is None or spec.role == "output"
    footer = _footer(node.name, report, found, shows_shape)
    return CardContent(
        name=node.name,
        category=category,
        icon=icon,
        subtitle=one_line(subtitle, LONGEST_TEXT),
        footer=one_line(footer, LONGEST_TEXT),
        state=report.state,
        tooltip=_tooltip(facts, found),
        inputs=inputs,
        outputs=outputs,
        has_footer=shows_shape or bool(footer),
        weight_set=facts.weight_set if node.type in SHARING else None,
        copies=_copies(node),
        is_frozen=facts.is_frozen,
    )


@lru_cache(maxsize=4096)
def shape_text(tensor: TensorSpec) -> str:
    """A shape without its batch axis, as short as it is clear: "128", "32 × 28 × 28", "10 classes"."""
    if tensor.sizes:
        return " × ".join(str(size) for size in tensor.sizes)
    return f"{tensor.classes} classes" if tensor.classes else "class" if tensor.dtype == "int64" else "number"


def wire_tooltip(source: str, target: str, label: str, state: str) -> str:
    """What hovering over a wire tells."""
    notes = {"broken": "This shape does not fit. See the layer it leads to.", "waiting": "Waits for what comes before."}
    lines = [f"<b>{escape(source)}</b> → <b>{escape(target)}</b>", escape(label), notes.get(state, "")]
    return "<qt>" + "<br>".join(line for line in lines if line) + "</qt>"


def _ports_of_wires(node_id: str, touching: Iterable[Edge]) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    edges = tuple(touching)
    inputs = dict.fromkeys(edge.target_port for edge in edges if edge.target == node_id)
    outputs = dict.fromkeys(edge.source_port for edge in edges if edge.source == node_id)
    return tuple(Port(name) for name in inputs), tuple(Port(name) for name in outputs)


def _undeclared(node: Node) -> tuple[str, str, str]:
    """Category, icon and subtitle of a node of an unknown layer, or one that places a network that is not there."""
    declared = layers.find(node.type)
    if declared is None:
        return "", "circle-help", f"Unknown layer {node.type}"
    return declared.category, declared.icon, placed(node) or "no network chosen"


def _copies(node: Node) -> int:
    repeat = node.params.get("repeat", 1) if node.type in COMPOSITES else 1
    return repeat if isinstance(repeat, int) else 1


def _subtitle(facts: Facts, spec: LayerSpec) -> str:
    """The settings that matter; the layer's type first where the name does not tell it.

    The shape and classes of a source are its output shape, which the card shows below; an Input's column is mostly its
    name. What else a source has is all that tells it from others, and shown also where it is the default.
    """
    node = facts.node
    if node.type in COMPOSITES:
        times = f" × {_copies(node)}" if _copies(node) > 1 else ""
        return (spec.type if placed(node) == node.name else placed(node)) + times
    parts = [] if node.name.startswith(spec.type) else [spec.type]
    if spec.role == "input":
        column = "" if facts.is_inside else node.params.get("column", "")
        parts += [f"column {column}"] if column not in ("", node.name) else []
    elif not spec.inputs:
        parts += [_stated(param, node.params.get(param.name, param.default)) for param in spec.params
                  if not isinstance(param, Size)]
    else:
        parts += [text for param in spec.params
                  if (text := _param_text(param, node.params.get(param.name, param.default)))]
    return ", ".join(parts) or _KINDS.get(spec.category, spec.category)


def _param_text(param: Param, value: Any) -> str:
    """How a card names a setting; "" for one that is as it always is."""
    if value is None or value in ("", ()):
        return ""
    text = _value_text(param, value)
    if param.required or isinstance(param, Text):
        return text
    if value == param.default:
        return ""
    if isinstance(param, Bool):
        return param.label.lower() if value else f"no {param.label.lower()}"
    return _stated(param, value)


def _stated(param: Param, value: Any) -> str:
    """A setting with its name, which choices do not need: "value 0.9", "normal"."""
    text = _value_text(param, value)
    return text if isinstance(param, Choice) else f"{param.label.lower()} {text}"


def _value_text(param: Param, value: Any) -> str:
    if isinstance(param, Size) and isinstance(value, tuple | list):
        return "×".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _footer(name: str, report: NodeReport, problems: list[Problem], shows_shape: bool) -> str:
    if report.state == "error" and problems:
        return _as_state(problems[0].message.removeprefix(f"{name} ").removeprefix(f"{name}: "))
    if report.state == "waiting":
        return f"Waits for {report.waits_for or 'an input'}"
    tensor = next(iter(report.outputs.values()), None) or next(iter(report.inputs), None)
    return shape_text(tensor) if tensor and shows_shape else ""


def _as_state(message: str) -> str:
    """The rest of a sentence as a card shows it: "needs a wire." becomes "Needs a wire"."""
    return message[:1].upper() + message[1:].removesuffix(".")


def _tooltip(facts: Facts, problems: list[Problem]) -> str:
    node, spec, report = facts.node, facts.spec, facts.report
    parts = [f"<b>{escape(node.name)}</b> · {escape(node.type)}"]
    for problem in problems:
        hint = f"<br><i>{escape(problem.hint)}</i>" if problem.hint else ""
        parts.append(f"<b>{problem.severity.capitalize()}:</b> {escape(problem.message)}{hint}")
    if report.state == "waiting" and report.waits_for:
        parts.append(f"Waits for {escape(report.waits_for)}.")
    if spec is not None and not problems:
        parts.append(escape(spec.doc))
    titles = {port.name: port.title for port in spec.outputs} if spec else {}
    parts += [f"{escape(titles.get(port, port))}: {escape(tensor.described())}"
              for port, tensor in report.outputs.items()]
    if report.weights:
        parts.append(f"{report.weights:,} weights")
    if facts.is_frozen:
        parts.append("<b>Frozen:</b> the training leaves these weights as they are. The training plan (F8) says more.")
    return "<qt>" + "<br>".join(parts) + "</qt>"

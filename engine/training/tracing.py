"""Recording a computation as a flat graph of tensor operations, and making that graph quick to run.

The graph computes bit for bit what was recorded: nothing is reordered or replaced by another formula. Only bookkeeping
goes away: views of weights are made once, aliases and double transpositions vanish, gradients are written straight to
their place, and operations are called through torch's quickest binding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.experimental.proxy_tensor import make_fx

aten = torch.ops.aten

_ALIASES = {aten.detach.default, aten.alias.default}
_FRESH = {aten.lift_fresh_copy.default, aten.clone.default}
_CONSTANT = {aten.ones_like.default, aten.zeros_like.default}

_QUICK: dict[Any, Callable[..., Any]] = {
    aten.addmm.default: torch.addmm,
    aten.mm.default: torch.mm,
    aten.t.default: torch.t,
    aten.relu.default: torch.relu,
    aten.sigmoid.default: torch.sigmoid,
    aten.tanh.default: torch.tanh,
    aten.add.Tensor: torch.add,
    aten.sub.Tensor: torch.sub,
    aten.mul.Tensor: torch.mul,
    aten.div.Tensor: torch.div,
    aten.sum.default: torch.sum,
    aten.sum.dim_IntList: torch.sum,
    aten.mean.default: torch.mean,
    aten.argmax.default: torch.argmax,
    aten.eq.Tensor: torch.eq,
    aten.cat.default: torch.cat,
    aten.stack.default: torch.stack,
    aten._log_softmax.default: torch._log_softmax,
    aten.transpose.int: torch.transpose,
    aten.permute.default: torch.permute,
    aten.view.default: torch.reshape,
    aten.convolution.default: torch.convolution,
    aten.native_batch_norm.default: torch.native_batch_norm,
}
"""Bindings that parse their arguments in C instead of through the operator registry: 1 microsecond less a call."""

_WRITES_OUT: dict[Any, Callable[..., Any]] = {aten.mm.default: torch.mm, aten.sum.dim_IntList: torch.sum}


@dataclass(frozen=True)
class Traced:
    """`run(*batch, *constants)` computes the sums and writes the gradients.

    No argument asks for a gradient, so torch builds no graph of its own. It is called with gradients enabled all the
    same: oneDNN's recurrent layers keep what their backward pass needs only then.
    """

    run: Callable[..., Tensor]
    constants: tuple[Tensor, ...]
    operations: int


def trace(function: Callable[..., tuple[Tensor, Sequence[Tensor]]], example: Sequence[Tensor],
          places: Sequence[Tensor]) -> Traced:
    """Record `function(*example) -> (sums, gradients)`. The i-th gradient will be written into `places[i]`.

    Recording runs the function once: random numbers are drawn, and buffers such as running means move.
    """
    module = make_fx(function, tracing_mode="real")(*example)
    graph = module.graph
    lifted = _lift_constants(graph, module)
    _drop_bookkeeping(graph, lifted)
    _sweep(graph)
    _write_gradients(graph, lifted, places)
    _sweep(graph)
    _use_quick_bindings(graph)
    graph.lint()
    used = {node: value for node, value in lifted.items() if node.users}
    for node in lifted:
        if node not in used:
            graph.erase_node(node)
    compiled = fx.GraphModule(torch.nn.Module(), graph)
    return Traced(compiled.forward, tuple(used.values()), sum(node.op.startswith("call") for node in graph.nodes))


def _lift_constants(graph: fx.Graph, module: fx.GraphModule) -> dict[fx.Node, Tensor]:
    """Weights, buffers and literals become arguments, so that a run looks nothing up. Gives their values."""
    lifted: dict[fx.Node, Tensor] = {}
    known: dict[int, fx.Node] = {}
    for node in list(graph.nodes):
        if node.op == "get_attr":
            value = getattr(module, str(node.target))
            if id(value) not in known:
                known[id(value)] = _argument(graph, lifted, value)
            node.replace_all_uses_with(known[id(value)])
            graph.erase_node(node)
    return lifted


def _argument(graph: fx.Graph, lifted: dict[fx.Node, Tensor], value: Tensor) -> fx.Node:
    first = next(node for node in graph.nodes if node.op != "placeholder")
    with graph.inserting_before(first):
        node = graph.placeholder(f"constant_{len(lifted)}")
    lifted[node] = value.detach()
    return node


def _drop_bookkeeping(graph: fx.Graph, lifted: dict[fx.Node, Tensor]) -> None:
    """What only renames, copies or views something that stays the same over all steps."""
    for node in list(graph.nodes):
        if node.op != "call_function" or not isinstance(node.target, torch._ops.OpOverload):
            continue
        source: Any = node.args[0] if node.args else None
        same: Any = None
        if node.target in _ALIASES or (node.target in _FRESH and source in lifted and not _is_written(node)):
            same = source
        elif isinstance(source, fx.Node) and node.target is source.target is aten.t.default:
            same = source.args[0]
        elif node.target is aten.view.default and _shape(source) == _shape(node):
            same = source
        elif _is_view(node.target) and node.all_input_nodes == [source] and source in lifted:
            same = _argument(graph, lifted, node.target(lifted[source], *node.args[1:], **node.kwargs))
        elif node.target in _CONSTANT and not _is_written(node):
            same = _argument(graph, lifted, node.target(_alike(node.meta["val"])))
        if same is not None:
            node.replace_all_uses_with(same)
            graph.erase_node(node)


def _write_gradients(graph: fx.Graph, lifted: dict[fx.Node, Tensor], places: Sequence[Tensor]) -> None:
    """Products and sums are computed into their places; all other gradients are copied there at the end."""
    output = graph.output_node()
    result: Any = output.args[0]
    sums, gradients = result
    output.args = (sums,)
    copies: list[tuple[fx.Node, fx.Node]] = []
    for gradient, place in zip(gradients, places, strict=True):
        producer = gradient
        while producer.target is aten.view.default and len(producer.users) <= (producer is not gradient):
            producer = producer.args[0]
        alone = len(producer.users) <= (producer is not gradient) and gradients.count(gradient) == 1
        if producer.target in _WRITES_OUT and alone and place.is_contiguous():
            out = _argument(graph, lifted, place.view(_shape(producer)))
            with graph.inserting_before(producer):
                graph.call_function(_WRITES_OUT[producer.target], producer.args, {**producer.kwargs, "out": out})
        else:
            copies.append((_argument(graph, lifted, place), gradient))
    if copies:
        with graph.inserting_before(output):
            graph.call_function(torch._foreach_copy_, tuple(map(list, zip(*copies, strict=True))))


def _sweep(graph: fx.Graph) -> None:
    """Erase what nobody uses and what has no effect; drawing random numbers and moving running means are effects."""
    for node in reversed(list(graph.nodes)):
        if node.op != "call_function" or node.users:
            continue
        target = node.target
        is_pure = getattr(target, "__name__", "") == "getitem"
        if isinstance(target, torch._ops.OpOverload):
            is_pure = not (target._schema.is_mutable or torch.Tag.nondeterministic_seeded in target.tags
                           or "norm" in target._schema.name)
        if is_pure:
            graph.erase_node(node)


def _use_quick_bindings(graph: fx.Graph) -> None:
    for node in graph.nodes:
        if node.op == "call_function" and node.target in _QUICK:
            node.target = _QUICK[node.target]


def _is_view(target: torch._ops.OpOverload) -> bool:
    """Of one tensor; a list of views, as split gives, is none."""
    returns = target._schema.returns
    is_tensor = len(returns) == 1 and isinstance(returns[0].type, torch.TensorType)
    return is_tensor and returns[0].alias_info is not None and not returns[0].alias_info.is_write


def _is_written(node: fx.Node) -> bool:
    """Some operation changes it in place."""
    return any(isinstance(user.target, torch._ops.OpOverload) and user.target._schema.is_mutable for user in node.users)


def _shape(node: Any) -> Any:
    value = node.meta.get("val") if isinstance(node, fx.Node) else None
    return None if value is None else value.shape


def _alike(described: Tensor) -> Tensor:
    """A real tensor with the form of the symbolic one that tracing noted."""
    return torch.empty_strided(described.shape, described.stride(), dtype=described.dtype, device=described.device)

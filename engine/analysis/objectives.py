"""The repair of a network without a loss: which loss, wired to what."""

from collections.abc import Mapping

from engine.analysis import placing
from engine.analysis.report import NodeReport
from engine.analysis.wiring import Wiring
from engine.graph import Edge, Graph
from engine.layers import CATALOGUE
from engine.problems import Repair
from engine.project import Column
from engine.starter import input_params
from engine.tensors import TensorSpec

Port = tuple[str, str]


def loss_repairs(wired: Wiring, reports: Mapping[str, NodeReport], columns: tuple[Column, ...]) -> tuple[Repair, ...]:
    """Add a loss to the network's last output, with the data's target column; () if nothing computes a prediction."""
    prediction = _prediction(wired, reports)
    if prediction is None:
        return ()
    made = reports[prediction[0]].outputs[prediction[1]]
    targets = [column for column in columns if column.role == "target"]
    if not targets:
        return (_adding("CrossEntropy", prediction, None, made), _adding("MSE", prediction, None, made))
    return tuple(_adding(_loss_for(column, made), prediction, column, made) for column in targets)


def _prediction(wired: Wiring, reports: Mapping[str, NodeReport]) -> Port | None:
    """What an Output node shows, else the last result that nothing uses."""
    for node_id in reversed(wired.order):
        edges = wired.into.get(node_id, ())
        if wired.nodes[node_id].type == "Output" and edges and reports[edges[0].source].outputs:
            return edges[0].source, edges[0].source_port
    for node_id in reversed(wired.order):
        spec, report = wired.specs[node_id], reports[node_id]
        if spec and spec.role == "layer" and report.outputs and not wired.out_of.get(node_id):
            return node_id, next(iter(report.outputs))
    return None


def _loss_for(column: Column, prediction: TensorSpec) -> str:
    if column.kind != "category":
        return "MSE"
    is_binary = len(column.classes) == 2 and prediction.elements == 1
    return "BCEWithLogits" if is_binary else "CrossEntropy"


def _adding(type: str, prediction: Port, column: Column | None, made: TensorSpec) -> Repair:
    label = f"Add {type} with the target {column.name}" if column else f"Add {type} and an Input for its target"
    return Repair(label, lambda graph: _with_loss(graph, type, prediction, column, made))


def _with_loss(graph: Graph, type: str, prediction: Port, column: Column | None, made: TensorSpec) -> Graph:
    """A loss right of the prediction, and below that the Input of its target: an unused one, else a new one."""
    if prediction[0] not in graph:
        return graph
    x, y = graph.node(prediction[0]).position
    beyond = x + placing.COLUMN * (2 if graph.out_of(prediction[0]) else 1)
    graph, target = _target(graph, type, column, made, (x, y + placing.ROW))
    loss = graph.new_node(type, CATALOGUE[type].defaults(), placing.free_position(graph, (beyond, y)))
    return graph.add(loss).connect(Edge(*prediction, loss.id, "prediction")).connect(
        Edge(target, "output", loss.id, "target"))


def _target(graph: Graph, type: str, column: Column | None, made: TensorSpec,
            position: tuple[float, float]) -> tuple[Graph, str]:
    wanted = input_params(column) if column else _target_params(type, made)
    for node in graph.nodes:
        if node.type == "Input" and not graph.out_of(node.id) and node.params.get("column") == wanted["column"]:
            return graph.set_params(node.id, wanted), node.id
    node = graph.new_node("Input", wanted, placing.free_position(graph, position))
    return graph.add(node), node.id


def _target_params(type: str, made: TensorSpec) -> dict[str, object]:
    """The settings of a target that fits a prediction while no data is chosen."""
    if type == "CrossEntropy":
        classes = made.sizes[0] if made.rank else 0
        return {"column": "", "shape": made.sizes[1:], "values": "classes", "classes": classes}
    return {"column": "", "shape": made.sizes, "values": "numbers", "classes": 0}

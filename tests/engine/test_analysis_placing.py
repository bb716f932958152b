"""Where repairs put new nodes: between their neighbours, on top of nothing."""

from itertools import combinations

from engine.analysis import analyze
from engine.graph import Graph
from tests.engine.drawing import COLUMNS, chain, image, perceptron


def repaired(graph: Graph, label: str, columns=()) -> Graph:
    repairs = [repair for problem in analyze(graph, columns).problems for repair in problem.repairs]
    return next(repair for repair in repairs if repair.label == label).edit(graph)


def overlapping(graph: Graph) -> list[tuple[str, str]]:
    """Pairs of nodes, each 160 x 60, that lie on one another."""
    return [(a.id, b.id) for a, b in combinations(graph.nodes, 2)
            if abs(a.position[0] - b.position[0]) < 160 and abs(a.position[1] - b.position[1]) < 60]


def test_a_new_node_stands_between_its_neighbours_and_those_behind_move_right() -> None:
    graph = chain(image(784), "Conv2d", "ReLU", "Output")
    after = repaired(graph, "Insert Reshape to (1, 28, 28)")
    places = {node.id: node.position[0] for node in after.nodes}
    assert places == {"input_1": 0, "reshape_1": 220, "conv2d_1": 440, "relu_1": 660, "output_1": 880}
    assert not overlapping(after)
    assert [(edge.source, edge.target) for edge in after.edges] == [
        ("input_1", "reshape_1"), ("reshape_1", "conv2d_1"), ("conv2d_1", "relu_1"), ("relu_1", "output_1")]


def test_where_there_is_room_nothing_moves() -> None:
    graph = chain(image(784), "Conv2d").move({"conv2d_1": (800.0, 100.0)})
    after = repaired(graph, "Insert Reshape to (1, 28, 28)")
    assert after.node("conv2d_1").position == (800.0, 100.0)
    assert after.node("reshape_1").position == (400.0, 50.0)


def test_a_new_node_does_not_cover_another() -> None:
    graph = chain("Tanh", graph=chain(image(784), "Conv2d").move({"conv2d_1": (440.0, 0.0)}))
    graph = graph.move({"tanh_1": (230.0, 10.0)})
    assert not overlapping(repaired(graph, "Insert Reshape to (1, 28, 28)"))


def test_a_new_loss_stands_right_of_the_output_with_its_target_below() -> None:
    graph = chain(image(), "Flatten", ("Linear", {"out_features": 10}), "Output")
    after = repaired(graph, "Add CrossEntropy with the target label", COLUMNS)
    assert analyze(after, COLUMNS).problems == ()
    assert after.node("crossentropy_1").position[0] > after.node("linear_1").position[0]
    assert after.node("input_2").position[1] > after.node("linear_1").position[1]
    assert not overlapping(after)


def test_a_target_that_is_already_placed_is_used() -> None:
    graph = perceptron().remove(("crossentropy_1",))
    after = repaired(graph, "Add CrossEntropy with the target label", COLUMNS)
    assert sum(node.type == "Input" for node in after.nodes) == 2
    assert analyze(after, COLUMNS).problems == ()


def test_softmax_that_something_else_needs_is_passed_by_and_stays() -> None:
    graph = perceptron().remove(("crossentropy_1",))
    graph = chain("Softmax", "CrossEntropy", graph=graph, after="linear_2")
    graph = chain("Output", graph=graph, after="softmax_1")
    after = repaired(graph, "Remove Softmax 1: CrossEntropy expects plain scores")
    assert "softmax_1" in after
    assert [edge.source for edge in after.into("crossentropy_1", "prediction")] == ["linear_2"]


def test_removing_a_dead_branch_leaves_what_others_need() -> None:
    graph = chain("Tanh", "Sigmoid", graph=perceptron(), after="relu_1")
    after = repaired(graph, "Remove Sigmoid 1 and what leads only to it")
    assert after == perceptron()


def test_another_layer_keeps_the_settings_it_shares_and_gets_a_fitting_name() -> None:
    graph = perceptron().set_params("input_2", {"values": "numbers", "classes": 0, "column": "y"})
    after = repaired(graph, "Use MSE instead").node("crossentropy_1")
    assert (after.type, after.name, after.params) == ("MSE", "MSE 1", {"weight": 1.0})

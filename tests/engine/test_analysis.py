"""What analyze says of sound and unsound networks: shapes, costs, order, colours of wires."""

import resource

from engine.analysis import analyze
from engine.graph import Edge, Graph
from engine.layers.spec import NOTHING
from engine.tensors import TensorSpec
from tests.engine.drawing import COLUMNS, chain, classifier, image, label, perceptron, regression, wire


def test_the_perceptron_is_sound() -> None:
    analysis = analyze(perceptron(), COLUMNS)
    assert analysis.problems == ()
    assert analysis.weights == 784 * 128 + 128 + 128 * 10 + 10
    assert analysis.multiply_adds == 784 * 128 + 128 * 10
    assert (analysis.inputs, analysis.targets) == (("input_1",), ("input_2",))
    assert analysis.outputs == (("linear_2", "output"),)
    assert all(report.state == "ok" for report in analysis.nodes.values())
    assert analysis.nodes["flatten_1"].outputs["output"].sizes == (784,)
    assert analysis.nodes["linear_2"].outputs["output"].sizes == (10,)
    assert analysis.nodes["linear_1"].memory == 128 * 4
    assert analysis.nodes["crossentropy_1"].inputs == (
        TensorSpec((10,), ("features",)), TensorSpec((), dtype="int64", classes=10), NOTHING)


def test_order_puts_every_node_after_those_it_depends_on() -> None:
    graph = perceptron()
    order = analyze(graph).order
    assert sorted(order) == sorted(node.id for node in graph.nodes)
    assert all(order.index(edge.source) < order.index(edge.target) for edge in graph.edges)


def test_order_of_the_nodes_in_the_file_does_not_matter() -> None:
    graph = perceptron()
    backwards = Graph(tuple(reversed(graph.nodes)), tuple(reversed(graph.edges)))
    assert analyze(backwards, COLUMNS).problems == ()
    assert analyze(backwards).weights == analyze(graph).weights


def test_an_autoencoder_is_sound_and_its_input_is_both() -> None:
    graph = chain(image(64), ("Linear", {"out_features": 8}), "ReLU", ("Linear", {"out_features": 64}), "MSE")
    analysis = analyze(wire(graph, "input_1", "mse_1", "target"))
    assert analysis.problems == ()
    assert (analysis.inputs, analysis.targets) == (("input_1",), ())


def test_output_nodes_come_first_among_the_outputs_and_each_tensor_once() -> None:
    graph = chain("Output", graph=perceptron(), after="relu_1")
    graph = chain("Output", graph=graph, after="linear_2")
    assert analyze(graph).outputs == (("relu_1", "output"), ("linear_2", "output"))


def test_a_computed_target_is_an_output_of_the_network() -> None:
    graph = chain(image(8), ("Linear", {"out_features": 8}), "MSE")
    graph = chain("Tanh", graph=graph, after="input_1")
    analysis = analyze(wire(graph, "tanh_1", "mse_1", "target"))
    assert analysis.outputs == (("linear_1", "output"), ("tanh_1", "output"))


def test_only_what_leads_to_an_output_is_counted() -> None:
    graph = chain(("Linear", {"out_features": 999}), graph=perceptron(), after="flatten_1")
    analysis = analyze(graph)
    assert analysis.nodes["linear_3"].weights == 785 * 999
    assert analysis.weights == analyze(perceptron()).weights


def test_a_network_without_a_loss_can_be_built_but_not_trained() -> None:
    analysis = analyze(chain(image(), "Flatten", "Linear", "Output"), COLUMNS)
    assert [problem.code for problem in analysis.problems] == ["no-loss"]
    assert analysis.errors
    assert not analysis.faults
    assert analysis.outputs == (("linear_1", "output"),)


def test_an_empty_graph_gets_one_friendly_hint() -> None:
    for columns in ((), COLUMNS):
        analysis = analyze(Graph(), columns)
        assert [problem.severity for problem in analysis.problems] == ["warning"]


def test_the_first_broken_wire_is_red_and_what_follows_waits_for_its_target() -> None:
    graph = classifier(("Conv2d", {"kernel_size": (40, 40)}), "ReLU", "Flatten", ("Linear", {"out_features": 10}))
    analysis = analyze(graph)
    assert analysis.broken == {Edge("input_1", "output", "conv2d_1", "input")}
    assert {edge.source for edge in analysis.waiting} == {"conv2d_1", "relu_1", "flatten_1", "linear_1"}
    assert analysis.nodes["conv2d_1"].state == "error"
    for node_id in ("relu_1", "flatten_1", "linear_1", "crossentropy_1"):
        assert analysis.nodes[node_id].state == "waiting"
        assert analysis.nodes[node_id].waits_for == "Conv2d 1"
    assert [problem.node for problem in analysis.problems] == ["conv2d_1"]


def test_a_message_names_both_nodes_and_both_shapes() -> None:
    graph = chain(image(), "Flatten", ("Conv2d", {}))
    problem = analyze(graph).problems[0]
    assert problem.message == ("Conv2d 1 expects a picture (batch, channels, height, width) but gets "
                               "(batch, features 784) (from Flatten 1).")
    assert [repair.label for repair in problem.repairs] == ["Insert Reshape to (1, 28, 28)"]


def test_nodes_behind_a_circle_wait_for_it() -> None:
    graph = wire(chain(image(8), "Add", "Linear", "ReLU", "Tanh"), "relu_1", "add_1", "inputs")
    analysis = analyze(graph)
    assert analysis.nodes["input_1"].state == "ok"
    assert [n for n, report in analysis.nodes.items() if report.state == "error"] == ["add_1"]
    assert analysis.nodes["tanh_1"].waits_for == "Add 1"
    assert analysis.broken == {Edge("relu_1", "output", "add_1", "inputs")}
    assert Edge("relu_1", "output", "tanh_1", "input") in analysis.waiting


def test_the_worst_problem_colours_a_node() -> None:
    analysis = analyze(classifier("Flatten", ("Linear", {"out_features": 9}), "Softmax"), COLUMNS)
    assert {p.code for p in analysis.problems if p.node == "crossentropy_1"} == {"classes", "softmax-before-loss"}
    assert analysis.nodes["crossentropy_1"].state == "error"
    assert [problem.severity for problem in analysis.problems] == ["error", "warning"]


def test_lists_from_a_file_mean_the_same_as_tuples() -> None:
    graph = classifier("Flatten", ("Linear", {"out_features": 10}))
    read = graph.set_params("input_1", {"shape": [1, 28, 28]})
    assert analyze(read, COLUMNS).problems == ()
    assert analyze(read).nodes == analyze(graph).nodes


def test_missing_settings_have_their_defaults() -> None:
    graph = chain(image(), ("Conv2d", {}), "Output").update("conv2d_1", params={"out_channels": 4})
    assert analyze(graph).nodes["conv2d_1"].outputs["output"].sizes == (4, 26, 26)


def test_an_edit_changes_what_it_should_and_nothing_else() -> None:
    graph = perceptron()
    before = analyze(graph)
    after = analyze(graph.set_params("linear_1", {"out_features": 64}))
    assert after.nodes["linear_2"].weights == 64 * 10 + 10
    assert after.nodes["flatten_1"] is before.nodes["flatten_1"]
    assert analyze(graph) == before


def test_moving_and_renaming_change_nothing() -> None:
    graph = perceptron()
    moved = graph.move({"linear_1": (5.0, 5.0)})
    assert analyze(moved).nodes == analyze(graph).nodes


def test_a_chain_of_twenty_thousand_nodes_is_analysed() -> None:
    nodes = chain(image(8)).nodes
    template = chain(image(8), "ReLU").nodes[1]
    nodes += tuple(type(template)(f"r{i}", "ReLU", f"ReLU {i}", template.params) for i in range(20_000))
    edges = (Edge("input_1", "output", "r0", "input"),
             *(Edge(f"r{i}", "output", f"r{i + 1}", "input") for i in range(19_999)))
    analysis = analyze(Graph(nodes, edges))
    assert analysis.nodes["r19999"].outputs["output"].sizes == (8,)
    circle = analyze(Graph(nodes, (*edges[1:], Edge("r19999", "output", "r0", "input"))))
    assert circle.problems[0].code == "cycle"
    assert len(circle.problems[0].message) < 300


def test_networks_too_large_for_any_computer_are_refused_without_allocating() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wide = analyze(chain(image(10**9), ("Linear", {"out_features": 10**9}), "Output"))
    assert wide.weights == 10**18 + 10**9
    assert "16 EB" in wide.problems[0].message
    deep = analyze(chain(image(4096, 900, 900), *[("Conv2d", {"out_channels": 4096})] * 400, "Output"))
    assert next(problem for problem in deep.problems if problem.code == "memory").severity == "error"
    picture = analyze(chain(image(3, 10**6, 10**6), ("Conv2d", {"out_channels": 64}), "Output"))
    assert picture.problems[0].code == "memory"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_two_losses_share_a_network() -> None:
    graph = regression("Linear", "ReLU", ("Linear", {"out_features": 1}))
    graph = wire(wire(chain("L1", graph=graph), "linear_2", "l1_1", "prediction"), "input_2", "l1_1", "target")
    analysis = analyze(graph)
    assert analysis.problems == ()
    assert analysis.outputs == (("linear_2", "output"),)
    assert analysis.targets == ("input_2",)


def test_an_unused_input_is_no_target() -> None:
    analysis = analyze(chain(label(), graph=perceptron()))
    assert analysis.targets == ("input_2",)
    assert [problem.code for problem in analysis.problems] == ["dead-branch"]


def test_settings_that_contradict_each_other_do_not_redden_the_wire() -> None:
    analysis = analyze(chain(image(), ("MaxPool2d", {"padding": (2, 2)}), "Output"))
    assert analysis.problems[0].message == "MaxPool2d 1 has more padding than half its window."
    assert not analysis.broken
    assert analysis.nodes["output_1"].waits_for == "MaxPool2d 1"

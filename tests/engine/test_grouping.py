"""Networks made of a selection and taken apart again: nothing that is computed or learned changes."""

from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.analysis.survey import survey
from engine.composition import CompositionError, free_graph_name
from engine.graph import Edge, Graph, Node
from engine.grouping import STAYING, make_network, ungroup
from engine.layers import CATALOGUE
from engine.plan import Phase
from engine.project import Project
from tests.engine.designs import sound_designs


def node(node_id: str, type: str, place: tuple[float, float] = (0.0, 0.0), **params: object) -> Node:
    return Node(node_id, type, node_id.replace("_", " ").capitalize(), params, place)


def wires(*pairs: str) -> tuple[Edge, ...]:
    """Wires as "linear_1 relu_1", with ports where they are not "output" and "input": "lstm_1:h_n add_1:inputs"."""
    ends = ([end.partition(":") for end in pair.split()] for pair in pairs)
    return tuple(Edge(a[0], a[2] or "output", b[0], b[2] or "input") for a, b in ends)


CHAIN = Graph(
    (node("input_1", "Input", shape=(8,)), node("linear_1", "Linear", (220, 0), out_features=6),
     node("relu_1", "ReLU", (440, 0)), node("linear_2", "Linear", (660, 0), out_features=4),
     node("mse_1", "MSE", (880, 0)), node("input_2", "Input", (660, 140), shape=(4,))),
    wires("input_1 linear_1", "linear_1 relu_1", "relu_1 linear_2", "linear_2 mse_1:prediction",
          "input_2 mse_1:target"))
RESIDUAL = Graph(
    (node("input_1", "Input", shape=(8,)), node("linear_1", "Linear", (220, 0), out_features=8),
     node("relu_1", "ReLU", (440, 0)), node("add_1", "Add", (660, 0)), node("output_1", "Output", (880, 0))),
    wires("input_1 linear_1", "linear_1 relu_1", "relu_1 add_1:inputs", "linear_1 add_1:inputs", "add_1 output_1"))


def total(project: Project) -> tuple[int, list[str]]:
    """Weights of the first graph, and what stands against building it."""
    found = survey(project)
    return found.analyses[project.main].weights, [fault.message for fault in found.faults]


def test_a_network_takes_the_layers_and_leaves_data_and_losses_outside() -> None:
    project = Project({"Main": CHAIN})
    made, placement = make_network(project, "Main", [n.id for n in CHAIN.nodes], "Network", "Body")
    outer, inner = made.graphs["Main"], made.graphs["Body"]
    assert {n.id for n in outer.nodes} == {"input_1", "input_2", "mse_1", placement}
    assert outer.node(placement).params["graph"] == "Body"
    assert outer.node(placement).name == "Body"
    assert {n.type for n in inner.nodes} == {"Input", "Linear", "ReLU", "Output"}
    assert inner.node("linear_1") == CHAIN.node("linear_1")
    entered = next(n for n in inner.nodes if n.type == "Input")
    assert (entered.name, entered.params["shape"], entered.params["column"]) == ("Input 1", (8,), "")
    assert total(made) == total(project)


def test_ungroup_brings_back_the_very_same_drawing() -> None:
    project = Project({"Main": CHAIN})
    made, placement = make_network(project, "Main", ["linear_1", "relu_1"], "Network", "Body")
    back, fresh = ungroup(made, "Main", placement)
    assert set(fresh) == {"linear_1", "relu_1"}
    assert list(back.graphs) == ["Main"]
    assert back.graphs["Main"].by_id() == CHAIN.by_id()
    assert set(back.graphs["Main"].edges) == set(CHAIN.edges)


def test_a_source_that_is_used_twice_enters_and_leaves_once() -> None:
    made, placement = make_network(Project({"Main": RESIDUAL}), "Main", ["relu_1", "add_1"], "Block", "Tail")
    assert made.graphs["Main"].into(placement) == (
        Edge("linear_1", "output", placement, made.graphs["Tail"].nodes[2].id),)
    split, placement = make_network(Project({"Main": RESIDUAL}), "Main", ["linear_1"], "Block", "Head")
    assert {edge.source_port for edge in split.graphs["Main"].out_of(placement)} == {"output_1"}
    assert total(split) == total(Project({"Main": RESIDUAL}))


def test_the_order_of_wires_into_a_port_is_kept() -> None:
    graph = Graph(
        (node("input_1", "Input", shape=(3,)), node("relu_1", "ReLU", (220, 0)), node("tanh_1", "Tanh", (220, 200)),
         node("concat_1", "Concat", (440, 0)), node("output_1", "Output", (660, 0))),
        wires("input_1 relu_1", "input_1 tanh_1", "tanh_1 concat_1:inputs", "input_1 concat_1:inputs",
              "relu_1 concat_1:inputs", "concat_1 output_1"))
    made, placement = make_network(Project({"Main": graph}), "Main", ["concat_1"], "Network", "Join")
    inner = made.graphs["Join"]
    names = [inner.node(edge.source).name for edge in inner.into("concat_1")]
    assert names == ["Tanh 1", "Input 1", "Relu 1"]
    back, _ = ungroup(made, "Main", placement)
    assert back.graphs["Main"].into("concat_1") == graph.into("concat_1")


def test_lengths_enter_with_the_sequences_they_are_of() -> None:
    graph = Graph(
        (node("input_1", "Input", shape=(7, 5), axes="time, features", lengths=True),
         node("lstm_1", "LSTM", (220, 0), hidden_size=4), node("output_1", "Output", (440, 0))),
        wires("input_1 lstm_1", "input_1:lengths lstm_1:lengths", "lstm_1 output_1"))
    if CATALOGUE["LSTM"].input_port("lengths") is None:
        pytest.skip("recurrent layers take no lengths yet")
    made, placement = make_network(Project({"Main": graph}), "Main", ["lstm_1"], "Network", "Reader")
    inputs = [n for n in made.graphs["Reader"].nodes if n.type == "Input"]
    assert [n.params["lengths"] for n in inputs] == [True]
    assert {e.target_port for e in made.graphs["Main"].into(placement)} == {inputs[0].id, inputs[0].id + ".lengths"}
    assert total(made) == total(Project({"Main": graph}))


@pytest.mark.parametrize(("chosen", "reason"), [
    ([], "nothing to make"), (["input_1", "mse_1"], "nothing to make"),
    (["linear_1", "linear_2"], "Relu 1 lies between"),
])
def test_what_cannot_be_a_network_is_explained(chosen: list[str], reason: str) -> None:
    with pytest.raises(CompositionError, match=reason) as refused:
        make_network(Project({"Main": CHAIN}), "Main", chosen, "Network", "Body")
    assert refused.value.hint


def test_what_enters_must_be_known() -> None:
    graph = CHAIN.disconnect(*CHAIN.into("linear_1"))
    with pytest.raises(CompositionError, match="Relu 1 passes"):
        make_network(Project({"Main": graph}), "Main", ["linear_2"], "Network", "Body")


def test_a_network_that_is_placed_elsewhere_stays() -> None:
    made, placement = make_network(Project({"Main": CHAIN}), "Main", ["linear_1", "relu_1"], "Network", "Body")
    twice = made.with_graph("Other", Graph((node("network_1", "Network", graph="Body"),)))
    back, _ = ungroup(twice, "Main", placement)
    assert "Body" in back.graphs
    assert total(back) == total(Project({"Main": CHAIN}))


def test_copies_in_a_row_are_drawn_one_after_the_other() -> None:
    graph = Graph(
        (node("input_1", "Input", shape=(8,)), node("linear_1", "Linear", (220, 0), out_features=8),
         node("relu_1", "ReLU", (440, 0)), node("output_1", "Output", (660, 0))),
        wires("input_1 linear_1", "linear_1 relu_1", "relu_1 output_1"))
    made, placement = make_network(Project({"Main": graph}), "Main", ["linear_1", "relu_1"], "Block", "Layer")
    repeated = made.with_graph("Main", made.graphs["Main"].set_params(placement, {"repeat": 3}))
    back, fresh = ungroup(repeated, "Main", placement)
    assert len(fresh) == 6
    assert total(back) == total(repeated)
    assert [n.name for n in back.graph.nodes if n.type == "Linear"] == ["Linear 1", "Linear 2", "Linear 3"]


@pytest.mark.parametrize("placement", [
    node("loop_1", "Loop", graph="Main"), node("network_1", "Network", graph="Missing"),
    node("network_1", "Network", graph="Main"), node("relu_1", "ReLU"),
])
def test_what_cannot_be_ungrouped_is_explained(placement: Node) -> None:
    project = Project({"Main": CHAIN, "Other": Graph((placement,))})
    if placement.params.get("graph") == "Main" and placement.type == "Network":
        project = project.with_graph("Main", CHAIN.add(node("network_9", "Network", graph="Other")))
    with pytest.raises(CompositionError) as refused:
        ungroup(project, "Other", placement.id)
    assert refused.value.hint


def test_other_nodes_move_aside_when_layers_come_back() -> None:
    made, placement = make_network(Project({"Main": CHAIN}), "Main", ["linear_1", "relu_1", "linear_2"], "Network", "B")
    close = made.with_graph("Main", made.graphs["Main"].move({placement: (220, 0), "mse_1": (440, 0)}))
    back, _ = ungroup(close, "Main", placement)
    places = [n.position for n in back.graph.nodes]
    assert not any(abs(a - c) < 170 and abs(b - d) < 70 for i, (a, b) in enumerate(places) for c, d in places[i + 1:])


def test_the_plan_says_of_a_network_what_it_said_of_its_layers() -> None:
    plan = (Phase("One", "Main", {"Main": 1.0, "Main/linear_1": 0.0}), Phase("Two", "Main"))
    project = Project({"Main": CHAIN}, plan=plan, starts={"Main/linear_1": "a.safetensors"})
    made, placement = make_network(project, "Main", ["linear_1", "relu_1"], "Network", "Body")
    assert made.plan[0].updates == {"Main": 1.0, "Body": 1.0, "Body/linear_1": 0.0}
    assert made.plan[1].updates == {}
    assert made.starts == {"Body/linear_1": "a.safetensors"}
    back, _ = ungroup(made, "Main", placement)
    assert (back.plan, back.starts) == (project.plan, project.starts)


def test_a_frozen_block_stays_frozen_and_what_a_block_cannot_be_is_refused() -> None:
    plan = (Phase("One", "Main", {"Main": 1.0, "Main/linear_1": 0.0}),)
    project = Project({"Main": CHAIN}, plan=plan)
    made, placement = make_network(project, "Main", ["linear_1", "relu_1"], "Block", "Body")
    assert made.plan[0].updates == {"Main": 1.0, f"Main/{placement}": 0.0}
    back, _ = ungroup(made, "Main", placement)
    assert back.plan == plan
    with pytest.raises(CompositionError, match="differently"):
        make_network(project, "Main", ["linear_1", "relu_1", "linear_2"], "Block", "Body")
    with pytest.raises(CompositionError, match="weights file"):
        make_network(project.replace(starts={"Main/linear_1": "a"}), "Main", ["linear_1"], "Block", "Body")


@settings(deadline=None)
@given(sound_designs(), st.data())
def test_grouping_and_ungrouping_change_nothing_that_is_computed(project: Project, data: st.DataObject) -> None:
    graph, main = project.graph, project.main
    assume(main)
    movable = [n.id for n in graph.nodes if n.type not in STAYING]
    chosen = data.draw(st.lists(st.sampled_from(movable), min_size=1, unique=True))
    kind, name = data.draw(st.sampled_from(["Network", "Block"])), free_graph_name(project, "Body")
    try:
        made, placement = make_network(project, main, chosen, kind, name)
    except CompositionError:
        return
    before, during = survey(project).analyses[main], survey(made).analyses[main]
    assert not during.faults
    inside = survey(made).analyses[name].nodes.values()
    assert sum(report.weights for report in inside) == sum(before.nodes[n].weights for n in chosen)
    assert all(during.nodes[n.id].outputs == before.nodes[n.id].outputs for n in graph.nodes if n.id not in chosen)
    back, _ = ungroup(made, main, placement)
    after = survey(back).analyses[main]
    assert list(back.graphs) == [main]
    assert {n.id: (n.type, n.params) for n in back.graph.nodes} == {n.id: (n.type, n.params) for n in graph.nodes}
    assert Counter(back.graph.edges) == Counter(graph.edges)
    assert all(back.graph.into(e.target, e.target_port) == graph.into(e.target, e.target_port) for e in graph.edges)
    assert {n: report.outputs for n, report in after.nodes.items()} == {
        n: report.outputs for n, report in before.nodes.items()}
    assert after.weights == before.weights

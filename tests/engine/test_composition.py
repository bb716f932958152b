"""Edits of a project's graphs: what names a graph follows it, and what cannot be done is explained."""

import pytest

from engine.analysis.survey import survey
from engine.composition import (
    CompositionError,
    add_graph,
    duplicate_graph,
    free_graph_name,
    place_graph,
    placing,
    remove_graph,
    rename_graph,
    reorder_graphs,
)
from engine.graph import Edge, Graph, Node
from engine.plan import Phase
from engine.project import Project

BODY = Graph(
    (Node("input_1", "Input", "x", {"shape": (8,)}), Node("linear_1", "Linear", "Linear 1", {"out_features": 8}),
     Node("output_1", "Output", "y")),
    (Edge("input_1", "output", "linear_1", "input"), Edge("linear_1", "output", "output_1", "input")))
MAIN = Graph(
    (Node("input_1", "Input", "x", {"shape": (8,)}), Node("network_1", "Network", "Body", {"graph": "Body"}),
     Node("output_1", "Output", "y")),
    (Edge("input_1", "output", "network_1", "input_1"), Edge("network_1", "output_1", "output_1", "input")))
PROJECT = Project(
    {"Main": MAIN, "Body": BODY, "Other": Graph()},
    plan=(Phase("One", "Main", {"Body": 1.0, "Body/linear_1": 0.5, "Main": 2.0}),
          Phase("Two", "Other", {"Other": 1.0})),
    starts={"Body/linear_1": "a.safetensors", "Main": "b.safetensors"})


def test_a_graph_is_added_last_under_a_free_name() -> None:
    assert free_graph_name(Project({"Network": Graph()})) == "Network 2"
    assert list(add_graph(PROJECT, "  New   one ", BODY).graphs) == ["Main", "Body", "Other", "New one"]


@pytest.mark.parametrize("name", ["", "   ", "Body", " Body ", "a/b", "x" * 61])
def test_names_that_cannot_be_taken_are_refused(name: str) -> None:
    for edit in (lambda: add_graph(PROJECT, name), lambda: rename_graph(PROJECT, "Main", name),
                 lambda: duplicate_graph(PROJECT, "Main", name)):
        with pytest.raises(CompositionError) as refused:
            edit()
        assert refused.value.hint


def test_everything_that_names_a_graph_follows_its_new_name() -> None:
    renamed = rename_graph(PROJECT, "Body", "Encoder")
    assert list(renamed.graphs) == ["Main", "Encoder", "Other"]
    assert renamed.graphs["Main"].node("network_1").params == {"graph": "Encoder"}
    assert renamed.graphs["Main"].node("network_1").name == "Encoder"
    assert renamed.plan[0].updates == {"Encoder": 1.0, "Encoder/linear_1": 0.5, "Main": 2.0}
    assert renamed.starts == {"Encoder/linear_1": "a.safetensors", "Main": "b.safetensors"}
    assert rename_graph(PROJECT, "Main", "Top").plan[0].objective == "Top"
    assert rename_graph(renamed, "Encoder", "Body") == PROJECT
    assert rename_graph(PROJECT, "Body", " Body ") is PROJECT


def test_a_placement_with_a_name_of_its_own_keeps_it() -> None:
    named = PROJECT.with_graph("Main", MAIN.update("network_1", name="Left"))
    assert rename_graph(named, "Body", "Encoder").graphs["Main"].node("network_1").name == "Left"


def test_graphs_that_rename_nothing_stay_the_same_objects() -> None:
    assert rename_graph(PROJECT, "Body", "Encoder").graphs["Encoder"] is BODY


def test_a_removed_graph_takes_its_phases_along() -> None:
    removed = remove_graph(PROJECT, "Other")
    assert list(removed.graphs) == ["Main", "Body"]
    assert [phase.name for phase in removed.plan] == ["One"]


def test_a_phase_that_updated_only_a_removed_graph_does_not_update_everything_instead() -> None:
    project = PROJECT.replace(plan=(Phase("One", "Main", {"Other": 1.0}), Phase("Two", "Main")))
    assert [phase.name for phase in remove_graph(project, "Other").plan] == ["Two"]


def test_what_is_placed_or_alone_is_not_removed() -> None:
    assert placing(PROJECT, "Body") == ("Main",)
    with pytest.raises(CompositionError, match="Body is placed in Main"):
        remove_graph(PROJECT, "Body")
    with pytest.raises(CompositionError, match="at least one"):
        remove_graph(Project({"Main": BODY}), "Main")


def test_a_copy_stands_behind_its_original() -> None:
    copied = duplicate_graph(PROJECT, "Body", "Body 2")
    assert list(copied.graphs) == ["Main", "Body", "Body 2", "Other"]
    assert copied.graphs["Body 2"] == BODY


def test_another_graph_is_placed_with_the_wires_at_the_same_ports() -> None:
    other = Graph(tuple(node if node.id == "linear_1" else Node(f"{node.id}0", node.type, node.name, node.params)
                        for node in BODY.nodes))
    project = PROJECT.with_graph("Other", other)
    main = place_graph(project, "Main", "network_1", "Other").graphs["Main"]
    assert main.node("network_1").name == "Other"
    assert main.edges == (Edge("input_1", "output", "network_1", "input_10"),
                          Edge("network_1", "output_10", "output_1", "input"))
    assert place_graph(PROJECT, "Main", "network_1", "Other").graphs["Main"].edges == ()


def test_another_order_makes_another_main_graph() -> None:
    assert reorder_graphs(PROJECT, ["Body", "Other", "Main"]).main == "Body"


def test_the_example_is_sound() -> None:
    assert not survey(PROJECT).faults

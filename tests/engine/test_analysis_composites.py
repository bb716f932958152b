"""Networks within networks: what a placement costs, and what can be wrong with it."""

from collections.abc import Mapping

import pytest
import torch

from engine.analysis import Analysis, analyze
from engine.analysis.library import Library
from engine.analysis.placements import MAX_OFFERED
from engine.analysis.survey import survey
from engine.codegen import emit
from engine.graph import Graph
from engine.network import build
from engine.project import Project
from engine.tensors import TensorSpec
from tests.engine.plans import layer, network, wires

BODY = network(4, ("Linear", {"out_features": 4}), ("ReLU", {}))
CELL = Graph(
    (layer("x", "Input", shape=(3,)), layer("h", "Input", (0, 1), shape=(5,)), layer("cell", "GRUCell", (1, 0),
                                                                                     hidden_size=5),
     layer("h_next", "Output", (2, 0)), layer("seen", "Output", (2, 1))),
    wires("x cell", "h cell.h", "cell.h h_next", "cell.h seen"))
"""A state h that goes from step to step, and is seen at every step."""

CELL = CELL.update("h_next", name="h")

CODES = ("no-network", "recursion", "unfinished", "repeat", "loop", "state")


def placing(type: str, inner: Mapping[str, Graph], shape: tuple[int, ...] = (4,), port: str = "in", out: str = "out",
            **params: object) -> Project:
    """A project whose first graph places "Inner" between an Input and an Output."""
    graph = Graph(
        (layer("start", "Input", column="x", shape=shape),
         layer("placed", type, (1, 0), **{"graph": "Inner", **params}), layer("end", "Output", (2, 0))),
        wires(f"start placed.{port}", f"placed.{out} end"))
    return Project({"Main": graph, **inner})


def analysed(project: Project) -> Analysis:
    return analyze(project.graph, library=Library(project.graphs), is_objective=False)


def test_placements_of_a_network_share_its_weights_and_blocks_do_not() -> None:
    graph = Graph(
        (layer("x", "Input", shape=(4,)), layer("a", "Network", (1, 0), graph="Inner"),
         layer("b", "Network", (2, 0), graph="Inner"), layer("c", "Block", (3, 0), graph="Inner", repeat=3),
         layer("end", "Output", (4, 0))),
        wires("x a.in", "a.out b.in", "b.out c.in", "c.out end"))
    report = analysed(Project({"Main": graph, "Inner": BODY}))
    assert not report.problems
    one = 4 * 4 + 4
    assert report.nodes["a"].weights == report.nodes["b"].weights == one
    assert report.nodes["c"].weights == 3 * one
    assert report.weights == one + 3 * one
    assert (report.own, report.networks) == (3 * one, ("Inner",))
    assert report.multiply_adds == (1 + 1 + 3) * 16


def test_a_block_of_a_shared_network_has_no_weights_of_its_own() -> None:
    middle = Graph((layer("x", "Input", shape=(4,)), layer("a", "Network", (1, 0), graph="Inner"),
                    layer("y", "Output", (2, 0))), wires("x a.in", "a.out y"))
    graph = Graph((layer("x", "Input", shape=(4,)), layer("b", "Block", (1, 0), graph="Middle", repeat=2),
                   layer("end", "Output", (2, 0))), wires("x b.x", "b.y end"))
    report = analysed(Project({"Main": graph, "Middle": middle, "Inner": BODY}))
    assert not report.problems
    assert report.weights == 20
    assert report.networks == ("Inner",)


def test_a_loop_goes_through_the_steps_of_a_sequence() -> None:
    graph = Graph(
        (layer("x", "Input", shape=(7, 3)), layer("loop", "Loop", (1, 0), graph="Inner"),
         layer("last", "Output", (2, 0)), layer("all", "Output", (2, 1))),
        wires("x loop.x", "loop.h_next last", "loop.seen all"))
    report = analysed(Project({"Main": graph, "Inner": CELL}))
    assert not report.problems
    assert report.nodes["loop"].outputs["h_next"].sizes == (5,)
    assert report.nodes["loop"].outputs["seen"] == TensorSpec((7, 5), ("time", "features"))
    assert report.multiply_adds == 7 * Library({"I": CELL}).analysis("I").multiply_adds


PROBLEMS = {
    "a network that the project does not have": ("no-network", placing("Network", {})),
    "no network chosen": ("no-network", placing("Block", {}, graph="")),
    "itself": ("recursion", placing("Network", {"Inner": Graph((layer("in", "Input", shape=(4,)),
               layer("again", "Block", (1, 0), graph="Inner"), layer("out", "Output", (2, 0))),
               wires("in again.in", "again.out out"))})),
    "an empty network": ("dangling-wire", placing("Network", {"Inner": Graph()})),
    "a network with an error": ("unfinished", placing("Network", {"Inner": network(4, ("Conv2d", {}))})),
    "a network without an Output": ("unfinished", Project({"Main": Graph(
        (layer("x", "Input", shape=(4,)), layer("placed", "Network", (1, 0), graph="Inner")), wires("x placed.in")),
        "Inner": Graph((layer("in", "Input", shape=(4,)),))})),
    "another shape": ("shape", placing("Network", {"Inner": BODY}, shape=(5,))),
    "a repetition that changes the shape": ("repeat", placing(
        "Block", {"Inner": network(4, ("Linear", {"out_features": 3}))}, repeat=2)),
    "a loop without a sequence": ("loop", placing("Loop", {"Inner": CELL}, shape=(3,), port="x", out="h_next")),
    "a state that changes its shape": ("state", placing("Loop", {"Inner": CELL.set_params("cell", {"hidden_size": 6})},
                                                        shape=(7, 3), port="x", out="h_next")),
}


def test_what_cannot_be_repeated_says_what_goes_in_and_what_comes_out() -> None:
    _, project = PROBLEMS["a repetition that changes the shape"]
    [problem] = [each for each in analysed(project).errors if each.code == "repeat"]
    assert "repeats the network 'Inner', which turns (batch, features 4) into (batch, features 3)" in problem.message


def test_what_reads_nothing_but_a_target_cannot_be_repeated() -> None:
    inner = Graph(
        (layer("noise", "Noise", shape=()), layer("out", "Output", (1, 0)), layer("aim", "Input", (0, 1), shape=()),
         layer("loss", "MSE", (1, 1))),
        wires("noise out", "noise loss.prediction", "aim loss.target"))
    block = Graph((layer("placed", "Block", graph="Inner", repeat=2), layer("end", "Output", (1, 0))),
                  wires("placed.out end"))
    [problem] = analysed(Project({"Main": block, "Inner": inner})).errors
    assert problem.code == "repeat"
    assert "turns nothing into" in problem.message


@pytest.mark.parametrize("type", ["Network", "Block", "Loop"])
def test_what_is_placed_in_itself_is_told_so_before_it_is_wired(type: str) -> None:
    cell = CELL.add(layer("again", type, (3, 0), graph="Cell"))
    [problem] = analysed(Project({"Cell": cell, "Main": Graph()})).errors
    assert (problem.code, problem.node) == ("recursion", "again")
    assert "contains itself" in problem.message


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_can_be_wrong_is_said(case: str) -> None:
    code, project = PROBLEMS[case]
    if case.startswith("a state"):  # the cell refuses its own state first: let the state be made larger behind it
        inner = Graph(
            (layer("x", "Input", shape=(3,)), layer("h", "Input", (0, 1), shape=(5,)),
             layer("both", "Concat", (1, 0)), layer("end", "Output", (2, 0))),
            wires("x both.inputs", "h both.inputs", "both end")).update("end", name="h")
        project = placing("Loop", {"Inner": inner}, shape=(7, 3), port="x", out="end")
    found = {problem.code: problem for problem in analysed(project).errors}
    assert code in found, found
    assert found[code].message.endswith(".")
    assert found[code].hint


def test_the_network_inside_says_what_is_wrong_and_the_placement_points_to_it() -> None:
    report = survey(placing("Network", {"Inner": network(4, ("Conv2d", {}))}))
    assert [problem.node for problem in report.analyses["Inner"].errors] == ["conv2d_1"]
    [problem] = [each for each in report.analyses["Main"].errors if each.code == "unfinished"]
    assert problem.message.startswith("placed places the network 'Inner', which is not finished: inside, conv2d_1 ")
    assert "double click" in problem.hint


def repaired(project: Project, code: str) -> dict[str, Project]:
    """What comes of the repairs of the one problem of that code in the first graph, by their labels."""
    [problem] = [each for each in survey(project).analyses[project.main].errors if each.code == code]
    found = {repair.label: repair.edit(project) for repair in problem.project_repairs}
    return found | {repair.label: project.with_graph(project.main, repair.edit(project.graph))
                    for repair in problem.repairs}


def test_a_node_that_places_nothing_is_offered_what_it_can_place() -> None:
    project = placing("Block", {"Empty": Graph(), "Body": BODY, "Goal": Graph((layer("loss", "MSE"),)),
                                "Outer": Graph((layer("main", "Block", graph="Main"),))}, graph="")
    found = repaired(project, "no-network")
    assert list(found) == ["Place Body", "Place Empty", "Remove placed"]
    assert found["Place Body"].graph.node("placed").params["graph"] == "Body"
    many = placing("Block", {f"Body {number}": BODY for number in range(9)}, graph="")
    assert len(repaired(many, "no-network")) == MAX_OFFERED + 1


@pytest.mark.parametrize(("others", "reason"), [
    ({}, "no other network"), ({"Goal": Graph((layer("loss", "MSE"),))}, "None of the other networks")])
def test_where_nothing_can_be_placed_the_reason_is_said(others: dict[str, Graph], reason: str) -> None:
    project = placing("Block", others, graph="")
    [problem] = [each for each in survey(project).analyses["Main"].errors if each.code == "no-network"]
    assert not problem.project_repairs
    assert reason in problem.hint
    assert "Ctrl+T" in problem.hint


def test_what_closes_a_circle_is_taken_out() -> None:
    inner = Graph((layer("in", "Input", shape=(4,)), layer("again", "Block", (1, 0), graph="Inner"),
                   layer("out", "Output", (2, 0))), wires("in again.in", "again.out out"))
    assert list(repaired(Project({"Inner": inner}), "recursion")) == ["Take out the node again"]
    mended = repaired(Project({"Inner": inner}), "recursion")["Take out the node again"]
    assert not survey(mended).analyses["Inner"].faults
    assert not repaired(placing("Network", {"Inner": inner}), "recursion"), "the node outside is not to blame"


@pytest.mark.parametrize("label", ["Set out features of linear to 8", "Make the Input h (5)"])
def test_a_state_that_changes_its_shape_blames_no_wire_and_is_mended_inside(label: str) -> None:
    inner = Graph(
        (layer("x", "Input", shape=(3,)), layer("h", "Input", (0, 1), shape=(8,)), layer("both", "Concat", (1, 0)),
         layer("linear", "Linear", (2, 0), out_features=5), layer("end", "Output", (3, 0))),
        wires("x both.inputs", "h both.inputs", "both linear", "linear end")).update("end", name="h")
    project = placing("Loop", {"Inner": inner}, shape=(7, 3), port="x", out="end")
    report = analysed(project)
    [problem] = [each for each in report.errors if each.code == "state"]
    assert problem.message == "placed passes the state h on as (batch, features 5) but takes (batch, features 8)."
    assert not report.broken
    assert not survey(repaired(project, "state")[label]).faults


def test_ports_are_called_by_id_and_labelled_by_name_so_that_names_can_change() -> None:
    project = placing("Network", {"Inner": BODY.update("in", name="picture").update("out", name="features")})
    spec = Library(project.graphs).spec(project.graph.node("placed"))
    assert [(port.name, port.title) for port in (*spec.inputs, *spec.outputs)] == [("in", "picture"),
                                                                                    ("out", "features")]
    assert not analysed(project).problems


def test_the_lengths_of_an_input_are_a_port_of_their_own() -> None:
    inner = Graph(
        (layer("words", "Input", shape=(6, 3), axes="time, features", lengths=True),
         layer("read", "LSTM", (1, 0), hidden_size=4), layer("out", "Output", (2, 0))),
        wires("words read", "words.lengths read.lengths", "read out"))
    spec = Library({"Inner": inner}).spec(layer("a", "Network", graph="Inner"))
    assert [port.name for port in spec.inputs] == ["words", "words.lengths"]


def test_a_thousand_nested_networks_and_a_circle_of_two_end_quickly() -> None:
    graphs = {"n0": BODY}
    for number in range(1, 200):
        graphs[f"n{number}"] = Graph(
            (layer("in", "Input", shape=(4,)), layer("a", "Network", (1, 0), graph=f"n{number - 1}"),
             layer("out", "Output", (2, 0))), wires("in a.in", "a.out out"))
    assert not analysed(Project({"Main": graphs["n199"], **graphs})).problems
    inside = {name: Graph((layer("in", "Input", shape=(4,)), layer("a", "Network", (1, 0), graph=other),
                           layer("out", "Output", (2, 0))), wires("in a.in", "a.out out"))
              for name, other in (("One", "Two"), ("Two", "One"))}
    assert any(problem.code == "recursion" for problem in analysed(Project(inside)).errors)


@pytest.mark.parametrize("type", ["Network", "Block", "Loop"])
@pytest.mark.parametrize("weights", [True, False])
def test_what_only_losses_of_a_placed_network_look_at_needs_no_wire(type: str, weights: bool) -> None:
    body = (("Linear", {"out_features": 4}),) if weights else (("ReLU", {}),)
    inner = network(4, *body)
    inner = Graph((layer("y", "Input", (0, -1), shape=(4,)), *inner.nodes, layer("loss", "MSE", (3, 1))),
                  (*inner.edges, *wires(f"{inner.nodes[1].id} loss.prediction", "y loss.target")))
    shape = (3, 4) if type == "Loop" else (4,)
    project = placing(type, {"Inner": inner}, shape=shape)
    assert not analysed(project).problems
    spec = Library(project.graphs).spec(project.graph.node("placed"))
    assert [(port.name, port.optional) for port in spec.inputs] == [("in", False), ("y", True)]
    if weights:
        assert build(emit(project)).network(torch.ones(2, *shape)).shape == (2, *shape)

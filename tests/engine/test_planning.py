"""The training plan: what a phase updates, where gradients stop, what is wrong with a plan, and a first plan."""

import time
from dataclasses import dataclass

import msgspec
import pytest
import torch

from engine.analysis.effects import effects
from engine.analysis.library import Library
from engine.analysis.planning import default_plan, named_updates, new_phase, problems
from engine.analysis.survey import survey
from engine.codegen import emit
from engine.graph import Edge, Graph
from engine.network import build
from engine.options import OPTIMIZERS, SCHEDULERS, chosen
from engine.plan import Phase, phases, with_setting
from engine.project import Project
from tests.engine.plans import discriminator, gan, head, layer, network, train_discriminator, two_heads, wires


def states(project: Project, phase: Phase, graph: str) -> dict[str, str]:
    told = effects(project, phase)
    return {node.id: told.of(graph, node.id).state for node in project.graphs[graph].nodes}


def ends(edges: frozenset[Edge]) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in edges}


def planned(project: Project, *plan: Phase) -> Project:
    return project.replace(plan=plan)


# What a phase does


def test_the_discriminators_phase_stops_at_detach() -> None:
    phase = Phase("d", "Train discriminator")
    project = gan()
    assert states(project, phase, "Train discriminator") == {
        "noise": "stopped", "real": "stopped", "made": "stopped", "cut": "stopped", "on_real": "updated",
        "on_made": "updated", "yes": "stopped", "no": "stopped", "loss_real": "passed", "loss_made": "passed"}
    assert set(states(project, phase, "Generator").values()) == {"stopped"}
    assert states(project, phase, "Discriminator") == {
        "in": "stopped", "linear_1": "updated", "relu_1": "passed", "linear_2": "updated", "out": "passed"}
    told = effects(project, phase)
    assert ends(told.stops["Train discriminator"]) == {("cut", "on_made")}
    assert ends(told.flowing["Train discriminator"]) == {("on_real", "loss_real"), ("on_made", "loss_made")}
    assert set(told.updated) == {("Discriminator", "linear_1"), ("Discriminator", "linear_2")}
    assert states(project, phase, "Train generator") == dict.fromkeys(
        ("noise", "made", "judged", "yes", "loss"), "unused")


def test_gradients_pass_through_what_is_frozen() -> None:
    phase = Phase("g", "Train generator", {"Generator": 0.5})
    project = gan()
    told = effects(project, phase)
    assert states(project, phase, "Discriminator") == {
        "in": "passed", "linear_1": "frozen", "relu_1": "passed", "linear_2": "frozen", "out": "passed"}
    assert ("in", "linear_1") in ends(told.flowing["Discriminator"])
    assert told.of("Train generator", "made").factor_text == "×0.5"
    assert told.of("Train generator", "judged").state == "frozen"
    assert not any(told.stops.values())


def test_a_frozen_part_upstream_stops_gradients() -> None:
    project = two_heads()
    phase = Phase("p", "Price", {"Price": 1.0})
    told = effects(project, phase)
    assert states(project, phase, "Price") == {
        "x": "stopped", "body": "frozen", "head": "updated", "y": "stopped", "loss": "passed"}
    assert states(project, phase, "Body")["relu_1"] == "stopped"
    assert ends(told.stops["Price"]) == {("body", "head")}


def test_a_nodes_factor_counts_more_than_its_graphs() -> None:
    project = two_heads()
    told = effects(project, Phase("p", "Price", {"Body": 0.1, "Price": 1.0, "Price/head": 0.0}))
    assert told.of("Price", "head").state == "frozen"
    assert told.of("Price", "body").factor == 0.1
    assert told.updated == {("Body", "linear_1"): 0.1}
    assert not effects(project, Phase("p", "Price", {"Age": 1.0})).updated, "what is not named is not updated"


def test_parts_of_a_network_with_different_factors() -> None:
    project = Project({"Deep": network(2, *[("Linear", {"out_features": 4})] * 3), "Price": head("price")})
    project = project.with_graph("Price", project.graphs["Price"].set_params("body", {"graph": "Deep"}))
    told = effects(project, Phase("p", "Price", {"Deep": 1.0, "Deep/linear_2": 0.25, "Deep/linear_1": 0.0}))
    assert told.of("Price", "body").factor_text == "×0–1"
    assert ends(told.stops["Deep"]) == {("linear_1", "linear_2")}
    assert told.of("Price", "head").factor_text == ""


def test_what_a_block_places_belongs_to_the_block() -> None:
    graphs = dict(two_heads().graphs)
    price = graphs["Price"]
    graphs["Price"] = price.update("body", type="Block", params={"graph": "Body", "repeat": 1})
    project = Project(graphs)
    assert effects(project, Phase("p", "Price", {"Body": 1.0})).updated == {}
    told = effects(project, Phase("p", "Price", {"Price": 1.0, "Price/body": 0.5}))
    assert told.updated == {("Price", "body"): 0.5, ("Price", "head"): 1.0}
    assert told.of("Body", "linear_1").factor == 0.5


def test_only_what_leads_to_the_asked_output_gets_a_gradient() -> None:
    two = Graph(
        (layer("in", "Input", (0, 0), shape=(2,)), layer("a", "Linear", (1, 0), out_features=4),
         layer("b", "Linear", (1, 1), out_features=4), layer("first", "Output", (2, 0)),
         layer("second", "Output", (2, 1)), layer("idle", "Linear", (1, 2))),
        wires("in a", "in b", "a first", "b second", "in idle"))
    graphs = {"Body": two, "Price": head("price")}
    edges = tuple(msgspec.structs.replace(e, source_port="first") if e.source == "body" else e
                  for e in graphs["Price"].edges)
    project = Project({**graphs, "Price": Graph(graphs["Price"].nodes, edges)})
    assert states(project, Phase("p", "Price"), "Body") == {
        "in": "stopped", "a": "updated", "b": "stopped", "first": "passed", "second": "stopped", "idle": "unused"}


def test_in_a_loop_the_gradient_comes_back_through_the_state() -> None:
    step = Graph(
        (layer("x", "Input", (0, 0), shape=(2,)), layer("state", "Input", (0, 1), shape=(4,)),
         layer("both", "Concat", (1, 0)), layer("mix", "Linear", (2, 0), out_features=4),
         layer("new", "Output", (3, 0)), layer("shown", "Output", (3, 1)),
         layer("read", "Linear", (2, 1), out_features=1)),
        wires("x both.inputs", "state both.inputs", "both mix", "mix new", "state read", "read shown"))
    step = step.update("new", name="state")
    objective = Graph(
        (layer("xs", "Input", (0, 0), shape=(5, 2)), layer("loop", "Loop", (1, 0), graph="Step"),
         layer("y", "Input", (1, 1), shape=(5, 1)), layer("loss", "MSE", (2, 0))),
        wires("xs loop.x", "loop.shown loss.prediction", "y loss.target"))
    told = effects(Project({"Step": step, "Train": objective}), Phase("p", "Train"))
    assert told.of("Step", "mix").state == "updated"
    assert told.of("Step", "state").state == "passed"
    assert told.of("Step", "new").state == "passed"


@pytest.mark.parametrize("phase", [Phase("p", "Nowhere"), Phase("p", "A"), Phase("p", "B", {"A": 1.0})])
def test_networks_that_contain_themselves_and_missing_ones_do_no_harm(phase: Phase) -> None:
    circle = Graph((layer("in", "Input", shape=(2,)), layer("self", "Network", graph="A"), layer("out", "Output")),
                   wires("in self.in", "self.out out"))
    lost = circle.set_params("self", {"graph": "Gone"})
    project = Project({"A": circle, "B": lost})
    assert not effects(project, phase).updated
    problems(planned(project, phase))


def test_effects_are_kept_until_something_that_they_depend_on_changes() -> None:
    project, phase = gan(), Phase("d", "Train discriminator")
    first = effects(project, phase)
    assert effects(project.replace(notes="other"), msgspec.structs.replace(phase, every=2)) is first
    moved = project.with_graph("Discriminator", discriminator().move({"in": (9.0, 9.0)}))
    assert effects(moved, phase) is not first


def test_a_large_network_is_looked_at_within_a_frame() -> None:
    project = Project({"Deep": network(2, *[("Linear", {"out_features": 8}), ("ReLU", {})] * 500), "Price": head("p")})
    project = project.with_graph("Price", project.graphs["Price"].set_params("body", {"graph": "Deep"}))
    Library(project.graphs).analysis("Price")
    start = time.perf_counter()
    assert len(effects(project, Phase("p", "Price", {"Deep": 1.0})).updated) == 500
    assert time.perf_counter() - start < 0.25, "0.02 s on a quiet machine"


# What is wrong with a plan


@dataclass(frozen=True)
class Case:
    """A project in whose plan `code` is found, with the labels of its repairs."""

    code: str
    project: Project
    repairs: tuple[str, ...]
    severity: str = "error"


D, G = Phase("d", "Train discriminator", {"Discriminator": 1.0}), Phase("g", "Train generator", {"Generator": 1.0})


def changed(phase: Phase, **changes: object) -> Phase:
    return msgspec.structs.replace(phase, **changes)


def still(phase: Phase) -> Phase:
    return changed(phase, optimizer=chosen(OPTIMIZERS, "Adam", {"lr": 0.0}))


def detached() -> Project:
    """An objective whose whole prediction is behind Detach."""
    project = two_heads()
    price = project.graphs["Price"]
    return project.with_graph("Price", Graph(
        (*price.nodes, layer("cut", "Detach")),
        (*(e for e in price.edges if e.source != "head"), *wires("head cut", "cut loss.prediction"))))


def half_detached() -> Project:
    """Two losses in one objective, one of them behind Detach."""
    project = two_heads()
    price = project.graphs["Price"]
    return Project({"Body": project.graphs["Body"], "Price": Graph(
        (*price.nodes, layer("cut", "Detach"), layer("other", "MSE")),
        (*price.edges, *wires("head cut", "cut other.prediction", "y other.target")))})


CASES = (
    Case("phase-objective", planned(gan(), changed(D, objective="Gone"), G),
         ("Train Train discriminator instead", "Train Train generator instead", "Remove the phase d")),
    Case("phase-objective", planned(gan(), changed(D, objective="Generator"), G),
         ("Train Train discriminator instead", "Train Train generator instead", "Remove the phase d")),
    Case("phase-unknown", planned(gan(), changed(D, updates={"Discriminator": 1.0, "Gone": 1.0}), G),
         ("Take Gone off its list",)),
    Case("phase-unknown", planned(gan(), changed(D, updates={"Discriminator/gone": 1.0}), G),
         ("Update all that Train discriminator reaches",)),
    Case("phase-updates-nothing", planned(gan(), changed(D, updates={"Discriminator": 0.0}), G),
         ("Update all that Train discriminator reaches", "Remove the phase d")),
    Case("phase-updates-nothing", planned(gan(), changed(D, updates={"Generator": 1.0}), G),
         ("Update all that Train discriminator reaches", "Remove the phase d")),
    Case("phase-updates-nothing", planned(detached(), Phase("p", "Price"), Phase("a", "Age")), ("Remove the phase p",)),
    Case("loss-without-weights", planned(half_detached(), Phase("p", "Price")), (), "warning"),
    Case("phase-unreached", planned(gan(), D, changed(G, objective="Train generator",
                                                      updates={"Generator": 1.0, "Train discriminator": 1.0})),
         ("Take Train discriminator off its list",), "warning"),
    Case("phase-unused", planned(gan(), D, changed(G, start=100, stop=50)),
         ("Let it last to the end", "Remove the phase g"), "warning"),
    Case("phase-unused", planned(gan(), changed(D, start=5, stop=5), changed(G, start=100, stop=50)),
         ("Let it last to the end", "Remove the phase d")),
    Case("plan-gap", planned(gan(), changed(D, stop=300), changed(G, start=500)),
         ("Let d last to step 500", "Let g begin at step 300"), "warning"),
    Case("plan-gap", planned(gan(), changed(D, stop=300), changed(G, stop=600)), ("Let g last to the end",),
         "warning"),
    Case("plan-gap", planned(gan(), changed(D, start=50), changed(G, start=100, stop=50)),
         ("Let d begin at step 0",), "warning"),
    Case("phases-fight", planned(gan(), changed(D, updates={}), changed(G, updates={})),
         ("Take Discriminator out of g", "Remove the phase d"), "warning"),
    Case("phases-fight", planned(two_heads(), Phase("p", "Price"), Phase("a", "Age", {"Body": 0.1, "Age": 1.0})),
         ("Take Body out of a", "Take Body out of p"), "warning"),
    Case("phases-fight", planned(gan(), D, changed(D, name="d 2"), G), ("Remove the phase d 2", "Remove the phase d"),
         "warning"),
    Case("phases-fight", planned(two_heads(), Phase("p", "Price", start=20), Phase("o", "Price", stop=30)),
         ("Let o end at step 20", "Remove the phase o", "Remove the phase p"), "warning"),
    Case("rate-zero", planned(gan(), still(D), G), ("Set the learning rate to 0.001",), "warning"),
    Case("rate-zero", planned(gan(), D, changed(G, scheduler=chosen(SCHEDULERS, "OneCycle", {"max_lr": 0.0}))),
         ("Set the learning rate to 0.01",), "warning"),
    Case("rate-zero", with_setting(Project({"Price": head("price"), "Body": two_heads().graphs["Body"]}), "lr", 0.0),
         ("Set the learning rate to 0.001",), "warning"),
    Case("objective-untrained", planned(gan(), D), ("Add a phase that trains Train generator",), "warning"),
    Case("objective-untrained", gan(), ("Make a training plan",), "warning"),
)


def found(case: Case, project: Project):
    return [p for p in problems(project) if (p.code, p.severity) == (case.code, case.severity)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_the_problem_is_found_explained_and_repaired(case: Case) -> None:
    problem = found(case, case.project)[0]
    assert tuple(repair.label for repair in problem.project_repairs) == case.repairs
    assert problem.message[0].isupper()
    assert problem.message.endswith(".")
    assert problem.hint.endswith(".")
    if case.project.plan and problem.code != "objective-untrained":
        assert problem.phase in [phase.name for phase in case.project.plan]
    for repair in problem.project_repairs:
        repaired = repair.edit(case.project)
        assert repaired != case.project
        again = found(case, repaired)
        assert problem.phase not in [p.phase for p in again] or len(again) < len(found(case, case.project))
        repair.edit(Project({"Network": Graph()}))


def test_a_repaired_gan_is_sound() -> None:
    case = next(case for case in CASES if case.code == "phases-fight")
    repaired = found(case, case.project)[0].project_repairs[0].edit(case.project)
    assert repaired.plan[1].updates == {"Generator": 1.0}
    assert not problems(repaired)


@pytest.mark.parametrize("project", [planned(gan(), D, G), planned(two_heads(), Phase("p", "Price", stop=10),
                                                                   Phase("a", "Age", start=10)),
                                     planned(two_heads(), Phase("b", "Price", {"Body": 1.0}),
                                             Phase("h", "Price", {"Price": 1.0}), Phase("a", "Age", {"Age": 1.0})),
                                     planned(two_heads(), Phase("p", "Price", stop=20), Phase("q", "Price", start=20),
                                             Phase("a", "Age", {"Age": 1.0})),
                                     planned(gan(), changed(D, every=2), changed(D, name="e", every=2, start=1), G),
                                     Project({"Network": Graph()}), Project({"Network": network(2)})])
def test_sound_plans_and_unfinished_projects_have_no_problems(project: Project) -> None:
    assert problems(project) == ()


def test_objectives_that_are_not_finished_are_judged_later() -> None:
    project = planned(gan(), D, G)
    loose = project.graphs["Train generator"]
    loose = loose.disconnect(*loose.into("judged"))
    assert not problems(project.with_graph("Train generator", loose))


# A first plan


def test_a_gan_gets_two_phases_that_do_not_fight() -> None:
    plan = default_plan(gan())
    assert [(phase.name, phase.updates) for phase in plan] == [
        ("Train discriminator", {"Discriminator": 1.0}), ("Train generator", {"Generator": 1.0})]


def test_a_gan_drawn_without_detach_is_understood_by_its_names() -> None:
    project = gan().with_graph("Train discriminator", train_discriminator(cut="ReLU"))
    assert [phase.updates for phase in default_plan(project)] == [{"Discriminator": 1.0}, {"Generator": 1.0}]


def test_one_objective_updates_all_that_it_reaches() -> None:
    project = Project({"Price": head("price"), "Body": two_heads().graphs["Body"]})
    (phase,) = default_plan(project)
    assert (phase.objective, phase.updates) == ("Price", {})
    assert (phase,) == phases(project), "to write it down changes nothing, not even its name"
    assert default_plan(Project({"Network": network(2)})) == ()


def test_heads_share_their_body() -> None:
    assert [phase.updates for phase in default_plan(two_heads())] == [
        {"Body": 1.0, "Price": 1.0}, {"Body": 1.0, "Age": 1.0}]


def test_a_new_phase_trains_what_nothing_trains_yet() -> None:
    project = planned(gan(), D)
    assert new_phase(project).objective == "Train generator"
    again = new_phase(planned(gan(), *default_plan(gan())))
    assert (again.name, again.objective) == ("Train discriminator 2", "Train discriminator")
    assert new_phase(Project({"Network": Graph()})).objective == "Network"


def test_updates_by_name() -> None:
    project, phase = gan(), Phase("g", "Train generator")
    assert named_updates(phase, effects(project, phase)) == {"Generator": 1.0, "Discriminator": 1.0}


# What autograd says of it


def stacked() -> Project:
    """Only the second output is compared, which only a copy behind another computes with weights before it."""
    body = Graph((layer("in", "Input", shape=(2,)), layer("linear", "Linear", (1, 0), out_features=2),
                  layer("tanh", "Tanh", (1, 1)), layer("first", "Output", (2, 0)), layer("second", "Output", (2, 1))),
                 wires("in linear", "in tanh", "linear first", "tanh second"))
    stack = Graph((layer("x", "Input", (0, 0), column="x", shape=(2,)),
                   layer("block", "Block", (1, 0), graph="Body", repeat=2),
                   layer("y", "Input", (1, 1), column="y", shape=(2,)), layer("loss", "MSE", (2, 0))),
                  wires("x block.in", "block.second loss.prediction", "y loss.target"))
    return Project({"Stack": stack, "Body": body})


@pytest.mark.parametrize("project", [gan(), two_heads(), stacked()], ids=["gan", "two heads", "stack"])
def test_autograd_agrees(project: Project) -> None:
    """Which weights get a gradient in the emitted code, with everything updated."""
    project = project.replace(plan=default_plan(project))
    source = emit(project, survey(project))
    built = build(source)
    owners = built.owners()
    assert len(source.objectives) == len(project.plan)
    for graph, objective in source.objectives.items():
        for weight in built.everything.parameters():
            weight.grad = None
        columns = {node.params["column"]: node.params["shape"] for node in project.graphs[graph].nodes
                   if node.type == "Input"}
        loss, _ = built.objectives[graph](*(torch.rand(4, *columns[name]) for name in objective.columns))
        loss.backward()
        moved = {owners[id(weight)] for weight in built.everything.parameters() if weight.grad is not None}
        assert moved == set(effects(project, Phase("p", graph)).updated)

"""Networks placed in others: who shares weights with whom, and what is computed."""

import pytest
import torch
from torch import nn

from engine.analysis.survey import survey
from engine.codegen import emit
from engine.graph import Graph, Node
from engine.network import Built, build
from engine.plan import Phase
from engine.project import Project
from tests.engine.plans import layer, wires


def built(**graphs: Graph) -> Built:
    """The first graph's network, drawn with seed 5."""
    torch.manual_seed(5)
    return build(emit(Project(graphs)))


def dense() -> Graph:
    """(batch, 6) to (batch, 6)."""
    return Graph((layer("x", "Input", shape=(6,)), layer("linear", "Linear", (1, 0), out_features=6),
                  layer("tanh", "Tanh", (2, 0)), layer("y", "Output", (3, 0))),
                 wires("x linear", "linear tanh", "tanh y"))


def twice(type: str, **params: object) -> Graph:
    return Graph((layer("x", "Input", shape=(6,)), layer("first", type, (1, 0), graph="Dense", **params),
                  layer("second", type, (2, 0), graph="Dense", **params), layer("out", "Output", (3, 0))),
                 wires("x first.x", "first.y second.x", "second.y out"))


def by_hand() -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 6), nn.Tanh())


def test_two_networks_of_one_graph_are_one_object() -> None:
    made = built(Main=twice("Network"), Dense=dense())
    torch.manual_seed(5)
    once, x = by_hand(), torch.randn(4, 6)
    assert made.network.dense is made.parts["dense"]
    assert len(list(made.network.parameters())) == 2
    assert torch.equal(made.network(x), once(once(x)))
    made.network(x).sum().backward()
    once(once(x)).sum().backward()
    assert torch.equal(made.parts["dense"].linear.weight.grad, once[0].weight.grad)


def test_two_blocks_of_one_graph_are_copies() -> None:
    made = built(Main=twice("Block"), Dense=dense())
    torch.manual_seed(5)
    stack, x = nn.Sequential(by_hand(), by_hand()), torch.randn(4, 6)
    assert list(made.parts) == ["main"]
    assert made.network.first is not made.network.second
    assert not torch.equal(made.network.first.linear.weight, made.network.second.linear.weight)
    assert len(list(made.network.parameters())) == 4
    assert torch.equal(made.network(x), stack(x))


def test_a_repeated_block_is_a_stack() -> None:
    made = built(Main=twice("Block", repeat=3), Dense=dense())
    torch.manual_seed(5)
    stack, x = nn.Sequential(*(by_hand() for _ in range(6))), torch.randn(4, 6)
    assert len(list(made.network.parameters())) == 12
    assert torch.equal(made.network(x), stack(x))


def test_a_repeated_block_takes_more_than_what_the_copy_before_made() -> None:
    """h <- tanh(linear(h) + x), three times with weights of its own; x stays what it is."""
    mixing = Graph((layer("h", "Input", (0, 0), shape=(6,)), layer("x", "Input", (0, 1), shape=(6,)),
                    layer("linear", "Linear", (1, 0), out_features=6), layer("sum", "Add", (2, 0)),
                    layer("tanh", "Tanh", (3, 0)), layer("y", "Output", (4, 0))),
                   wires("h linear", "linear sum.inputs", "x sum.inputs", "sum tanh", "tanh y"))
    main = Graph((layer("start", "Input", (0, 0), shape=(6,)), layer("x", "Input", (0, 1), shape=(6,)),
                  layer("stack", "Block", (1, 0), graph="Mixing", repeat=3), layer("out", "Output", (2, 0))),
                 wires("start stack.h", "x stack.x", "stack.y out"))
    made = built(Main=main, Mixing=mixing)
    torch.manual_seed(5)
    layers = [nn.Linear(6, 6) for _ in range(3)]
    start, x = torch.randn(4, 6), torch.randn(4, 6)
    h = start
    for linear in layers:
        h = torch.tanh(linear(h) + x)
    assert torch.equal(made.network(start, x), h)


def cell(type: str, *states: str) -> Graph:
    """One step: a cell, its states, and the first of them as what is seen."""
    nodes = [layer("x", "Input", (0, 0), shape=(4,)), layer("cell", type, (1, 0), hidden_size=6),
             layer("seen", "Output", (2, 0))]
    drawn = ["x cell", f"cell.{states[0]} seen"]
    for row, state in enumerate(states, 1):
        nodes += [layer(state, "Input", (0, row), shape=(6,)), layer(f"{state}_out", "Output", (2, row))]
        drawn += [f"{state} cell.{state}", f"cell.{state} {state}_out"]
    graph = Graph(tuple(nodes), wires(*drawn))
    for state in states:
        graph = graph.update(f"{state}_out", name=state)
    return graph


def looped(*states: str) -> Graph:
    """(batch, 7, 4) to all steps, and the state after the last; the given state comes in, the others are zero."""
    nodes = [layer("sequence", "Input", (0, 0), shape=(7, 4)), layer("loop", "Loop", (1, 0), graph="Cell"),
             layer("steps", "Output", (2, 0)), layer("last", "Output", (2, 1))]
    drawn = ["sequence loop.x", "loop.seen steps", "loop.h_out last"]
    for row, state in enumerate(states, 1):
        nodes.append(layer(state, "Input", (0, row), shape=(6,)))
        drawn.append(f"{state} loop.{state}")
    return Graph(tuple(nodes), wires(*drawn))


def as_layer(made: Built, type: type[nn.RNNBase]) -> nn.RNNBase:
    """torch's own layer with the weights of the cell."""
    recurrent = type(4, 6, batch_first=True)
    weights = made.parts["cell"].cell.state_dict()
    recurrent.load_state_dict({f"{name}_l0": value for name, value in weights.items()})
    return recurrent


def test_a_loop_over_an_lstm_cell_is_an_lstm() -> None:
    made = built(Main=looped(), Cell=cell("LSTMCell", "h", "c"))
    sequence = torch.randn(3, 7, 4)
    steps, last = made.network(sequence)
    expected, (state, _) = as_layer(made, nn.LSTM)(sequence)
    assert torch.allclose(steps, expected, atol=1e-6)
    assert torch.allclose(last, state[0], atol=1e-6)
    torch.manual_seed(5)
    alone, h, c, seen = nn.LSTMCell(4, 6), torch.zeros(3, 6), torch.zeros(3, 6), []
    for x in sequence.unbind(1):
        h, c = alone(x, (h, c))
        seen.append(h)
    assert torch.equal(steps, torch.stack(seen, 1))


def test_a_loop_over_a_gru_cell_is_a_gru_that_begins_with_a_given_state() -> None:
    made = built(Main=looped("h"), Cell=cell("GRUCell", "h"))
    sequence, start = torch.randn(3, 7, 4), torch.randn(3, 6)
    steps, last = made.network(sequence, start)
    expected, state = as_layer(made, nn.GRU)(sequence, start.unsqueeze(0))
    assert torch.allclose(steps, expected, atol=1e-6)
    assert torch.allclose(last, state[0], atol=1e-6)
    steps.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in made.network.parameters())


def states(*drawn: str) -> Graph:
    """One step of a Loop over numbers (4) with the states h and c."""
    nodes = [layer("x", "Input", shape=(4,)), layer("h", "Input", (0, 1), shape=(4,)),
             layer("c", "Input", (0, 2), shape=(4,)), layer("sum", "Add", (1, 0)),
             layer("linear", "Linear", (2, 0), out_features=4), layer("seen", "Output", (3, 0)),
             layer("h_out", "Output", (3, 1)), layer("c_out", "Output", (3, 2))]
    graph = Graph(tuple(nodes), wires(*drawn, "sum linear", "linear seen"))
    return graph.update("h_out", name="h").update("c_out", name="c")


def told(*given: str) -> Graph:
    """A Loop over it: all steps, and both states after the last."""
    return Graph((layer("sequence", "Input", shape=(7, 4)), layer("start", "Input", (0, 1), shape=(4,)),
                  layer("loop", "Loop", (1, 0), graph="Cell"), layer("steps", "Output", (2, 0)),
                  layer("h", "Output", (2, 1)), layer("c", "Output", (2, 2))),
                 wires("sequence loop.x", *given, "loop.seen steps", "loop.h_out h", "loop.c_out c"))


def test_two_states_of_a_loop_may_be_one_tensor() -> None:
    made = built(Main=told("start loop.c"), Cell=states(
        "x sum.inputs", "h sum.inputs", "c sum.inputs", "linear h_out", "linear c_out"))
    sequence, start, linear = torch.randn(2, 7, 4), torch.randn(2, 4), made.parts["cell"].linear
    h, c, seen = torch.zeros(2, 4), start, []
    for x in sequence.unbind(1):
        h = c = linear(x + h + c)
        seen.append(h)
    for value, wanted in zip(made.network(sequence, start), (torch.stack(seen, 1), h, c), strict=True):
        assert torch.equal(value, wanted)


def test_a_loop_need_not_read_its_sequence_nor_a_state() -> None:
    made = built(Main=told("start loop.h"), Cell=states(
        "h sum.inputs", "h sum.inputs", "linear h_out", "x c_out"))
    sequence, h, linear = torch.randn(2, 7, 4), torch.randn(2, 4), made.parts["cell"].linear
    steps, last_h, last_c = made.network(sequence, h)
    for _ in range(7):
        h = linear(h + h)
    assert torch.equal(steps[:, -1], h)
    assert torch.equal(last_h, h)
    assert torch.equal(last_c, sequence[:, -1])


def test_a_state_is_no_sequence() -> None:
    project = Project({"Main": told("sequence loop.h"), "Cell": states(
        "x sum.inputs", "h sum.inputs", "linear h_out", "linear c_out")})
    problem = survey(project).faults[0]
    assert problem.code == "shape"
    assert problem.port == "h"
    assert "It is a state" in problem.hint


@pytest.mark.parametrize("first", ["h", "x"])
def test_a_repeated_block_passes_on_to_its_first_input_only(first: str) -> None:
    """Both inputs come from the same wire; the upper one gets what the copy before made, read or not."""
    rows = {"h": 0, "x": 0, first: -1}
    mixing = Graph((layer("x", "Input", (0, rows["x"]), shape=(6,)), layer("h", "Input", (0, rows["h"]), shape=(6,)),
                    layer("linear", "Linear", (1, 0), out_features=6), layer("y", "Output", (2, 0))),
                   wires("h linear", "linear y"))
    main = Graph((layer("start", "Input", shape=(6,)), layer("block", "Block", (1, 0), graph="Mixing", repeat=2),
                  layer("after", "Linear", (2, 0), out_features=6), layer("out", "Output", (3, 0))),
                 wires("start block.h", "start block.x", "block.y after", "after out")).update("after", name="block")
    made = built(Main=main, Mixing=mixing)
    torch.manual_seed(5)
    one, other, after, x = *(nn.Linear(6, 6) for _ in range(3)), torch.randn(4, 6)
    assert torch.equal(made.network(x), after(other(one(x) if first == "h" else x)))


def test_a_repeated_block_keeps_what_all_its_copies_read() -> None:
    """Also where the layer before is used by nothing else."""
    both = Graph((layer("x", "Input", shape=(6,)), layer("h", "Input", (0, 1), shape=(6,)),
                  layer("linear", "Linear", (1, 0), out_features=6), layer("sum", "Add", (2, 0)),
                  layer("y", "Output", (3, 0))), wires("x linear", "linear sum.inputs", "h sum.inputs", "sum y"))
    main = Graph((layer("start", "Input", shape=(6,)), layer("tanh", "Tanh", (1, 0)),
                  layer("block", "Block", (2, 0), graph="Both", repeat=2), layer("out", "Output", (3, 0))),
                 wires("start tanh", "tanh block.x", "tanh block.h", "block.y out"))
    made = built(Main=main, Both=both)
    torch.manual_seed(5)
    one, other, start = nn.Linear(6, 6), nn.Linear(6, 6), torch.randn(4, 6)
    x = start.tanh()
    assert torch.equal(made.network(start), other(one(x) + x) + x)


def test_a_block_is_given_no_more_networks_than_it_needs() -> None:
    middle = Graph((layer("x", "Input", shape=(6,)), layer("dense", "Network", (1, 0), graph="Dense"),
                    layer("y", "Output", (2, 0))), wires("x dense.x", "dense.y y"))
    outer = Graph((layer("x", "Input", shape=(6,)), layer("middle", "Network", (1, 0), graph="Middle"),
                   layer("y", "Output", (2, 0))), wires("x middle.x", "middle.y y"))
    main = Graph((layer("x", "Input", shape=(6,)), layer("outer", "Block", (1, 0), graph="Outer"),
                  layer("out", "Output", (2, 0))), wires("x outer.x", "outer.y out"))
    made = built(Main=main, Outer=outer, Middle=middle, Dense=dense())
    assert set(dict(made.network.named_children())) == {"middle", "outer"}
    assert list(made.parts) == ["dense", "middle", "main"]


def test_a_network_may_begin_with_noise_though_its_loss_reads_data() -> None:
    graph = Graph((layer("noise", "Noise", shape=(6,)), layer("linear", "Linear", (1, 0), out_features=2),
                   layer("out", "Output", (2, 0)), layer("target", "Input", (1, 1), shape=(2,)),
                   layer("loss", "MSE", (2, 1))),
                  wires("noise linear", "linear out", "linear loss.prediction", "target loss.target"))
    made = built(Main=graph)
    assert made.network(3).shape == (3, 2)
    assert made.objective(torch.zeros(5, 2))[0].isfinite()


def test_a_network_of_noise_alone_needs_no_weights() -> None:
    noise = Graph((layer("noise", "Noise", shape=(6,)), layer("tanh", "Tanh", (1, 0)), layer("out", "Output", (2, 0))),
                  wires("noise tanh", "tanh out"))
    main = Graph((layer("x", "Input", shape=(6,)), layer("noise", "Network", (0, 1), graph="Noise"),
                  layer("sum", "Add", (1, 0)), layer("out", "Output", (2, 0))),
                 wires("x sum.inputs", "noise.out sum.inputs", "sum out"))
    assert built(Main=main, Noise=noise).network(torch.zeros(3, 6)).shape == (3, 6)


def test_a_network_may_be_called_like_the_objective_of_another() -> None:
    main = Graph((layer("x", "Input", shape=(6,)), layer("inner", "Network", (1, 0), graph="Main objective"),
                  layer("out", "Output", (2, 0)), layer("y", "Input", (1, 1), shape=(6,)),
                  layer("loss", "MSE", (2, 1))),
                 wires("x inner.x", "inner.y out", "inner.y loss.prediction", "y loss.target"))
    made = built(**{"Main": main, "Main objective": dense()})
    assert made.objective(torch.zeros(2, 6), torch.zeros(2, 6))[0].isfinite()


def test_objectives_hold_the_very_networks_that_are_used() -> None:
    def judging(name: str) -> Graph:
        return Graph((layer("x", "Input", (0, 0), shape=(6,), column="x"),
                      layer("dense", "Network", (1, 0), graph="Dense"),
                      layer("y", "Input", (1, 1), shape=(6,), column=name), layer("loss", "MSE", (2, 0))),
                     wires("x dense.x", "dense.y loss.prediction", "y loss.target"))

    project = Project({"Dense": dense(), "One": judging("a"), "Other": judging("b")},
                      plan=(Phase("One", "One"), Phase("Other", "Other")))
    made = build(emit(project))
    assert made.objectives["One"].dense is made.objectives["Other"].dense is made.network


def test_an_objective_may_be_placed_by_a_graph_that_is_not_trained() -> None:
    def judging(*more: Node) -> Graph:
        return Graph((layer("x", "Input", (0, 0), shape=(6,), column="x"),
                      layer("dense", "Network", (1, 0), graph="Dense"), layer("out", "Output", (2, 0)),
                      layer("y", "Input", (1, 1), shape=(6,), column="y"), layer("loss", "MSE", (2, 1)), *more),
                     wires("x dense.x", "dense.y out", "dense.y loss.prediction", "y loss.target"))

    idle = layer("idle", "Network", (3, 0), graph="Judged")
    project = Project({"Dense": dense(), "Judged": judging(), "Idle": judging(idle)}, plan=(Phase("One", "Judged"),))
    made = build(emit(project))
    assert made.objectives["Judged"](torch.zeros(2, 6), torch.zeros(2, 6))[0].isfinite()
    assert made.objectives["Judged"].network.dense is made.network


def test_results_of_a_network_without_inputs_are_called_as_people_like() -> None:
    graph = Graph((layer("noise", "Noise", shape=(6,)), layer("one", "Linear", (1, 0), out_features=2),
                   layer("other", "Linear", (1, 1), out_features=2), layer("samples", "Output", (2, 0)),
                   layer("zero", "Constant", (1, 2), value=0.0, shape=(2,)), layer("near", "MSE", (2, 1)),
                   layer("far", "L1", (2, 2))),
                  wires("noise one", "noise other", "one samples", "one near.prediction", "zero near.target",
                        "other far.prediction", "zero far.target"))
    loss, sums = built(Main=graph).objective(3)
    assert loss.isfinite()
    assert all(part.isfinite().all() for part in sums)

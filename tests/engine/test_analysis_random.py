"""analyze never raises, whatever the graph, and its repairs are edits that never raise either."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.analysis import analyze
from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.project import Column
from tests.engine.drawing import COLUMNS

IDS = [f"n{i}" for i in range(8)]
TYPES = [*CATALOGUE, "Quantum", ""]
PORTS = ["input", "inputs", "output", "prediction", "target", "side"]

odd_values = st.sampled_from([10**30, -(10**30), 10**5000, "", "none", "classes", [10**5000]])
anything = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 12), odd_values, st.floats(), st.text(max_size=5),
    st.lists(st.integers(-2, 9), max_size=4), st.tuples(st.integers(1, 5)),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


@st.composite
def nodes(draw, id: str) -> Node:
    """A node of any type; some settings are what the layer declares, others are anything at all."""
    type = draw(st.sampled_from(TYPES))
    spec = CATALOGUE.get(type)
    params = dict(spec.defaults()) if spec and draw(st.booleans()) else {}
    if spec and spec.params and draw(st.integers(0, 3)) == 0:
        params[draw(st.sampled_from(spec.params)).name] = draw(anything)
    if draw(st.integers(0, 9)) == 0:
        params[draw(st.text(max_size=3))] = draw(anything)
    if type == "Input":
        params["shape"] = draw(st.lists(st.integers(1, 6), max_size=4))
    position = draw(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)))
    return Node(id, type, draw(st.text(max_size=4)), params, position)


@st.composite
def graphs(draw) -> Graph:
    """Any nodes and any wires between them: circles, doubles, wires to nowhere, ids used twice."""
    ids = draw(st.lists(st.sampled_from(IDS), max_size=8))
    placed = tuple(draw(nodes(node_id)) for node_id in ids)
    edges = st.builds(Edge, st.sampled_from(IDS), st.sampled_from(PORTS), st.sampled_from(IDS), st.sampled_from(PORTS))
    return Graph(placed, tuple(draw(st.lists(edges | _likely(ids), max_size=16))))


def _likely(ids: list[str]) -> st.SearchStrategy[Edge]:
    """Wires that probably fit: from an output of one node to an input of another."""
    if not ids:
        return st.nothing()
    return st.builds(Edge, st.sampled_from(ids), st.just("output"), st.sampled_from(ids), st.sampled_from(PORTS[:5]))


columns = st.sampled_from([(), COLUMNS, (Column("x", "vector", "input", (4,)), Column("y", "number", "target"))])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs(), columns)
def test_any_graph_is_analysed(graph: Graph, columns: tuple[Column, ...]) -> None:
    analysis = analyze(graph, columns)
    ids = {node.id for node in graph.nodes}
    assert set(analysis.nodes) == set(analysis.order) == ids
    assert len(analysis.order) == len(ids)
    assert analysis.broken | analysis.waiting <= set(graph.edges)
    assert not analysis.broken & analysis.waiting
    for node_id, report in analysis.nodes.items():
        assert (report.state == "waiting") <= bool(report.waits_for or "" in {n.name for n in graph.nodes}), node_id
    for problem in analysis.problems:
        assert not problem.node or problem.node in ids
        assert not problem.node or analysis.nodes[problem.node].state in (problem.severity, "error")
        assert len(problem.message) < 600
        for repair in problem.repairs:
            analyze(repair.edit(graph), columns)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs())
def test_the_same_graph_gives_the_same_analysis(graph: Graph) -> None:
    first, second = analyze(graph), analyze(Graph(graph.nodes, graph.edges))
    assert first.nodes == second.nodes
    assert [problem.message for problem in first.problems] == [problem.message for problem in second.problems]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs(), columns)
def test_repairing_comes_to_an_end(graph: Graph, columns: tuple[Column, ...]) -> None:
    """Applying the first repair that is offered, again and again, does not go round in circles for ever."""
    for _ in range(120):
        repairs = [repair for problem in analyze(graph, columns).problems for repair in problem.repairs]
        if not repairs:
            return
        graph = repairs[0].edit(graph)
    raise AssertionError([problem.message for problem in analyze(graph, columns).problems])

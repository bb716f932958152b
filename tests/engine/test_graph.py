"""Edits of a graph: values go in, values come out, nothing is changed in place."""

import copy
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.graph import Edge, Graph, Node
from tests.engine.designs import graphs


def _wire(source: str, target: str, port: str = "input") -> Edge:
    return Edge(source, "output", target, port)


def _chain(*names: str) -> Graph:
    nodes = tuple(Node(name, "ReLU", name.upper(), {}, (100.0 * i, 0.0)) for i, name in enumerate(names))
    return Graph(nodes, tuple(_wire(a, b) for a, b in pairwise(names)))


ABC = _chain("a", "b", "c")


def test_new_nodes_get_free_ids_and_names():
    graph = Graph()
    for number in (1, 2, 3):
        node = graph.new_node("Linear", {"out_features": 3}, (1.0, 2.0))
        assert (node.id, node.name, node.position) == (f"linear_{number}", f"Linear {number}", (1.0, 2.0))
        graph = graph.add(node)
    renamed = graph.update("linear_1", name="Linear 4")
    assert renamed.new_node("Linear", {}).id == "linear_5"
    assert graph.remove(("linear_2",)).new_node("Linear", {}).id == "linear_2"


def test_a_new_wire_replaces_the_old_one_unless_the_port_takes_many():
    assert ABC.connect(_wire("a", "c")).into("c") == (_wire("a", "c"),)
    assert ABC.connect(_wire("a", "c"), exclusive=False).into("c") == (_wire("b", "c"), _wire("a", "c"))
    assert ABC.connect(_wire("b", "c")).edges == ABC.edges
    assert ABC.connect(_wire("a", "c", "other")).into("c") == (_wire("b", "c"), _wire("a", "c", "other"))


def test_dissolving_heals_the_wire():
    assert ABC.dissolve(("b",)).edges == (_wire("a", "c"),)
    assert _chain(*"abcde").dissolve(("b", "c", "d")).edges == (_wire("a", "e"),)
    assert ABC.dissolve(("a",)).edges == (_wire("b", "c"),)
    assert ABC.remove(("b",)).edges == ()
    assert ABC.connect(_wire("b", "b"), exclusive=False).dissolve(("b",)).edges == (_wire("a", "c"),)


def test_inserting_keeps_the_place_among_the_wires_of_a_port():
    graph = Graph(_chain(*"abcd").nodes, (_wire("a", "d"), _wire("b", "d"), _wire("c", "d")))
    inserted = graph.insert_on(_wire("b", "d"), Node("n", "ReLU", "N"), "input", "output")
    assert [edge.source for edge in inserted.into("d")] == ["a", "n", "c"]
    assert inserted.into("n") == (_wire("b", "n"),)


def test_upstream_and_downstream_of_circles_end():
    circle = ABC.connect(_wire("c", "a"))
    assert circle.downstream(("a",)) == circle.upstream(("a",)) == {"a", "b", "c"}
    assert ABC.downstream(("b",)) == {"b", "c"}
    assert ABC.upstream(("b",)) == {"a", "b"}


def test_a_chain_of_thousands_is_no_deeper_than_a_chain_of_three():
    long = _chain(*(f"n{i}" for i in range(20_000)))
    assert len(long.downstream(("n0",))) == 20_000
    assert len(long.upstream(("n19999",))) == 20_000


def test_settings_and_fields_change_in_a_copy():
    changed = ABC.set_params("b", {"p": 1}).set_params("b", {"q": 2}).update("b", name="new", type="Linear")
    assert changed.node("b") == Node("b", "Linear", "new", {"p": 1, "q": 2}, (100.0, 0.0))
    assert ABC.node("b").params == {}
    moved = ABC.move({"c": (7.0, 8.0)})
    assert [node.position for node in moved.nodes] == [(0.0, 0.0), (100.0, 0.0), (7.0, 8.0)]
    with pytest.raises(KeyError):
        ABC.node("z")
    assert "a" in ABC
    assert "z" not in ABC


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_copies_are_pasted_under_free_ids_with_their_wires(graph, data):
    chosen = data.draw(st.sets(st.sampled_from([node.id for node in graph.nodes]))) if graph.nodes else set()
    part = graph.subgraph(chosen)
    pasted, added = graph.merged(part, (40.0, 30.0))
    assert pasted.nodes[: len(graph.nodes)] == graph.nodes
    assert set(graph.edges) <= set(pasted.edges)
    assert len(pasted.edges) == len(graph.edges) + len(part.edges)
    assert len({node.id for node in pasted.nodes}) == len(graph.nodes) + len(part.nodes)
    twin = dict(zip((node.id for node in part.nodes), added, strict=True))
    for edge in part.edges:
        assert Edge(twin[edge.source], edge.source_port, twin[edge.target], edge.target_port) in pasted.edges
    for node in part.nodes:
        assert pasted.node(twin[node.id]).params == node.params
        assert pasted.node(twin[node.id]).position == (node.position[0] + 40.0, node.position[1] + 30.0)


class Editing(RuleBasedStateMachine):
    """Any row of edits leaves a graph in which ids are unique and wires end at nodes, and no earlier graph changed."""

    @initialize(graph=graphs())
    def begin(self, graph):
        self.graph, self.history = graph, [(graph, copy.deepcopy(graph))]

    def _become(self, graph):
        self.graph = graph
        self.history.append((graph, copy.deepcopy(graph)))

    @rule(type=st.sampled_from(["Linear", "ReLU"]))
    def add(self, type):
        self._become(self.graph.add(self.graph.new_node(type, {})))

    @precondition(lambda self: self.graph.nodes)
    @rule(data=st.data(), exclusive=st.booleans())
    def connect(self, data, exclusive):
        ids = st.sampled_from([node.id for node in self.graph.nodes])
        edge = _wire(data.draw(ids), data.draw(ids))
        self._become(self.graph.connect(edge, exclusive))
        assert edge in self.graph.edges
        if exclusive:
            assert self.graph.into(edge.target, "input") == (edge,)

    @precondition(lambda self: self.graph.nodes)
    @rule(data=st.data(), keep_wires=st.booleans())
    def delete(self, data, keep_wires):
        chosen = data.draw(st.sets(st.sampled_from([node.id for node in self.graph.nodes]), max_size=3))
        self._become(self.graph.dissolve(sorted(chosen)) if keep_wires else self.graph.remove(chosen))
        assert not chosen & set(self.graph.by_id())

    @precondition(lambda self: self.graph.edges)
    @rule(data=st.data())
    def insert_or_disconnect(self, data):
        edge = data.draw(st.sampled_from(self.graph.edges))
        node = self.graph.new_node("ReLU", {})
        self._become(data.draw(st.sampled_from([
            self.graph.disconnect(edge), self.graph.insert_on(edge, node, "input", "output")])))
        assert edge not in self.graph.edges

    @invariant()
    def it_is_sound(self):
        ids = [node.id for node in self.graph.nodes]
        assert len(set(ids)) == len(ids)
        assert len(set(self.graph.edges)) == len(self.graph.edges)
        assert {end for edge in self.graph.edges for end in (edge.source, edge.target)} <= set(ids)
        for graph, as_it_was in self.history:
            assert graph == as_it_was


Editing.TestCase.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
TestEditing = Editing.TestCase

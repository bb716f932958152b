"""Random designs and projects for property tests, drawn from the whole catalogue."""

from typing import Any

from hypothesis import strategies as st

from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.options import OPTIMIZERS, SCHEDULERS, Options, with_option
from engine.params import Bool, Choice, Float, Int, Param, Size
from engine.project import Column, Data, Project, Split

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
HOSTILE = st.sampled_from([
    '"""', "'''", '"', "'", "\\", "\n", "\r\nimport os", "#", "{x}", "%s", "class", "self", "torch", "nn", "forward",
    "network", "loss", "x", "None", "__init__", "\0", "\u202e", "\x1b[31m", "层", "ﬁ", "", " ", "1", "a" * 300,
    '"""\nimport os\nos.abort()\n"""', "\\N{BULLET}", "T_destination", "type", "print", "sums", "objective",
]) | TEXTS


def values(param: Param) -> st.SearchStrategy[Any]:
    """Legal values of a parameter, small ones."""
    strategy: st.SearchStrategy[Any]
    match param:
        case Bool():
            strategy = st.booleans()
        case Choice():
            strategy = st.sampled_from(param.choices)
        case Int():
            low = -3 if param.minimum is None else param.minimum
            strategy = st.integers(low, min(low + 9, 10**9 if param.maximum is None else param.maximum))
        case Float():
            strategy = st.floats(param.minimum or 0.0, 1.0 if param.maximum is None else param.maximum)
        case Size():
            low = -3 if param.minimum is None else param.minimum
            sizes = st.lists(st.integers(low, low + 5), min_size=param.length or int(param.optional), max_size=param.length or 3)
            strategy = sizes.map(tuple)
        case _:
            strategy = HOSTILE
    return strategy | st.none() if param.optional else strategy


@st.composite
def nodes(draw: st.DrawFn, node_id: str) -> Node:
    """A node of any type, its settings legal, its name anything."""
    type = draw(st.sampled_from([*CATALOGUE, "Input", "Output", "CrossEntropy", "Teleport"]))
    spec = CATALOGUE.get(type)
    if spec:
        params = {param.name: draw(st.just(param.default) | values(param)) for param in spec.params}
    else:
        params = draw(st.dictionaries(TEXTS, st.integers(-9, 9) | TEXTS | st.lists(st.integers(0, 9)).map(tuple)))
    position = draw(st.tuples(*[st.floats(-1e6, 1e6)] * 2))
    return Node(node_id, type, draw(HOSTILE), params, position)


@st.composite
def graphs(draw: st.DrawFn, most: int = 8) -> Graph:
    """Any drawing at all: cycles, missing wires, wires to ports that do not exist."""
    ids = draw(st.lists(st.text("abc_1", min_size=1, max_size=4), unique=True, max_size=most))
    graph = Graph(tuple(draw(nodes(node_id)) for node_id in ids))
    ports = ["input", "output", "inputs", "prediction", "target", "nowhere"]
    if ids:
        edge = st.builds(Edge, st.sampled_from(ids), st.sampled_from(["output", "lengths"]), st.sampled_from(ids),
                         st.sampled_from(ports))
        graph = Graph(graph.nodes, tuple(draw(st.lists(edge, unique=True, max_size=2 * most))))
    return graph


@st.composite
def options(draw: st.DrawFn) -> Options:
    chosen = with_option(Options(), "optimizer", draw(st.sampled_from(sorted(OPTIMIZERS))))
    chosen = with_option(chosen, "scheduler", draw(st.sampled_from(sorted(SCHEDULERS))))
    chosen = with_option(chosen, "lr", draw(st.floats(0, 10)))
    return with_option(chosen, "epochs", draw(st.integers(1, 10**6)))


columns = st.builds(
    Column, HOSTILE, st.sampled_from(["image", "number", "category", "vector"]), st.sampled_from(["input", "target"]),
    st.lists(st.integers(1, 10**6), max_size=4).map(tuple), st.lists(TEXTS, max_size=3).map(tuple),
)

data = st.builds(
    Data, TEXTS, TEXTS, st.dictionaries(TEXTS, st.integers(-9, 9) | TEXTS | st.lists(TEXTS)),
    st.lists(columns, max_size=4, unique_by=lambda column: column.name).map(tuple),
    st.builds(Split, st.floats(0, 0.4), st.floats(0, 0.4), st.integers(0, 2**40)), st.booleans(),
)

projects = st.builds(
    Project, st.dictionaries(HOSTILE, graphs(), min_size=1, max_size=3), st.none() | data, options(), TEXTS,
)

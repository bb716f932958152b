"""Random designs and projects for property tests, drawn from the whole catalogue."""

from typing import Any, get_args

from hypothesis import assume
from hypothesis import strategies as st

from engine.analysis import analyze
from engine.graph import Edge, Graph, Node
from engine.kinds import KINDS
from engine.layers import CATALOGUE
from engine.options import OPTIMIZERS, SCHEDULERS, Options, with_option
from engine.params import Bool, Choice, Float, Int, Param, Size, completed
from engine.project import Column, ColumnChoice, ColumnRole, Data, Project, Split

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
            least, most = (param.length, param.length) if param.length else (int(param.optional), 3)
            strategy = st.lists(st.integers(low, low + 5), min_size=least, max_size=most).map(tuple)
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


def _columns(parts: st.SearchStrategy[tuple[Column, ...]]) -> st.SearchStrategy[Column]:
    return st.sampled_from(list(KINDS)).flatmap(lambda kind: st.builds(
        Column, HOSTILE, st.just(kind), st.sampled_from(get_args(ColumnRole)),
        st.lists(st.integers(1, 10**6), max_size=4).map(tuple), st.lists(TEXTS, max_size=3).map(tuple), TEXTS,
        st.just(completed(KINDS[kind].params, {})), parts,
    ))


def _distinct(columns: st.SearchStrategy[Column]) -> st.SearchStrategy[tuple[Column, ...]]:
    return st.lists(columns, max_size=4, unique_by=lambda column: column.name).map(tuple)


choices = st.builds(ColumnChoice, st.sampled_from(["", *KINDS]), st.sampled_from(["", *get_args(ColumnRole)]))

data = st.builds(
    Data, TEXTS, TEXTS, st.dictionaries(TEXTS, st.integers(-9, 9) | TEXTS | st.lists(TEXTS)),
    _distinct(_columns(_distinct(_columns(st.just(()))))), st.dictionaries(TEXTS, choices, max_size=3),
    st.builds(Split, st.floats(0, 0.4), st.floats(0, 0.4), st.integers(0, 2**40),
              st.sampled_from(["auto", "group", "k-fold"]), TEXTS, st.integers(5, 9), st.integers(0, 4)),
    st.booleans(),
)

graph_names = HOSTILE.filter(lambda name: name.strip() and "/" not in name)

projects = st.builds(
    Project, st.dictionaries(graph_names, graphs(), min_size=1, max_size=3), st.none() | data, options(), TEXTS,
)


def _input(draw: st.DrawFn, number: int) -> Node:
    shape = draw(st.sampled_from([(1, 12, 12), (3, 8, 10), (7, 5), (9,), (2, 6), (4, 4), ()]))
    classes = draw(st.sampled_from([0, 5])) if number else 0
    params = {"column": draw(HOSTILE.filter(bool)) + f" {number}", "shape": shape,
              "values": "classes" if classes else "numbers", "classes": classes}
    return Node(f"in{number}", "Input", draw(HOSTILE), params)


@st.composite
def sound_designs(draw: st.DrawFn, most: int = 10) -> Project:
    """A project that can be trained: random layers, kept where they fit, with branches; then outputs and losses."""
    graph = Graph(tuple(_input(draw, number) for number in range(draw(st.integers(1, 2)))))
    layers = [spec for spec in CATALOGUE.values() if spec.role == "layer" and spec.inputs]
    for number in range(draw(st.integers(1, most))):
        spec = draw(st.sampled_from(layers))
        params = {param.name: draw(st.just(param.default) | values(param)) for param in spec.params}
        node = Node(f"n{number}", spec.type, draw(HOSTILE), params)
        count = draw(st.integers(2, 4)) if spec.inputs[0].variadic else 1
        recent = [other.id for other in graph.nodes[-4:]]
        made = analyze(graph).nodes
        recent = [(node_id, port) for node_id in recent for port in made[node_id].outputs]
        wires = [(*draw(st.sampled_from(recent)), node.id, spec.inputs[0].name) for _ in range(count)]
        wires += [(*draw(st.sampled_from(recent)), node.id, port.name) for port in spec.inputs[1:] if not port.optional]
        edges = {Edge(*wire) for wire in wires}
        larger = Graph((*graph.nodes, node), (*graph.edges, *sorted(edges)))
        report = analyze(larger).nodes[node.id]
        small = [made.elements < 20_000 for made in report.outputs.values()]
        if small and all(small) and report.weights < 200_000:
            graph = larger
    graph = _with_sinks(draw, graph)
    assume(not analyze(graph).errors)  # something has weights
    return Project({draw(HOSTILE): graph})


def _with_sinks(draw: st.DrawFn, graph: Graph) -> Graph:
    made = analyze(graph).nodes
    numeric = [(node.id, port) for node in graph.nodes for port, spec in made[node.id].outputs.items()
               if spec.dtype == "float32"]
    ends = [end for end in numeric if not graph.out_of(*end)][-3:] or numeric[-1:]
    for number, end in enumerate(ends):
        spec = made[end[0]].outputs[end[1]]
        is_choice = spec.rank == 1 and spec.sizes[0] > 1 and draw(st.booleans())
        column = {"column": draw(HOSTILE.filter(bool)) + f" t{number}", "shape": () if is_choice else spec.sizes,
                  "values": "classes" if is_choice else "numbers", "classes": spec.sizes[0] if is_choice else 0}
        loss = draw(st.sampled_from(["CrossEntropy"] if is_choice else ["MSE", "L1", "SmoothL1"]))
        nodes = (Node(f"t{number}", "Input", draw(HOSTILE), column),
                 Node(f"l{number}", loss, draw(HOSTILE), CATALOGUE[loss].defaults()),
                 Node(f"o{number}", "Output", draw(HOSTILE)))
        edges = (Edge(*end, f"l{number}", "prediction"), Edge(f"t{number}", "output", f"l{number}", "target"),
                 Edge(*end, f"o{number}", "input"))
        graph = Graph((*graph.nodes, *nodes), (*graph.edges, *edges))
    return graph

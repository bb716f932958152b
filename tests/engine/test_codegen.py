"""Emitted source: readable, well formed whatever users type, and true to the design."""

import ast
import builtins
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from engine import projectfile
from engine.analysis import analyze, planning
from engine.analysis.survey import survey
from engine.codegen import emit, emit_preview
from engine.errors import TrainingError
from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.project import RESOURCES, Project, new_project
from tests.engine.designs import graphs, sound_designs
from tests.engine.plans import layer, wires

PERCEPTRON = projectfile.load(RESOURCES / "templates" / "perceptron.neuroloom")
EXPECTED = Path(__file__).with_name("perceptron.expected")

slow = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def _node(node_id: str, type: str, name: str = "", **params: object) -> Node:
    return Node(node_id, type, name or node_id, {**CATALOGUE[type].defaults(), **params})


def _wired(nodes: list[Node], *wires: str) -> Graph:
    """Wires as "a>b" or "a>b.port"."""
    edges = []
    for wire in wires:
        source, _, target = wire.partition(">")
        target, _, port = target.partition(".")
        edges.append(Edge(source, "output", target, port or "input"))
    return Graph(tuple(nodes), tuple(edges))


def _problems_of(text: str) -> list[str]:
    """What a linter and a careful reader would object to."""
    tree = ast.parse(text)
    found = [f"line {i} is long" for i, line in enumerate(text.splitlines(), 1) if len(line) > 120]
    found += [f"line {i} ends in a space" for i, line in enumerate(text.splitlines(), 1) if line != line.rstrip()]
    imported = {alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names}
    loaded = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    found += [f"{name} is imported and not used" for name in imported - loaded]
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        own = {arg.arg for arg in function.args.args}
        own |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        found += [f"{name} is not defined" for name in used - own - imported - classes - set(dir(builtins))]
        found += [f"{name} is assigned and not used" for name in own - used - {"self", "_"}]
    return found


_NEEDED = {"super", "tuple", "int", "next", "range", "len", "bool", "float"}


def _dangers(text: str) -> set[str]:
    """Builtins that are used, hidden attributes and imports, beyond what emitted code needs."""
    nodes = list(ast.walk(ast.parse(text)))
    found = {node.id for node in nodes if isinstance(node, ast.Name)} & set(dir(builtins)) - _NEEDED
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)} - {"__init__"}
    imports = {ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)}
    return found | {name for name in attributes if name.startswith("_")} | imports - {
        "import torch", "from torch import nn"}


def test_the_perceptron_reads_as_if_a_person_had_written_it():
    source = emit(PERCEPTRON)
    assert source.text == EXPECTED.read_text(encoding="utf-8")
    assert (source.network, source.objective.objective) == ("Perceptron", "PerceptronObjective")
    assert (source.inputs, source.targets, source.outputs) == (("image",), ("label",), ("output",))
    assert source.target_of == {"output": "label"}
    assert [msgspec.to_builtins(metric) for metric in source.objective.metrics] == [
        {"name": "accuracy", "type": "Accuracy", "target": "label", "output": "output"}]
    assert source.modules["Perceptron"]["linear_2"] == "linear_2"


def test_a_placed_metric_stands_for_those_of_its_loss_only():
    graph = Graph(
        (layer("x", "Input", column="x", shape=(3,)), layer("size", "Linear", out_features=1),
         layer("kind", "Linear", out_features=4), layer("true_size", "Input", column="size", shape=(1,)),
         layer("true_kind", "Input", column="kind", values="classes", classes=4), layer("first", "MSE"),
         layer("second", "CrossEntropy"), layer("seen", "F1")),
        wires("x size", "x kind", "size first.prediction", "true_size first.target", "kind second.prediction",
              "true_kind second.target"))
    judged = Graph(graph.nodes, (*graph.edges, *wires("kind seen.prediction", "true_kind seen.target")))
    assert _metrics(graph.remove(("seen",))) == ["MAE", "R2", "Accuracy", "", ""]
    assert _metrics(judged) == ["F1", "MAE", "R2", "", ""]


def _metrics(graph):
    return [metric.type for metric in emit(Project({"Network": graph})).objective.metrics]


@pytest.mark.parametrize("path", sorted((RESOURCES / "templates").glob("*.neuroloom")), ids=lambda path: path.stem)
def test_templates_have_nothing_to_object_to(path):
    project = projectfile.load(path)
    report = survey(project)
    assert not [problem for analysis in report.analyses.values() for problem in analysis.problems]
    assert not planning.problems(project)
    assert not _problems_of(emit(project).text)
    assert emit_preview(project) == emit(project).text


@slow
@given(sound_designs())
def test_any_design_with_any_names_gives_clean_code(project):
    source = emit(project)
    assert not _problems_of(source.text)
    assert not _dangers(source.text)
    assert emit(project) == source
    modules = source.modules[project.main]
    assert len(set(modules.values())) == len(modules)
    assert all(name.isidentifier() for name in (*modules.values(), *source.outputs, source.network))
    report = analyze(project.graph)
    columns = {node.id: node.params["column"] for node in project.graph.nodes if node.type == "Input"}
    assert source.inputs == tuple(dict.fromkeys(columns[node_id] for node_id in report.inputs))
    assert source.targets == tuple(dict.fromkeys(columns[node_id] for node_id in report.targets))


@slow
@given(graphs())
def test_the_preview_of_any_drawing_is_python(graph):
    project = Project({"Any": graph})
    text = emit_preview(project)
    assert text.isprintable() or text.replace("\n", "").isprintable()
    assert not [problem for problem in _problems_of(text) if "not used" not in problem]
    assert not _dangers(text)
    if graph.nodes and not analyze(graph).faults and "can be computed yet" not in text:
        assert emit(project).text == text
    else:
        with pytest.raises(TrainingError, match=r"The design has errors|computes nothing"):
            emit(project)


def test_the_preview_of_an_unfinished_design_shows_what_there_is_and_says_what_is_missing():
    graph = _wired([_node("image", "Input", "image", column="image", shape=(1, 8, 8)), _node("f", "Flatten", "Flatten"),
                    _node("l", "Linear", "Linear", out_features=5), _node("c", "Conv2d", "Convolution"),
                    _node("r", "ReLU", "After\nit")], "image>f", "f>l", "f>c", "c>r")
    text = emit_preview(Project({"Half": graph}))
    assert "self.linear = nn.Linear(64, 5)" in text
    assert "return x" in text
    assert "# Not in the code yet: Convolution" in text
    assert "# Not in the code yet: After it waits for Convolution" in text
    assert "Objective" not in text
    assert _problems_of(emit_preview(new_project())) == ["torch is imported and not used"]


def test_an_empty_design_is_refused_in_words():
    with pytest.raises(TrainingError, match="The design has errors"):
        emit(new_project())
    with pytest.raises(TrainingError, match="computes nothing yet"):
        emit(Project({"Input": _wired([_node("i", "Input", shape=(3,), column="x")])}))


def test_a_branch_is_kept_under_a_name_and_chains_are_called_x():
    graph = _wired(
        [_node("i", "Input", "image", column="image", shape=(4, 8, 8)), _node("a", "Conv2d", "Entry", out_channels=4),
         _node("b", "Conv2d", "Inner", out_channels=4, padding=(1, 1)), _node("r", "ReLU", "Bend"),
         _node("s", "Add", "Skip"), _node("o", "Output", "picture")],
        "i>a", "a>b", "b>r", "r>s.inputs", "a>s.inputs", "s>o")
    source = emit(Project({"Residual": graph}))
    assert source.objective is None
    body = [line.split("  #")[0].strip() for line in source.text.splitlines()]
    start = body.index("def forward(self, image: torch.Tensor) -> torch.Tensor:")
    assert body[start + 1:] == ["entry = self.entry(image)", "x = self.inner(entry)", "x = self.bend(x)",
                                "x = x + entry", "return x"]


def test_a_column_named_x_and_several_outputs_and_losses():
    graph = _wired(
        [_node("i", "Input", "Data", column="x", shape=(4,)), _node("y", "Input", "Y", column="y", shape=(2,)),
         _node("c", "Input", "C", column="kind", values="classes", classes=3),
         _node("h", "Linear", "Hidden", out_features=6),
         _node("p", "Linear", "Head", out_features=2), _node("q", "Linear", "Head", out_features=3),
         _node("o", "Output", "class"), _node("m", "MSE", "Loss"), _node("e", "CrossEntropy", "Loss")],
        "i>h", "h>p", "h>q", "p>m.prediction", "y>m.target", "q>e.prediction", "c>e.target", "q>o")
    source = emit(Project({"Two Heads": graph}))
    assert source.network == "TwoHeads"
    assert source.outputs == ("class_", "output")
    assert source.target_of == {"output": "y", "class_": "kind"}
    assert [metric.name for metric in source.objective.metrics] == ["mae", "r2", "accuracy", "loss_2", "loss_3"]
    assert [metric.output for metric in source.objective.metrics] == ["output", "output", "class_", "", ""]
    assert "def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:" in source.text
    assert "loss_2 = self.loss(" in source.text
    assert "loss = loss_2 + loss_3" in source.text


def test_an_autoencoder_compares_with_its_own_input():
    nodes = [_node("i", "Input", "In", column="rows", shape=(4,)), _node("a", "Linear", "A", out_features=4),
             _node("j", "Input", "Again", column="rows", shape=(4,)), _node("m", "MSE", "Loss")]
    for graph in (_wired(nodes[:2] + nodes[3:], "i>a", "a>m.prediction", "i>m.target"),
                  _wired(nodes, "i>a", "a>m.prediction", "j>m.target")):
        source = emit(Project({"Auto": graph}))
        assert (source.inputs, source.targets) == (("rows",), ())
        assert source.target_of == {"output": "rows"}


def test_thousands_of_layers_and_a_very_wide_merge():
    count = 3_000
    nodes = [_node("n0", "Input", "In", column="rows", shape=(4,)),
             *(_node(f"n{i}", "ReLU", f"ReLU {i}") for i in range(1, count)), _node("o", "Output", "end")]
    wires = [f"n{i - 1}>n{i}" for i in range(1, count)]
    text = emit(Project({"Deep": _wired(nodes, *wires, f"n{count - 1}>o")})).text
    assert text.count("nn.ReLU()") == count - 1
    assert not _problems_of(text)
    for merge in ("Concat", "Add", "Multiply"):
        wide = [*nodes[:200], _node("m", merge, "Merge"), nodes[-1]]
        text = emit(Project({"Wide": _wired(wide, *wires[:199], *(f"n{i}>m.inputs" for i in range(200)), "m>o")})).text
        assert not _problems_of(text)


def test_a_network_of_many_columns_stays_within_the_width():
    nodes = [_node(f"i{i}", "Input", f"In {i}", column=f"a column with a long name {i}", shape=(2,)) for i in range(40)]
    graph = _wired([*nodes, _node("m", "Concat", "Merge"), _node("o", "Output", "all")],
                   *(f"i{i}>m.inputs" for i in range(40)), "m>o")
    source = emit(Project({"Many": graph}))
    assert len(source.inputs) == 40
    assert not _problems_of(source.text)

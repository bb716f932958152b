"""Damaged, hostile and newer project files: one kind of error, with the place; never a crash, never half a project."""

import copy
import json
import random

import pytest

from engine import projectfile
from engine.analysis import analyze
from engine.codegen import emit_preview
from engine.errors import ProjectError
from engine.project import RESOURCES

WHOLE = (RESOURCES / "templates" / "cnn.neuroloom").read_bytes()
GRAPH = "ConvolutionalNetwork"


def _with(place: str, value: object) -> bytes:
    """The file with one entry changed; a place ending in "+" appends."""
    tree = json.loads(WHOLE)
    parts = place.replace("GRAPH", GRAPH).split(".")
    at = tree
    for part in parts[:-1]:
        at = at[int(part)] if isinstance(at, list) else at[part]
    if parts[-1] == "+":
        at.append(value)
    else:
        at[int(parts[-1]) if isinstance(at, list) else parts[-1]] = value
    return json.dumps(tree).encode()


WIRE = {"source": "linear_1", "source_port": "output", "target": "relu_3", "target_port": "input"}


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("program", "Other", "is not a Neuroloom project"),
        ("schema", 4, "newer Neuroloom"),
        ("schema", 10**17, "newer Neuroloom"),
        ("schema", 0, "which version"),
        ("schema", True, "which version"),
        ("schema", "1", "which version"),
        ("surprise", 1, "unknown entry 'surprise'"),
        ("notes", 5, "notes: expected text"),
        ("graphs", {}, "at least one"),
        ("graphs", [], "at least one"),
        ("graphs. ", {"nodes": [], "edges": []}, "a name without a slash"),
        ("graphs.a/b", {"nodes": [], "edges": []}, "a name without a slash, not 'a/b'"),
        ("graphs.GRAPH", [], "graphs.Conv.*braces"),
        ("graphs.GRAPH.nodes", {}, "nodes: expected a list"),
        ("graphs.GRAPH.frames", [], "unknown entry 'frames'"),
        ("graphs.GRAPH.nodes.3", 7, r"nodes\[3\]: expected an object"),
        ("graphs.GRAPH.nodes.3.id", "conv2d_1", "two nodes have the id 'conv2d_1'"),
        ("graphs.GRAPH.nodes.3.id", 4, r"nodes\[3\].id: expected `str`, got `int`"),
        ("graphs.GRAPH.nodes.3.id", "", r"nodes\[3\]"),
        ("graphs.GRAPH.nodes.3.name", "n" * 1001, "1,000 characters"),
        ("graphs.GRAPH.nodes.3.position", [1], r"nodes\[3\].position"),
        ("graphs.GRAPH.nodes.3.position", [1e300, 0], r"nodes\[3\].position: expected numbers within"),
        ("graphs.GRAPH.nodes.3.params", [], r"nodes\[3\].params"),
        ("graphs.GRAPH.nodes.3.colour", "red", "unknown entry 'colour'"),
        ("graphs.GRAPH.nodes.+", {"id": "q", "name": "q"}, "missing required field `type`"),
        ("graphs.GRAPH.edges.+", {**WIRE, "target": "gone"}, r"edges\[14\]: there is no node with the id 'gone'"),
        ("graphs.GRAPH.edges.+", {**WIRE, "source": "linear_1 "}, "no node"),
        ("graphs.GRAPH.edges.+", {"source": "a"}, "missing required field"),
        ("graphs.GRAPH.edges.+", WIRE, "stands twice"),
        ("data", [], "data: expected an object"),
        ("data", {"path": "x"}, "data: .*missing required field `source`"),
        ("data.columns.0.kind", "movie", r"columns\[0\].kind"),
        ("data.columns.0.shape", [0, 28], r"columns\[0\].shape: expected sizes of at least 1"),
        ("data.columns.0.name", "label", "two columns are named 'label'"),
        ("data.split.validation", 1.0, "data.split"),
        ("data.split.seed", -1, "data.split"),
        ("data.normalize", 1, "data.normalize"),
        ("data.columns.0.parts", [{"name": "a", "kind": "film", "role": "input"}], r"parts\[0\].kind"),
        ("data.columns.0.settings", {"fit": "tear"}, r"columns\[0\].settings: Fit must be"),
        ("data.chosen", {"a": {"kind": "film"}}, "data.chosen.a.kind"),
        ("data.chosen", {"a": {"role": "king"}}, "data.chosen"),
        ("data.split.folds", 1, "data.split"),
        ("data.excluded", [3, -1], "data.excluded"),
        ("data.excluded", [10**15], "data.excluded"),
        ("data.split.method", "guess", "data.split.method"),
        ("data.augmentation", [{"type": "Explode"}], r"data.augmentation\[0\]: There is no 'Explode'"),
        ("data.augmentation", [{"type": "Flip"}, {"type": "Rotate", "params": {"degrees": 999}}],
         r"data.augmentation\[1\]: Degrees must be"),
        ("options.training.epochs", 0, "options.training: Epochs must be a whole number from 1"),
        ("options.training.speed", 1, "no setting named 'speed'"),
        ("options.optimizer.type", "Lion", "options.optimizer: There is no 'Lion'"),
        ("options.optimizer.params.lr", "fast", "options.optimizer: .* must be a number"),
        ("options.scheduler", None, "options.scheduler: expected an object"),
        ("options.gpu", 1, "unknown entry 'gpu'"),
    ],
)
def test_the_message_names_the_place(place, value, words):
    with pytest.raises(ProjectError, match=f"(?s)a.neuroloom.*{words}") as refused:
        projectfile.loads(_with(place, value), "a.neuroloom")
    assert refused.value.hint
    assert len(refused.value.message) < 500


@pytest.mark.parametrize("data", [
    b"", b"null", b"[]", b"7", b'"Neuroloom"', b"{}", b"PK\x03\x04", b"\x80\x04\x95", b"\0" * 100,
    b"\xef\xbb\xbf" + WHOLE,
    WHOLE.decode().encode("utf-16"), WHOLE + b"x", WHOLE + WHOLE, WHOLE.replace(b'"schema": 3', b'"schema": NaN'),
    WHOLE.replace(b'"schema": 3', b'"schema": 3, "schema": 3'), b"[" * 10**6, b'{"a":' * 10**6, b"1," * 10**7,
    WHOLE.replace(b'"schema": 3', b'"schema": ' + b"9" * 10**6), b" " * (65 << 20),
], ids=lambda data: repr(data[:16]))
def test_what_is_no_project_is_refused(data):
    with pytest.raises(ProjectError):
        projectfile.loads(data)


def test_a_file_from_windows_opens():
    assert projectfile.loads(WHOLE.replace(b"\n", b"\r\n")) == projectfile.loads(WHOLE)


def test_a_large_project_opens():
    tree = json.loads(WHOLE)
    tree["graphs"][GRAPH]["nodes"] = [{"id": f"n{i}", "type": "ReLU", "name": "same"} for i in range(20_000)]
    tree["graphs"][GRAPH]["edges"] = [{**WIRE, "source": f"n{i}", "target": f"n{i + 1}"} for i in range(19_999)]
    project = projectfile.loads(json.dumps(tree).encode())
    assert len(project.graph.nodes) == 20_000
    assert projectfile.loads(projectfile.dumps(project)) == project


POISON = [None, True, -1, 0, 10**18, 2.5, -1e300, "", "x" * 10**5, [], [[]], {}, {"a": []}, [1, "a"], "NaN", 1e18]


def _broken_tree(tree, choose):
    """One entry anywhere deleted, doubled, exchanged or poisoned."""
    places, waiting = [], [tree]
    while waiting:
        at = waiting.pop()
        keys = list(at) if isinstance(at, dict) else range(len(at))
        for key in keys:
            places.append((at, key))
            if isinstance(at[key], dict | list):
                waiting.append(at[key])
    at, key = choose.choice(places)
    match choose.randrange(4):
        case 0:
            del at[key]
        case 1:
            at[key] = copy.deepcopy(choose.choice(POISON))
        case 2:
            other, place = choose.choice(places)
            at[key] = copy.deepcopy(other[place])
        case 3 if isinstance(at, list):
            at.append(copy.deepcopy(at[key]))
        case _:
            at["extra"] = at[key] if isinstance(at, dict) else None
    return tree


def _broken_bytes(data, choose):
    broken = bytearray(data)
    for _ in range(choose.randint(1, 4)):
        place = choose.randrange(len(broken))
        match choose.randrange(4):
            case 0:
                broken[place] = choose.randrange(256)
            case 1:
                del broken[place: place + choose.randint(1, 40)]
            case 2:
                broken[place:place] = broken[(start := choose.randrange(len(broken))): start + choose.randint(1, 40)]
            case _:
                broken[place:place] = choose.choice([b"{", b"]", b'"', b",", b"9" * 30, b"\\u0000", b"null", b"-"])
    return bytes(broken)


@pytest.mark.parametrize("seed", range(3))
def test_mutants_are_refused_or_stable(seed):
    """What is opened can be saved, opened again, analysed and shown as code."""
    choose = random.Random(seed)
    outcomes = {"refused": 0, "opened": 0}
    for number in range(500):
        if number % 2:
            mutant = _broken_bytes(WHOLE, choose)
        else:
            try:
                mutant = json.dumps(_broken_tree(json.loads(WHOLE), choose)).encode()
            except (TypeError, IndexError):
                continue
        try:
            project = projectfile.loads(mutant)
        except ProjectError:
            outcomes["refused"] += 1
            continue
        outcomes["opened"] += 1
        assert projectfile.loads(projectfile.dumps(project)) == project
        analyze(project.graph, project.data.columns if project.data else ())
        emit_preview(project)
    assert min(outcomes.values()) > 50, outcomes

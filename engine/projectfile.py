"""The project file: readable JSON that is parsed, validated and built, or refused as a whole with the place named.

    {"program": "Neuroloom", "schema": 3, "notes": ..., "data": {...}, "options": {...}, "plan": [...], "starts": {...},
     "graphs": {name: {...}}}

A project file is data: nothing in it is ever imported, evaluated or opened by reading it. Nothing in it is dropped: a
layer of an unknown type is kept as it stands, and so is a setting with a value that its layer does not allow; the
analysis of the design complains about both.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from engine import jsontext, layers, storage
from engine.augmentation import AUGMENTATIONS
from engine.errors import OptionError, ProjectError, StorageError
from engine.graph import Edge, Graph, Node
from engine.kinds import KINDS
from engine.migrations import SCHEMA, migrated
from engine.options import COMPONENTS, TRAINING, Component, ComponentSpec, Options, chosen, with_option
from engine.params import Param, Value, completed
from engine.plan import Phase
from engine.project import BUNDLED, Column, ColumnChoice, Data, Project, Split, expanded

PROGRAM = "Neuroloom"
SUFFIX = ".neuroloom"
MAX_NODES = 200_000
MAX_NAME = 1_000
MAX_COORDINATE = 1e7
MAX_ROWS = 1 << 48
MAX_PHASES = 1_000
MAX_GRAPHS = 1_000
MAX_STEPS = 1e15

T = TypeVar("T", bound=msgspec.Struct)


class _PlaceError(Exception):
    """What is wrong, and where: "graphs.Network.nodes[3]"."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)


def load(path: Path | str) -> Project:
    """The project in a file. Raises ProjectError; nothing but this file is read."""
    try:
        data = storage.read(path, jsontext.MAX_BYTES)
    except StorageError as error:
        raise ProjectError(error.message, error.hint) from error
    return loads(data, str(path))


def save(project: Project, path: Path | str) -> None:
    """Write the project, all of it or not at all. Raises ProjectError; the file is then as it was."""
    try:
        storage.write(path, dumps(project))
    except StorageError as error:
        raise ProjectError(error.message, error.hint) from error


def dumps(project: Project) -> bytes:
    """The file of a project. The same project gives the same bytes, and `loads` gives the same project."""
    graphs = {name: {"nodes": [_node_tree(node) for node in graph.nodes], "edges": [_fields(e) for e in graph.edges]}
              for name, graph in project.graphs.items()}
    tree = {"program": PROGRAM, "schema": SCHEMA, "notes": project.notes, "data": _plain(project.data),
            "options": {"training": project.options.training, "optimizer": _fields(project.options.optimizer),
                        "scheduler": _fields(project.options.scheduler)},
            "plan": _plain(project.plan), "starts": project.starts, "graphs": graphs}
    return jsontext.format(tree)


def loads(data: bytes, name: str = "") -> Project:
    """The project that `data` holds; `name` is used in messages. Raises ProjectError."""
    called = name or "This text"
    try:
        tree = jsontext.parse(data)
        if not isinstance(tree, dict) or tree.get("program") != PROGRAM:
            raise ProjectError(f"{called} is not a Neuroloom project.", f"Choose a file that ends in {SUFFIX}.")
        return _project(migrated(tree, _schema(tree, called)))
    except jsontext.JsonError as error:
        raise ProjectError(f"{called} cannot be opened: it {error}.",
                           "The file is damaged or was cut short. Use a copy of it.") from error
    except _PlaceError as error:
        raise ProjectError(f"{called} cannot be opened. {error}.",
                           "Mend that place with a text editor, or use a copy of the file.") from error


def relocated(project: Project, old_folder: Path | None, new_folder: Path) -> Project:
    """`project`, read beside `old_folder` (None: not saved yet), with its paths written for a file in `new_folder`.

    What lies inside the new folder gets a relative path, so that both can be moved together. A path that was relative
    stays so, where the system allows it; any other is kept absolute.
    """
    def moved(path: str) -> str:
        return _relocated(path, old_folder, new_folder)

    data, weights = project.data, str(project.options["weights"])
    if data is not None and not data.path.startswith(BUNDLED):
        project = project.replace(data=msgspec.structs.replace(data, path=moved(data.path)))
    if weights:
        project = project.replace(options=with_option(project.options, "weights", moved(weights)))
    return project.replace(starts={name: moved(path) for name, path in project.starts.items()})


def _relocated(path: str, old_folder: Path | None, new_folder: Path) -> str:
    written = expanded(path)
    was_relative = not written.is_absolute()
    located = Path(os.path.abspath((old_folder or Path()) / written))  # noqa: PTH100  (links stay as the user knows them)
    folder = Path(os.path.abspath(new_folder))  # noqa: PTH100
    if located.is_relative_to(folder):
        return located.relative_to(folder).as_posix()
    if was_relative and old_folder is not None and located.drive == folder.drive:
        return Path(os.path.relpath(located, folder)).as_posix()
    return located.as_posix()


def _schema(tree: Mapping[str, Any], called: str) -> int:
    schema = tree.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise ProjectError(f"{called} does not say which version of the format it has.", "The file is damaged.")
    if schema > SCHEMA:
        raise ProjectError(f"{called} was saved by a newer Neuroloom (format {schema}; this one reads up to {SCHEMA}).",
                           "Open it with a newer Neuroloom.")
    return schema


def _project(tree: dict[str, Any]) -> Project:
    _known(tree, {"program", "schema", "notes", "data", "options", "plan", "starts", "graphs"}, "")
    graphs = tree.get("graphs")
    if not isinstance(graphs, dict) or not 0 < len(graphs) <= MAX_GRAPHS:
        raise _PlaceError("graphs", f"expected at least one named graph, and at most {MAX_GRAPHS:,}")
    if odd := [name for name in graphs if not name.strip() or "/" in name or len(name) > MAX_NAME]:
        raise _PlaceError("graphs", f"networks have a name without a slash, not {odd[0][:40]!r}")
    notes = tree.get("notes", "")
    if not isinstance(notes, str):
        raise _PlaceError("notes", "expected text")
    return Project(
        {name: _graph(graph, f"graphs.{name[:40]}") for name, graph in graphs.items()},
        None if tree.get("data") is None else _data(tree["data"]),
        _options(tree.get("options", {})),
        notes,
        _plan(tree.get("plan", [])),
        _starts(tree.get("starts", {})),
    )


def _plan(tree: Any) -> tuple[Phase, ...]:
    if not isinstance(tree, list) or len(tree) > MAX_PHASES:
        raise _PlaceError("plan", f"expected a list of at most {MAX_PHASES:,} phases")
    plan = []
    for i, entry in enumerate(tree):
        at = f"plan[{i}]"
        _known(entry, set(Phase.__struct_fields__), at)
        components = {group: _component(specs, entry[group], f"{at}.{group}")
                      for group, specs in COMPONENTS.items() if group in entry}
        rest = {name: value for name, value in entry.items() if name not in COMPONENTS}
        phase = msgspec.structs.replace(_struct(Phase, rest, at), **components)
        numbers = (phase.every - 1, phase.start, phase.stop, phase.clip, *phase.updates.values())
        if not phase.name or len(phase.name) > MAX_NAME or not all(0 <= number <= MAX_STEPS for number in numbers):
            raise _PlaceError(at, "expected a name, and numbers of at least 0 (every: at least 1)")
        plan.append(phase)
    if twice := [name for name, count in Counter(phase.name for phase in plan).items() if count > 1]:
        raise _PlaceError("plan", f"two phases are named {twice[0][:80]!r}")
    return tuple(plan)


def _starts(tree: Any) -> dict[str, str]:
    try:
        return msgspec.convert(tree, dict[str, str])
    except msgspec.ValidationError as error:
        raise _PlaceError("starts", "expected paths of weights by what they are for") from error


def _graph(tree: Any, place: str) -> Graph:
    _known(tree, {"nodes", "edges"}, place)
    nodes, edges = tree.get("nodes", []), tree.get("edges", [])
    for key, items in (("nodes", nodes), ("edges", edges)):
        if not isinstance(items, list):
            raise _PlaceError(f"{place}.{key}", "expected a list")
        if len(items) > MAX_NODES:
            raise _PlaceError(f"{place}.{key}", f"has more than {MAX_NODES:,} entries")
    graph = Graph(tuple(_node(node, f"{place}.nodes[{i}]") for i, node in enumerate(nodes)),
                  tuple(_struct(Edge, edge, f"{place}.edges[{i}]") for i, edge in enumerate(edges)))
    ids = {node.id for node in graph.nodes}
    if len(ids) != len(graph.nodes):
        twice = Counter(node.id for node in graph.nodes).most_common(1)[0][0]
        raise _PlaceError(place, f"two nodes have the id {twice[:80]!r}")
    for i, edge in enumerate(graph.edges):
        for end in (edge.source, edge.target):
            if end not in ids:
                raise _PlaceError(f"{place}.edges[{i}]", f"there is no node with the id {end[:80]!r}")
    if len(set(graph.edges)) != len(graph.edges):
        wire = Counter(graph.edges).most_common(1)[0][0]
        raise _PlaceError(place, f"the wire from {wire.source[:80]!r} to {wire.target[:80]!r} stands twice")
    return graph


def _node(tree: Any, place: str) -> Node:
    node = _struct(Node, tree, place)
    if not node.id or len(node.id) > MAX_NAME or len(node.name) > MAX_NAME:
        raise _PlaceError(place, f"id and name have 1 to {MAX_NAME:,} characters")
    if max(map(abs, node.position)) > MAX_COORDINATE:
        raise _PlaceError(f"{place}.position", f"expected numbers within {MAX_COORDINATE:.0f}")
    spec = layers.find(node.type)
    params = _frozen(node.params)
    return msgspec.structs.replace(node, params=_completed(spec.params, params) if spec else params)


def _completed(declared: tuple[Param, ...], values: dict[str, Value]) -> dict[str, Value]:
    """All declared settings in their order, then whatever else the file says; what is not allowed is kept as it is."""
    known = {param.name: _taken(param, values.get(param.name, param.default)) for param in declared}
    return {**known, **{name: value for name, value in values.items() if name not in known}}


def _taken(param: Param, value: Value) -> Value:
    try:
        return param.normalized(value)
    except OptionError:
        return value


def _frozen(value: Any) -> Any:
    """With every list as a tuple: settings are values that nobody changes in place."""
    if isinstance(value, list):
        return tuple(_frozen(part) for part in value)
    if isinstance(value, dict):
        return {key: _frozen(part) for key, part in value.items()}
    return value


def _data(tree: Any) -> Data:
    data = _struct(Data, tree, "data")
    _known(tree.get("split", {}), set(Split.__struct_fields__), "data.split")
    columns = _columns(data.columns, tree.get("columns", ()), "data.columns")
    for i, column in enumerate(columns):
        if any(part.parts for part in column.parts):
            raise _PlaceError(f"data.columns[{i}].parts", "a part has no parts of its own")
    choices = {name: _choice(choice, tree["chosen"][name], f"data.chosen.{name[:40]}")
               for name, choice in data.chosen.items()}
    shares = data.split.validation, data.split.test
    if min(shares) < 0 or sum(shares) >= 1 or data.split.seed < 0:
        raise _PlaceError("data.split", "expected shares of at least 0 that leave something to train on")
    if data.split.folds < 2 or not 0 <= data.split.fold < data.split.folds:
        raise _PlaceError("data.split", "expected at least 2 folds, and a fold from 0 below their number")
    if data.excluded and not 0 <= min(data.excluded) <= max(data.excluded) < MAX_ROWS:
        raise _PlaceError("data.excluded", f"expected row numbers from 0 to {MAX_ROWS:,}")
    augmentation = tuple(_component(AUGMENTATIONS, entry, f"data.augmentation[{i}]")
                         for i, entry in enumerate(tree.get("augmentation", ())))
    return msgspec.structs.replace(data, columns=columns, chosen=choices, augmentation=augmentation)


def _columns(columns: tuple[Column, ...], trees: Sequence[Any], place: str) -> tuple[Column, ...]:
    """Checked columns with complete settings."""
    twice = [name for name, count in Counter(column.name for column in columns).items() if count > 1]
    if twice:
        raise _PlaceError(place, f"two columns are named {twice[0][:80]!r}")
    checked = []
    for i, (column, tree) in enumerate(zip(columns, trees, strict=True)):
        at = f"{place}[{i}]"
        _known(tree, set(Column.__struct_fields__), at)
        if any(size < 1 for size in column.shape):
            raise _PlaceError(f"{at}.shape", "expected sizes of at least 1")
        settings = _settings(column.kind, column.settings, at)
        parts = _columns(column.parts, tree.get("parts", ()), f"{at}.parts")
        checked.append(msgspec.structs.replace(column, settings=settings, parts=parts))
    return tuple(checked)


def _choice(choice: ColumnChoice, tree: Any, place: str) -> ColumnChoice:
    _known(tree, set(ColumnChoice.__struct_fields__), place)
    if not choice.kind:
        return msgspec.structs.replace(choice, settings=_frozen(choice.settings))
    complete = _settings(choice.kind, choice.settings, place)
    return msgspec.structs.replace(choice, settings={name: complete[name] for name in choice.settings})


def _settings(kind: str, settings: dict[str, Any], place: str) -> dict[str, Any]:
    """All settings of a kind of column."""
    if kind not in KINDS:
        raise _PlaceError(f"{place}.kind", f"there is no kind of column {kind[:80]!r}")
    try:
        return completed(KINDS[kind].params, _frozen(settings))
    except OptionError as error:
        raise _PlaceError(f"{place}.settings", _sentence(error)) from error


def _options(tree: Any) -> Options:
    _known(tree, set(Options.__struct_fields__), "options")
    defaults = Options()
    training = tree.get("training", {})
    if not isinstance(training, dict):
        raise _PlaceError("options.training", "expected an object")
    try:
        complete = completed(TRAINING, training)
    except OptionError as error:
        raise _PlaceError("options.training", _sentence(error)) from error
    parts = {group: _component(specs, tree[group], f"options.{group}") if group in tree else getattr(defaults, group)
             for group, specs in COMPONENTS.items()}
    return Options(complete, **parts)


def _component(specs: Mapping[str, ComponentSpec], tree: Any, place: str) -> Component:
    """A chosen component with complete settings."""
    asked = _struct(Component, tree, place)
    try:
        return chosen(specs, asked.type, asked.params)
    except OptionError as error:
        raise _PlaceError(place, _sentence(error)) from error


def _sentence(error: OptionError) -> str:
    return f"{error.message} {error.hint}".strip().rstrip(".")


def _struct(kind: type[T], tree: Any, place: str) -> T:
    """A checked value of that type. Raises _PlaceError for fields that are unknown, missing or of another type."""
    _known(tree, set(kind.__struct_fields__), place)
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        message, _, inner = str(error).partition(" - at `$")
        raise _PlaceError(place + inner.rstrip("`"), message[0].lower() + message[1:]) from error


def _known(tree: Any, fields: set[str], place: str) -> None:
    if not isinstance(tree, dict):
        raise _PlaceError(place, "expected an object in braces")
    for name in tree:
        if name not in fields:
            raise _PlaceError(place, f"unknown entry {name[:80]!r}")


def _fields(value: msgspec.Struct) -> dict[str, Any]:
    return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}


def _plain(value: Any) -> Any:
    """With structs as dictionaries, however deep."""
    if isinstance(value, msgspec.Struct):
        return _fields(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return {name: _plain(part) for name, part in value.items()} if isinstance(value, dict) else value


def _node_tree(node: Node) -> dict[str, Any]:
    position = [int(part) if part == int(part) else part for part in node.position]
    return {"id": node.id, "type": node.type, "name": node.name, "position": position, "params": node.params}

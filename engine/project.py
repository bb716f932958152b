"""Project: everything a user saves. An immutable value; the open document holds the current one."""

from pathlib import Path
from typing import Any, Literal

import msgspec

from engine.graph import Graph
from engine.options import Options
from engine.tensors import TensorSpec, default_axes

Kind = Literal["image", "number", "category", "vector"]
ColumnRole = Literal["input", "target"]

BUNDLED = "bundled:"
"""Data paths that begin so name a folder of the program's own resources/data."""

RESOURCES = Path(__file__).resolve().parent.parent / "resources"


class Column(msgspec.Struct, frozen=True):
    """One typed column of a data set. `shape` is one sample's, without the batch axis."""

    name: str
    kind: Kind
    role: ColumnRole
    shape: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def spec(self) -> TensorSpec:
        """What an Input node of this column puts on its wire. Categories travel as class numbers."""
        if self.kind == "category":
            return TensorSpec((), dtype="int64", classes=len(self.classes))
        return TensorSpec(self.shape, default_axes(len(self.shape)))


class Split(msgspec.Struct, frozen=True):
    """Shares of the samples held back. A source with a test set of its own keeps it and ignores `test`."""

    validation: float = 0.1
    test: float = 0.2
    seed: int = 0


class Data(msgspec.Struct, frozen=True):
    """The chosen data set. `columns` are remembered from the last look, so that shapes are known without the disk.

    path     a file or folder, relative to the project file, absolute, or "bundled:<name>"
    source   the name of the reader, see engine.data.sources
    options  the reader's settings, such as the target column of a table
    """

    path: str
    source: str
    options: dict[str, Any] = {}
    columns: tuple[Column, ...] = ()
    split: Split = Split()
    normalize: bool = True

    def located(self, base: Path | None) -> Path:
        """Where the data lies; `base` is the folder of the project file (None: not saved yet)."""
        if self.path.startswith(BUNDLED):
            return RESOURCES / "data" / self.path.removeprefix(BUNDLED)
        path = Path(self.path).expanduser()
        return path if path.is_absolute() or base is None else base / path

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


class Project(msgspec.Struct, frozen=True):
    """Named graphs, the data, the training options and free notes."""

    graphs: dict[str, Graph]
    data: Data | None = None
    options: Options = Options()
    notes: str = ""

    @property
    def main(self) -> str:
        """The name of the graph that is trained: the first one."""
        return next(iter(self.graphs))

    @property
    def graph(self) -> Graph:
        return self.graphs[self.main]

    def with_graph(self, name: str, graph: Graph) -> "Project":
        return msgspec.structs.replace(self, graphs={**self.graphs, name: graph})

    def replace(self, **changes: Any) -> "Project":
        """With fields replaced: data, options, notes."""
        return msgspec.structs.replace(self, **changes)


def new_project(name: str = "Network") -> Project:
    """An empty project with one graph."""
    return Project({name: Graph()})

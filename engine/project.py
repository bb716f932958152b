"""Project: everything a user saves. An immutable value; the open document holds the current one."""

from pathlib import Path
from typing import Any, Literal

import msgspec

from engine.derived import DERIVED
from engine.graph import Graph
from engine.kinds import KINDS
from engine.options import Component, Options
from engine.plan import Phase
from engine.tensors import TensorSpec

ColumnRole = Literal["input", "target", "weight", "group", "split", "ignore"]
"""What a column is for: read by the network, predicted by it, how much a sample counts, what must stay on one side of
a split, what names the split, or nothing."""

BUNDLED = "bundled:"
"""Data paths that begin so name a folder of the program's own resources/data."""

RESOURCES = Path(__file__).resolve().parent.parent / "resources"


def expanded(path: str) -> Path:
    """A path that a project names, with the home folder in place of "~". "~name" of a user who is not there stays."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


class Column(msgspec.Struct, frozen=True):
    """One typed column of a data set, as the last look at the disk found it.

    kind      a name in engine.kinds.KINDS
    shape     one prepared sample's, without the batch axis
    classes   names of a category's or a mask's classes
    reason    why the kind was chosen: "12 distinct values in 60,000 rows"
    settings  all settings of the kind's preparation, see KINDS
    parts     of a vector that was put together: the table's columns it is made of, in order
    """

    name: str
    kind: str
    role: ColumnRole
    shape: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    reason: str = ""
    settings: dict[str, Any] = {}
    parts: tuple["Column", ...] = ()

    @property
    def spec(self) -> TensorSpec:
        """What an Input node of this column puts on its wire. Categories travel as class numbers, texts as tokens.

        An input of class numbers has one class more, for what training never saw, unless that is refused.
        """
        has_unseen = self.kind == "category" and self.role == "input" and (
            self.settings.get("encoding") == "index" and self.settings.get("unseen") != "refuse")
        return KINDS[self.kind].spec(self.shape, len(self.classes) + has_unseen, self.settings)

    @property
    def is_derived(self) -> bool:
        """Whether it is computed from another column."""
        return self.kind in DERIVED

    @property
    def leaves(self) -> tuple["Column", ...]:
        """The columns as the user's files have them: the parts, or else this one; none of what is derived."""
        return () if self.is_derived else self.parts or (self,)


class ColumnChoice(msgspec.Struct, frozen=True):
    """What the user decided about a column against what was found: "" and what is left out stay as found."""

    kind: str = ""
    role: ColumnRole | Literal[""] = ""
    settings: dict[str, Any] = {}


class Split(msgspec.Struct, frozen=True):
    """How samples are divided. A source with a test set of its own keeps it and ignores `test`.

    method   auto: by class where there are classes, else random
    column   for group, time and column: the column that says it; "" is the one whose role is "group" or "split", or
             the first date
    folds    for k-fold: `fold` (from 0) of so many parts is the test split
    """

    validation: float = 0.1
    test: float = 0.2
    seed: int = 0
    method: Literal["auto", "random", "stratified", "group", "time", "column", "k-fold"] = "auto"
    column: str = ""
    folds: int = 5
    fold: int = 0


class Data(msgspec.Struct, frozen=True):
    """The chosen data set. `columns` are remembered from the last look, so that shapes are known without the disk.

    path          a file or folder, relative to the project file, absolute, or "bundled:<name>"
    source        the name of the reader, see engine.data.sources
    options       the reader's settings, such as whether a table has a header
    chosen        by column name: what the user decided about kind, role and preparation
    augmentation  random changes of the training samples, in order, see engine.augmentation
    skips_damaged the user agreed to go on without the files or rows that cannot be read
    excluded      rows that the user left out for good, such as copies of others: they are in no split
    fingerprint   of the files at the last look; other files are noticed
    """

    path: str
    source: str
    options: dict[str, Any] = {}
    columns: tuple[Column, ...] = ()
    chosen: dict[str, ColumnChoice] = {}
    split: Split = Split()
    normalize: bool = True
    augmentation: tuple[Component, ...] = ()
    skips_damaged: bool = True
    excluded: tuple[int, ...] = ()
    fingerprint: str = ""

    def located(self, base: Path | None) -> Path:
        """Where the data lies; `base` is the folder of the project file (None: not saved yet)."""
        if self.path.startswith(BUNDLED):
            return RESOURCES / "data" / self.path.removeprefix(BUNDLED)
        path = expanded(self.path)
        return path if path.is_absolute() or base is None else base / path

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def leaves(self) -> tuple[Column, ...]:
        """All columns as the user's files have them, whatever their role."""
        return tuple(leaf for column in self.columns for leaf in column.leaves)


class Project(msgspec.Struct, frozen=True):
    """Named graphs, the data, the training plan and options, and free notes.

    plan    the phases of the training; () while the options say it all, see `engine.plan.phases`
    starts  where weights come from instead of chance: a weights file or a run's folder, by what gets them: a graph or
            one node of it, see `engine.plan.address`. Relative to the project file, or absolute
    """

    graphs: dict[str, Graph]
    data: Data | None = None
    options: Options = Options()
    notes: str = ""
    plan: tuple[Phase, ...] = ()
    starts: dict[str, str] = {}

    @property
    def main(self) -> str:
        """The name of the first graph: the network that is tested, tried and exported."""
        return next(iter(self.graphs))

    @property
    def graph(self) -> Graph:
        return self.graphs[self.main]

    def with_graph(self, name: str, graph: Graph) -> "Project":
        return msgspec.structs.replace(self, graphs={**self.graphs, name: graph})

    def replace(self, **changes: Any) -> "Project":
        """With fields replaced."""
        return msgspec.structs.replace(self, **changes)


def new_project() -> Project:
    """An empty project with one graph."""
    return Project({"Network": Graph()})

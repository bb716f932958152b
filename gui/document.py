"""The open document: the current project, its file, its undo stack and what is selected."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine import projectfile
from engine.analysis import Analysis, analyze
from engine.graph import Graph
from engine.project import Project, new_project


class Document(QObject):
    """Holds the one current `Project`. Every edit, of any kind, is one undo step that swaps it for another.

    changed(before, after): the project was replaced by an edit, an undo, a redo or by opening a file.
    opened: after `changed`, another document was opened or started; there is nothing to undo.
    redrawn: after `changed`, an edit put another network in the place of the graph.
    """

    changed = Signal(object, object)
    opened = Signal()
    redrawn = Signal()
    selection_changed = Signal()
    path_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._project = new_project()
        self._path: Path | None = None
        self._selection: frozenset[str] = frozenset()
        self._analysis: Analysis | None = None

    @property
    def project(self) -> Project:
        return self._project

    @property
    def graph(self) -> Graph:
        """The graph that is shown: the main one."""
        return self._project.graph

    @property
    def path(self) -> Path | None:
        """The project file; None before the first save."""
        return self._path

    @property
    def folder(self) -> Path | None:
        """The folder that relative data paths start from."""
        return self._path.parent if self._path else None

    @property
    def analysis(self) -> Analysis:
        """The analysis of the current graph, computed once per edit."""
        if self._analysis is None:
            data = self._project.data
            self._analysis = analyze(self.graph, data.columns, data.augmentation) if data else analyze(self.graph)
        return self._analysis

    @property
    def selection(self) -> frozenset[str]:
        """Ids of the selected nodes; all of them exist."""
        return self._selection

    def select(self, node_ids: Iterable[str]) -> None:
        present = {node.id for node in self.graph.nodes}
        selection = frozenset(node_ids) & present
        if selection != self._selection:
            self._selection = selection
            self.selection_changed.emit()

    def edit(self, text: str, project: Project, merge: str = "") -> None:
        """Replace the project as one undo step named `text`. Steps in a row with the same `merge` key become one."""
        if project != self._project:
            self.undo_stack.push(_Swap(self, text, self._project, project, merge))

    def edit_graph(self, text: str, graph: Graph, merge: str = "") -> None:
        self.edit(text, self._project.with_graph(self._project.main, graph), merge)

    def replace_graph(self, text: str, graph: Graph) -> None:
        """Put another network in the place of the graph, as one undo step."""
        self.edit_graph(text, graph)
        self.redrawn.emit()

    def new(self, project: Project | None = None) -> None:
        """Start an unsaved document, empty or from a template."""
        self._replace(project or new_project(), None)

    def open(self, path: Path) -> None:
        """Open a project file. Raises ProjectError and then leaves this document as it is."""
        self._replace(projectfile.load(path), path)

    def restore(self, project: Project, path: Path | None) -> None:
        """Show unsaved work of the file `path` again (None: it was never saved). It counts as modified."""
        self._replace(project, path)
        self.undo_stack.resetClean()

    def save(self, path: Path | None = None) -> None:
        """Save to `path`, or to the file it came from. Raises ProjectError; the file is then as it was."""
        target = path or self._path
        assert target is not None, "a document without a file is saved with a path"
        project = projectfile.relocated(self._project, self.folder, target.parent)
        projectfile.save(project, target)
        self._path = target
        self.undo_stack.setClean()
        if project != self._project:
            self._swap(project)
        self.path_changed.emit()

    def _replace(self, project: Project, path: Path | None) -> None:
        self.undo_stack.clear()
        self._path = path
        self._selection = frozenset()
        self._swap(project)
        self.selection_changed.emit()
        self.path_changed.emit()
        self.opened.emit()

    def _swap(self, project: Project) -> None:
        before, self._project, self._analysis = self._project, project, None
        present = {node.id for node in self.graph.nodes}
        if not self._selection <= present:
            self._selection &= present
            self.selection_changed.emit()
        self.changed.emit(before, project)


class _Swap(QUndoCommand):
    """The one undo command of the program: swaps a project for another."""

    def __init__(self, document: Document, text: str, before: Project, after: Project, merge: str) -> None:
        super().__init__(text)
        self._document, self._before, self._after, self._merge = document, before, after, merge
        self._folder = document.folder

    def redo(self) -> None:
        self._document._swap(self._here(self._after))

    def undo(self) -> None:
        self._document._swap(self._here(self._before))

    def _here(self, project: Project) -> Project:
        """`project` with its data path as it is written where the document lies now: it may have moved since."""
        folder = self._document.folder
        return project if folder in (None, self._folder) else projectfile.relocated(project, self._folder, folder)

    def id(self) -> int:
        return 1 if self._merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Swap) or other._merge != self._merge:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True

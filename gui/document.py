"""The open document: the current project, its file, its undo stack, which graph is shown and what is selected in it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine import projectfile
from engine.analysis import Analysis, planning, starting
from engine.analysis.library import Library
from engine.analysis.starting import Fit
from engine.analysis.survey import Survey, survey
from engine.graph import Graph
from engine.problems import Problem
from engine.project import Project, new_project


class Document(QObject):
    """Holds the one current `Project`. Every edit, of any kind, is one undo step that swaps it for another.

    changed(before, after): the project was replaced by an edit, an undo, a redo or by opening a file.
    shown_changed: another graph is shown; after `changed`, if both happen at once.
    opened: after `changed`, another document was opened or started; there is nothing to undo.
    redrawn: after `changed`, an edit put another network in the place of the main graph.
    saved: before `path_changed`, it was written to its file, perhaps another one than before.
    judged: the files that its weights start from were looked at again: the problems may be others.
    """

    changed = Signal(object, object)
    shown_changed = Signal()
    opened = Signal()
    redrawn = Signal()
    selection_changed = Signal()
    saved = Signal()
    path_changed = Signal()
    judged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._project = new_project()
        self._path: Path | None = None
        self._shown = self._project.main
        self._selection: frozenset[str] = frozenset()
        self._library: Library | None = None
        self._survey: Survey | None = None
        self._problems: tuple[Problem, ...] | None = None
        self._fits: Mapping[str, Fit] = {}

    @property
    def project(self) -> Project:
        return self._project

    @property
    def shown(self) -> str:
        """The name of the graph that is shown. The project has it."""
        return self._shown

    @property
    def graph(self) -> Graph:
        """The graph that is shown."""
        return self._project.graphs[self._shown]

    @property
    def library(self) -> Library:
        """What the nodes of the current project can be: the declaration of any of them."""
        if self._library is None:
            self._library = Library(self._project.graphs)
        return self._library

    @property
    def path(self) -> Path | None:
        """The project file; None before the first save."""
        return self._path

    @property
    def folder(self) -> Path | None:
        """The folder that relative data paths start from."""
        return self._path.parent if self._path else None

    @property
    def survey(self) -> Survey:
        """The analyses of all graphs, computed once per edit."""
        if self._survey is None:
            self._survey = survey(self._project)
        return self._survey

    @property
    def analysis(self) -> Analysis:
        """The analysis of the graph that is shown."""
        return self.survey.analyses[self._shown]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong or surprising in any graph, in the plan and with the files that weights start from, errors
        first; those of a graph name it. Whether the files are there is looked up each time."""
        if self._problems is None:
            found = (replace(problem, graph=name) for name, analysis in self.survey.analyses.items()
                     for problem in analysis.problems)
            self._problems = tuple(sorted((*found, *planning.problems(self._project)),
                                          key=lambda problem: problem.severity != "error"))
        missing = tuple(starting.problems(self._project, self.folder))
        unfit = () if self.survey.faults else tuple(starting.misfits(self._project, self.folder, self._fits))
        return (*missing, *self._problems, *unfit) if missing or unfit else self._problems

    @property
    def obstacles(self) -> tuple[Problem, ...]:
        """The errors that stand against training: those of the plan and of the graphs that take part."""
        taking_part = ("", *self.survey.trained)
        return tuple(p for p in self.problems if p.severity == "error" and p.graph in taking_part)

    @property
    def selection(self) -> frozenset[str]:
        """Ids of the selected nodes of the shown graph; all of them exist."""
        return self._selection

    def judge_starts(self, fits: Mapping[str, Fit]) -> None:
        """Tell how the weights that it starts from fit, by address."""
        self._fits = fits
        self.judged.emit()

    def show(self, name: str, node_ids: Iterable[str] = ()) -> None:
        """Show another graph of the project, with these nodes selected."""
        self._show(name)
        self.select(node_ids)

    def select(self, node_ids: Iterable[str]) -> None:
        present = {node.id for node in self.graph.nodes}
        selection = frozenset(node_ids) & present
        if selection != self._selection:
            self._selection = selection
            self.selection_changed.emit()

    def edit(self, text: str, project: Project, merge: str = "", shown: str = "") -> None:
        """Replace the project as one undo step named `text`. Steps in a row with the same `merge` key become one.

        shown: the graph to look at afterwards, and when the step is done again; the one that is shown by default.
        """
        if project != self._project or list(project.graphs) != list(self._project.graphs):
            shown = shown or self._shown
            self.undo_stack.push(_Swap(self, text, project, merge, shown if shown in project.graphs else project.main))

    def edit_graph(self, text: str, graph: Graph, merge: str = "") -> None:
        """Replace the graph that is shown."""
        self.edit(text, self._project.with_graph(self._shown, graph), merge and f"{self._shown}: {merge}")

    def replace_main(self, text: str, graph: Graph) -> None:
        """Put another network in the place of the main graph, as one undo step, and show it."""
        self.edit(text, self._project.with_graph(self._project.main, graph), shown=self._project.main)
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
            self._swap(project, self._shown)
        self.saved.emit()
        self.path_changed.emit()

    def _replace(self, project: Project, path: Path | None) -> None:
        self.undo_stack.clear()
        self._path = path
        self._fits = {}
        self._selection = frozenset()
        self._swap(project, project.main)
        self.selection_changed.emit()
        self.path_changed.emit()
        self.opened.emit()

    def _swap(self, project: Project, shown: str) -> None:
        before, self._project = self._project, project
        self._library = self._survey = self._problems = None
        is_other = shown != self._shown
        self._shown = shown
        present = frozenset() if is_other else {node.id for node in self.graph.nodes}
        if not self._selection <= present:
            self._selection &= present
            self.selection_changed.emit()
        self.changed.emit(before, project)
        if is_other:
            self.shown_changed.emit()

    def _show(self, name: str) -> None:
        if name != self._shown:
            self._shown = name
            if self._selection:
                self._selection = frozenset()
                self.selection_changed.emit()
            self.shown_changed.emit()


class _Swap(QUndoCommand):
    """The one undo command of the program: swaps a project for another, and shows the graph where that is seen."""

    def __init__(self, document: Document, text: str, after: Project, merge: str, shown: str) -> None:
        super().__init__(text)
        self._document, self._before, self._after, self._merge = document, document.project, after, merge
        self._shown_before, self._shown_after = document.shown, shown
        self._folder = document.folder

    def redo(self) -> None:
        self._swap(self._after, self._shown_after)

    def undo(self) -> None:
        self._swap(self._before, self._shown_before)

    def _swap(self, project: Project, shown: str) -> None:
        """What changes no graph, such as another choice of data, is seen anywhere: then the graph stays."""
        is_elsewhere = self._before.graphs == self._after.graphs
        self._document._swap(self._here(project), self._document.shown if is_elsewhere else shown)

    def _here(self, project: Project) -> Project:
        """`project` with its data path as it is written where the document lies now: it may have moved since."""
        folder = self._document.folder
        return project if folder in (None, self._folder) else projectfile.relocated(project, self._folder, folder)

    def id(self) -> int:
        return 1 if self._merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Swap) or other._merge != self._merge:
            return False
        self._after, self._shown_after = other._after, other._shown_after
        self.setObsolete(self._after == self._before)
        return True

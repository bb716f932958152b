"""Which phase of the training plan is shown: its settings are open, and the canvas is coloured by what it does."""

from PySide6.QtCore import QObject, Signal

from engine.analysis.effects import Effects, effects
from engine.analysis.planning import problems
from engine.plan import Phase, phases
from engine.problems import Problem
from engine.project import Project
from gui.document import Document


class ShownPhase(QObject):
    """Follows the phase through edits, undo and redo: by its name, else by its place.

    changed: another phase is shown, or none, or the plan or a network was edited.
    """

    changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self._position = -1
        self._name = ""
        self._problems: tuple[Problem, ...] | None = None
        document.changed.connect(self._follow)
        document.opened.connect(self.leave)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The plan, or the one phase that the options stand for."""
        return phases(self.document.project)

    @property
    def position(self) -> int:
        """Of the phase that is shown in the plan; -1: none is."""
        return self._position

    @property
    def phase(self) -> Phase | None:
        return self.phases[self._position] if self._position >= 0 else None

    @property
    def effects(self) -> Effects | None:
        """What the phase does to the project; None while none is shown."""
        return effects(self.document.project, self.phase) if self.phase else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Of the whole plan, found once per edit."""
        if self._problems is None:
            self._problems = problems(self.document.project)
        return self._problems

    def show(self, position: int) -> None:
        """Show a phase, and its objective where the phase has no part in the network on the canvas."""
        if position != self._position:
            self._position = position
            self._name = self.phases[position].name if position >= 0 else ""
            self.changed.emit()
            if self.phase and self.phase.objective in self.document.project.graphs and not self._is_seen():
                self.document.show(self.phase.objective)

    def leave(self) -> None:
        self.show(-1)

    def edit(self, text: str, project: Project, merge: str = "") -> None:
        """Make an edit of the plan's, as one undo step."""
        self.document.edit(text, project, merge)

    def _is_seen(self) -> bool:
        """Whether the network on the canvas takes part in the phase."""
        return self.effects is not None and self.document.shown in self.effects.nodes

    def _follow(self, before: Project, after: Project) -> None:
        self._problems = None
        if self._position >= 0:
            names = [phase.name for phase in phases(after)]
            if self._name in names:
                self._position = names.index(self._name)
            elif len(names) != len(phases(before)):
                self._position = -1
            self._name = names[self._position] if self._position >= 0 else ""
        self.changed.emit()

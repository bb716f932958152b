"""The problems panel: everything that is wrong or surprising in the design, with repairs."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from engine.plan import objectives
from gui.design.problem_card import ProblemCard
from gui.document import Document
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import label

MAX_SHOWN = 100
"""More would take long to build, and nobody reads them before mending the first ones."""


class ProblemsPanel(QWidget):
    """Lists the problems of all graphs and of the plan, errors first.

    counted(errors, warnings): their numbers changed.
    """

    counted = Signal(int, int)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._cards: list[ProblemCard] = []
        self._counts = (-1, -1)
        self.empty = EmptyState("circle-check", "No problems", "The network is ready to train.")
        self._more = label("", "muted")
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(6)
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(content)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._scroll)
        document.changed.connect(self._refresh)
        document.judged.connect(self._refresh)
        self._refresh()

    @property
    def cards(self) -> list[ProblemCard]:
        """The cards that are shown, in order."""
        return [card for card in self._cards if not card.isHidden()]

    @property
    def counts(self) -> tuple[int, int]:
        """Numbers of errors and of warnings."""
        return self._counts

    def _refresh(self) -> None:
        graphs = self._document.project.graphs
        problems = self._document.problems if any(graph.nodes for graph in graphs.values()) else ()
        shown = problems[:MAX_SHOWN]
        while len(self._cards) < len(shown):
            card = ProblemCard(self._document, self._scroll.widget())
            self._column.insertWidget(len(self._cards), card)
            self._cards.append(card)
        for card, problem in zip(self._cards, shown, strict=False):
            card.show_problem(problem, problem.graph if len(graphs) > 1 else "")
        for position, card in enumerate(self._cards):
            card.setVisible(position < len(shown))
        self._more.setText(f"… and {len(problems) - len(shown)} more.")
        self._more.setVisible(len(problems) > len(shown))
        self._show_empty_or_list(bool(problems))
        errors = sum(problem.severity == "error" for problem in problems)
        if (errors, len(problems) - errors) != self._counts:
            self._counts = (errors, len(problems) - errors)
            self.counted.emit(*self._counts)

    def _show_empty_or_list(self, has_problems: bool) -> None:
        self._stack.setCurrentWidget(self._scroll if has_problems else self.empty)
        project = self._document.project
        if not any(graph.nodes for graph in project.graphs.values()):
            self.empty.show_text("Nothing to check yet", "Problems of your network, and their repairs, appear here.")
        elif not objectives(project):
            self.empty.show_text("No problems", "Add a loss, such as CrossEntropy, to be able to train.")
        else:
            self.empty.show_text("No problems", "The network is ready to train.")

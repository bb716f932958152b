"""What the inspector shows when no node, or more than one, is selected: sums, and the notes of the project."""

from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from engine.composition import placing
from engine.layers.networks import SHARING
from engine.plan import has_loss
from gui.design.start_section import StartSection
from gui.document import Document
from gui.facts import Facts, counted, magnitude
from gui.session import Session
from gui.widgets.labels import breakable, label

NOTES_HEIGHT = 110


class ProjectInspector(QWidget):
    """The network as a whole, its data, and notes that are saved with the project."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.facts = Facts(self)
        self.start = StartSection(document, session, self)
        self.notes = QPlainTextEdit(self)
        self.notes.setPlaceholderText("What is this network for? Notes are saved with the project.")
        self.notes.setAccessibleName("Notes")
        self.notes.setMinimumHeight(NOTES_HEIGHT)
        self.notes.setMaximumHeight(3 * NOTES_HEIGHT)
        self.notes.setTabChangesFocus(True)
        self.notes.setAcceptDrops(False)  # a file that is dropped goes to the window, which opens it
        self.notes.textChanged.connect(self._take_notes)
        self._title = label("", "title", self, wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self.facts)
        column.addWidget(self.start)
        column.addSpacing(4)
        column.addWidget(label("Notes", "muted", self))
        column.addWidget(self.notes, 1)
        column.addWidget(label("Select a layer on the canvas to change its settings.", "muted", self, wraps=True))
        column.addStretch(0)

    def refresh(self) -> None:
        project, analysis = self._document.project, self._document.analysis
        data = project.data
        users = placing(project, self._document.shown)
        self._title.setText(self._document.shown)
        self.facts.show_facts((
            ("Nodes", f"{len(self._document.graph.nodes):,}"),
            ("Weights", magnitude(analysis.weights)),
            ("Multiply-adds", f"{magnitude(analysis.multiply_adds)} per sample"),
            *((("Placed in", ", ".join(users)),) if users else ()),
            ("Data", breakable(data.path.removeprefix("bundled:")) if data else "none chosen yet"),
            *((("Columns", ", ".join(column.name for column in data.columns)),) if data and data.columns else ()),
        ))
        shown = self._document.shown
        self.start.show_place(shown, "", shown, has_weights=self._holds_weights())
        if self.notes.toPlainText() != project.notes:
            self.notes.blockSignals(True)
            self.notes.setPlainText(project.notes)
            self.notes.blockSignals(False)

    def _holds_weights(self) -> bool:
        """Whether the shown graph is a network with weights, or an objective with some of its own."""
        name, project = self._document.shown, self._document.project
        reports = self._document.analysis.nodes
        has_own = any(reports[node.id].weights and node.type not in SHARING for node in self._document.graph.nodes
                      if node.id in reports)
        is_network = name == project.main or not has_loss(self._document.graph)
        return has_own or (is_network and self._document.analysis.weights > 0)

    def _take_notes(self) -> None:
        changed = self._document.project.replace(notes=self.notes.toPlainText())
        self._document.edit("Edit notes", changed, merge="notes")


class SelectionInspector(QWidget):
    """Several nodes: how many, of what kind, and what they cost together."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._title = label("", "title", self)
        self.facts = Facts(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self.facts)

    def refresh(self) -> None:
        selection, reports = self._document.selection, self._document.analysis.nodes
        nodes = [node for node in self._document.graph.nodes if node.id in selection]
        kinds: dict[str, int] = {}
        for node in nodes:
            kinds[node.type] = kinds.get(node.type, 0) + 1
        chosen = [reports[node.id] for node in nodes if node.id in reports]
        self._title.setText(f"{counted(len(nodes), 'node')} selected")
        self.facts.show_facts((
            *((kind, f"{count:,}") for kind, count in sorted(kinds.items())),
            ("Weights", magnitude(sum(report.weights for report in chosen))),
            ("Multiply-adds", f"{magnitude(sum(report.multiply_adds for report in chosen))} per sample"),
        ))

"""One problem of the design as a card: what is wrong, what to do, and buttons that do it."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from engine.problems import Problem, ProjectRepair, Repair
from gui.document import Document
from gui.widgets import icons, theme
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import label

ICON_SIZE = 18
SEVERITY_ICONS = {"error": "circle-alert", "warning": "triangle-alert"}


class ProblemCard(QFrame):
    """Shows a problem of the document. A click, or Enter, selects its node; a repair is an undoable edit."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._problem: Problem | None = None
        self._icon = QLabel(self)
        self._icon.setFixedSize(QSize(ICON_SIZE, ICON_SIZE))
        self._place = label("", "muted", self, wraps=True)
        self._message = label(parent=self, wraps=True)
        self._hint = label("", "muted", self, wraps=True)
        self._repairs = FlowLayout()
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(self._place)
        texts.addWidget(self._message)
        texts.addWidget(self._hint)
        texts.addLayout(self._repairs)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(10)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        self.setObjectName("problem")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        theme.notifier().changed.connect(self._restyle)

    @property
    def problem(self) -> Problem | None:
        return self._problem

    def show_problem(self, problem: Problem, place: str = "") -> None:
        """Show another problem in the same card; `place` is said where it is not plain from around the card."""
        labels = [repair.label for repair in _repairs(problem)]
        has_same_repairs = self._problem is not None and labels == [r.label for r in _repairs(self._problem)]
        self._problem = problem
        self._place.setText(place)
        self._place.setVisible(bool(place))
        self._message.setText(problem.message)
        self._hint.setText(problem.hint)
        self._hint.setVisible(bool(problem.hint))
        said = (f"{problem.severity}:", f"{place}:" if place else "", problem.message, problem.hint)
        self.setAccessibleName(" ".join(part for part in said if part))
        if not has_same_repairs:
            self._show_repairs(labels)
        self._restyle()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._select()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._select()
        else:
            super().keyPressEvent(event)

    def _select(self) -> None:
        if self._problem is not None and (self._problem.node or self._problem.graph):
            self._document.show(self._graph, (self._problem.node,))

    @property
    def _graph(self) -> str:
        """Where the problem is: in the graph that is shown, unless it names another."""
        assert self._problem is not None
        return self._problem.graph or self._document.shown

    def _show_repairs(self, labels: list[str]) -> None:
        while item := self._repairs.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        for position, text in enumerate(labels):
            button = _RepairButton(text, self)
            button.setIcon(icons.icon("wrench"))
            button.clicked.connect(lambda _checked=False, position=position: self._repair(position))
            self._repairs.addWidget(button)

    def _repair(self, position: int) -> None:
        assert self._problem is not None
        repair = _repairs(self._problem)[position]
        if isinstance(repair, ProjectRepair):
            self._document.edit(repair.label, repair.edit(self._document.project))
        else:
            self._document.show(self._graph, self._document.selection if self._graph == self._document.shown else ())
            self._document.edit_graph(repair.label, repair.edit(self._document.graph))

    def _restyle(self) -> None:
        if self._problem is None:
            return
        colors = theme.colors()
        color = colors.error if self._problem.severity == "error" else colors.warning
        picture = icons.icon(SEVERITY_ICONS[self._problem.severity], color).pixmap(ICON_SIZE, ICON_SIZE)
        self._icon.setPixmap(picture)
        self.setStyleSheet(
            f"#problem {{ background: {colors.raised}; border: 1px solid {colors.border}; border-radius: 6px; }}"
            f"#problem:hover, #problem:focus {{ border-color: {colors.accent}; }}"
        )


class _RepairButton(QPushButton):
    """A button whose text is cut short where a narrow panel has no room for it; the whole of it is its tooltip."""

    LEAST = 120
    """Pixels that it always has."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setToolTip(text)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().boundedTo(QSize(self.LEAST, 1 << 20))

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        missing = max(0, self.sizeHint().width() - self.width())
        metrics = self.fontMetrics()
        room = metrics.horizontalAdvance(self.text()) - missing
        option.text = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room) if missing else self.text()
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


def _repairs(problem: Problem) -> tuple[Repair | ProjectRepair, ...]:
    return (*problem.project_repairs, *problem.repairs)

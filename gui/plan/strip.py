"""The strip below the canvas: the phases of the training plan in their order."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QScrollArea, QToolButton, QVBoxLayout, QWidget

from engine.analysis.effects import effects
from engine.plan import Phase, objectives
from engine.problems import Problem
from engine.project import Project
from gui.plan import edits, words
from gui.plan.chip import HEIGHT, PhaseChip
from gui.plan.legend import Legend
from gui.plan.shown_phase import ShownPhase
from gui.widgets import icons, theme
from gui.widgets.labels import label

SPACING = 6
MARKER_WIDTH = 3
ICON_SIZE = QSize(15, 15)


class PlanStrip(QWidget):
    """Hidden while there is nothing to plan: one objective and no plan. `open_plan` shows it nevertheless.

    settings_wanted: the settings of the phase that is shown are asked for. rename_wanted: its name is.
    """

    settings_wanted = Signal()
    rename_wanted = Signal()

    def __init__(self, shown: ShownPhase, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown, self._document = shown, shown.document
        self._is_wanted = False
        self.chips: list[PhaseChip] = []
        self.setObjectName("plan")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._row = QWidget(self)
        self._places = QHBoxLayout(self._row)
        self._places.setContentsMargins(0, 0, 0, 0)
        self._places.setSpacing(SPACING)
        self._places.addStretch(1)
        self._marker = QFrame(self._row)
        self._marker.setObjectName("marker")
        self._marker.hide()
        self.badge = QLabel(self)
        self.add = self._button("plus", "Add a phase", self._add)
        self.make = self._button("list-ordered", "Make a training plan", self._make)
        self.make.setText("Make a plan")
        self.make.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.tools = {
            "earlier": self._button("arrow-left", "Use the phase earlier in each step (Ctrl+Left)", self._earlier),
            "later": self._button("arrow-right", "Use the phase later in each step (Ctrl+Right)", self._later),
            "duplicate": self._button("copy-plus", "Duplicate the phase", self._duplicate),
            "remove": self._button("trash-2", "Remove the phase (Del)", self._remove_shown),
            "leave": self._button("x", "Show the canvas without colours again (Esc)", shown.leave),
        }
        self.legend = Legend(self)
        self._lay_out()
        shown.changed.connect(self._refresh)
        shown.document.opened.connect(self._forget)
        theme.notifier().changed.connect(self._refresh)
        self._refresh()

    def open_plan(self) -> None:
        """Show the strip and put the keyboard on it; where it has that already and there is no plan, hide it."""
        had_focus = self.isAncestorOf(self.window().focusWidget() or self)
        self._is_wanted = not (self._is_wanted and had_focus)
        self._refresh()
        if self.isVisible():
            chip = self.chips[max(self._shown.position, 0)]
            chip.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._shown.phase is not None:
            self._shown.leave()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        chip = next((chip for chip in self.chips if chip.underMouse()), None)
        if chip is None or not self._document.project.plan:
            return
        self._shown.show(self.chips.index(chip))
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icons.icon("pencil"), "&Rename", partial(self._rename, self.chips.index(chip)))
        for name, text in (("duplicate", "D&uplicate"), ("earlier", "Move &earlier"), ("later", "Move &later"),
                           ("remove", "Re&move")):
            action = QAction(self.tools[name].icon(), text, menu)
            action.triggered.connect(self.tools[name].click)
            action.setEnabled(self.tools[name].isEnabled())
            menu.addAction(action)
        menu.popup(event.globalPos())

    # What is shown

    def _lay_out(self) -> None:
        area = _Sideways(self)
        area.setWidget(self._row)
        area.horizontalScrollBar().rangeChanged.connect(self._reveal)
        self._area = area
        title = label("Training plan", "muted", self)
        upper = QHBoxLayout()
        upper.setSpacing(SPACING)
        for part in (title, self.badge):
            upper.addWidget(part)
        upper.addWidget(area, 1)
        upper.addWidget(self.make)
        upper.addWidget(self.add)
        self._below = QWidget(self)
        lower = QHBoxLayout(self._below)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(2)
        lower.addWidget(self.legend, 1)
        for tool in self.tools.values():
            lower.addWidget(tool)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 5, 8, 5)
        column.setSpacing(4)
        column.addLayout(upper)
        column.addWidget(self._below)

    def _button(self, icon: str, text: str, act: Callable[[], None]) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icons.icon(icon))
        button.setIconSize(ICON_SIZE)
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.clicked.connect(act)
        return button

    def _forget(self) -> None:
        """Another document is open: what was asked for of the last one is not asked for now."""
        self._is_wanted = False
        self._refresh()

    def _refresh(self) -> None:
        project, plan = self._document.project, self._shown.phases
        is_planned = bool(project.plan)
        is_seen = self._is_wanted or is_planned or len(objectives(project)) > 1
        self.setVisible(is_seen)
        if not is_seen:
            return  # what phases do to a large network takes milliseconds to say
        while len(self.chips) < len(plan):
            self._add_chip()
        while len(self.chips) > len(plan):
            chip = self.chips.pop()
            self._places.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        for position, (chip, phase) in enumerate(zip(self.chips, plan, strict=True)):
            self._show_phase(position, chip, phase, project)
        self._show_loose_problems([problem for problem in self._shown.problems if not problem.phase])
        self.make.setVisible(not is_planned)
        self.add.setVisible(is_planned)
        self._below.setVisible(self._shown.phase is not None)
        at = self._shown.position
        for name, is_possible in (("earlier", at > 0), ("later", at < len(plan) - 1), ("duplicate", True),
                                  ("remove", True)):
            self.tools[name].setVisible(is_planned)
            self.tools[name].setEnabled(is_possible)

    def _show_phase(self, position: int, chip: PhaseChip, phase: Phase, project: Project) -> None:
        told = effects(project, phase)
        found = [problem for problem in self._shown.problems if problem.phase == phase.name]
        severity = found[0].severity if found else ""
        chip.show_phase(position + 1, phase.name, words.detail_text(project, phase, told), words.times_text(phase),
                        severity)
        chip.setToolTip(words.tooltip(project, phase, told, found))
        chip.setChecked(position == self._shown.position)

    def _show_loose_problems(self, found: list[Problem]) -> None:
        self.badge.setVisible(bool(found))
        if found:
            colors = theme.colors()
            name, color = ("circle-alert", colors.error) if found[0].severity == "error" else (
                "triangle-alert", colors.warning)
            self.badge.setPixmap(icons.icon(name, color).pixmap(ICON_SIZE, self.devicePixelRatioF()))
            self.badge.setToolTip("\n".join(f"{problem.message} {problem.hint}" for problem in found))

    def _add_chip(self) -> None:
        chip, position = PhaseChip(self._row), len(self.chips)
        chip.clicked.connect(partial(self._choose, position))
        chip.dragged.connect(self._show_marker)
        chip.dropped.connect(partial(self._drop, position))
        chip.renamed.connect(partial(self._rename, position))
        chip.walked.connect(partial(self._walk, position))
        chip.moved.connect(partial(self._move, position))
        chip.removed.connect(partial(self._remove, position))
        self.chips.append(chip)
        self._places.insertWidget(position, chip)

    # What is done

    def _choose(self, position: int) -> None:
        """A click shows a phase, another one ends it."""
        if position == self._shown.position:
            self._shown.leave()
        else:
            self._open(position)
        self._refresh()

    def _open(self, position: int) -> None:
        """Show a phase and its settings."""
        self._document.select(())
        self._shown.show(position)
        self.settings_wanted.emit()

    def _walk(self, position: int, way: int) -> None:
        if 0 <= position + way < len(self.chips):
            self._focus(position + way)

    def _rename(self, position: int) -> None:
        self._open(position)
        self.rename_wanted.emit()

    def _make(self) -> None:
        self._document.edit("Make training plan", edits.planned(self._document.project))
        self._open(0)
        self._focus(0)

    def _add(self) -> None:
        self._document.edit("Add phase", edits.added(self._document.project))
        self._choose(len(self._document.project.plan) - 1)
        self._focus(len(self.chips) - 1)

    def _duplicate(self) -> None:
        at = self._shown.position
        self._document.edit("Duplicate phase", edits.duplicated(self._document.project, at))
        self._shown.show(at + 1)

    def _remove_shown(self) -> None:
        self._remove(self._shown.position)

    def _remove(self, position: int) -> None:
        project = self._document.project
        if project.plan:
            self._document.edit(f"Remove phase {project.plan[position].name}", edits.removed(project, position))
            self._focus(position)

    def _earlier(self) -> None:
        self._move(self._shown.position, -1)

    def _later(self) -> None:
        self._move(self._shown.position, 1)

    def _move(self, position: int, way: int) -> None:
        self._move_to(position, position + way)

    def _move_to(self, position: int, to: int) -> None:
        project = self._document.project
        if position != to and 0 <= to < len(project.plan):
            had_focus = self.chips[position].hasFocus()
            self._document.edit(f"Move phase {project.plan[position].name}", edits.moved(project, position, to))
            self._focus(to if had_focus else -1)

    def _focus(self, position: int) -> None:
        if 0 <= position < len(self.chips) and self.isVisible():
            self.chips[position].setFocus(Qt.FocusReason.OtherFocusReason)
            self._reveal()

    def _reveal(self) -> None:
        """Scroll to the chip with the keyboard; again when the layout has made room for a new one."""
        chip = next((chip for chip in self.chips if chip.hasFocus()), None)
        if chip is not None:
            self._area.ensureWidgetVisible(chip, SPACING, 0)

    # Dragging

    def _gap_at(self, point: QPoint) -> int:
        """The gap between chips that is nearest to a point of the screen, from 0."""
        x = self._row.mapFromGlobal(point).x()
        return sum(chip.geometry().center().x() < x for chip in self.chips)

    def _show_marker(self, point: QPoint) -> None:
        if len(self._document.project.plan) < 2:
            return
        gap = self._gap_at(point)
        x = self.chips[gap].x() - SPACING if gap < len(self.chips) else self.chips[-1].geometry().right() + 2
        self._marker.setGeometry(max(x + 1, 0), 0, MARKER_WIDTH, HEIGHT)
        self._marker.show()
        self._marker.raise_()

    def _drop(self, position: int, point: QPoint) -> None:
        if self._marker.isVisible():
            self._marker.hide()
            gap = self._gap_at(point)
            self._move_to(position, gap - 1 if gap > position else gap)


class _Sideways(QScrollArea):
    """A row that the wheel moves, without scroll bars."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar, way = self.horizontalScrollBar(), event.angleDelta()
        bar.setValue(bar.value() - (way.y() or way.x()))
        event.accept()

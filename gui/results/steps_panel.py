"""The steps panel: a Loop of the trained network, one time step at a time, on samples of the data."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from engine import jobs
from engine.analysis.library import placed
from engine.errors import EngineError
from engine.plan import address
from engine.project import Project
from gui.results.steps_sample import Sample, sample_of
from gui.results.steps_view import StepsView
from gui.session import Session
from gui.widgets import actions
from gui.widgets.actions import ActionSpec
from gui.widgets.empty_state import EmptyState
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import label, one_line

_LONGEST_NAME = 40
_FOCUSED = Qt.ShortcutContext.WidgetWithChildrenShortcut

SAMPLES = (
    ActionSpec("previous", "&Previous sample", "PgUp", "arrow-left", "Take the sample before.", context=_FOCUSED),
    ActionSpec("next", "&Next sample", "PgDown", "arrow-right", "Take the next sample.", context=_FOCUSED),
)


class StepsPanel(QWidget):
    """Which Loop, which sample and which step on top, what happens in it below. Nothing is computed while the panel
    cannot be seen.

    emptied: another run is shown, or none, and there is no Loop in it.
    """

    emptied = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._loop, self._row, self._call = "", None, 0
        self._is_outdated = True
        self._asked = 0
        self._result: dict[str, Any] = {}
        self._sample: Sample | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.loops = QComboBox(self)
        self.loops.setAccessibleName("Loop")
        self.loops.setToolTip("Which Loop is gone through")
        self.loops.activated.connect(self._choose_loop)
        self.calls = QComboBox(self)
        self.calls.setAccessibleName("Which time")
        self.calls.setToolTip("What holds the Loop is computed several times for a sample: which time is shown")
        self.calls.activated.connect(self._choose_call)
        self.view = StepsView(self)
        self.view.moved.connect(self._show_place)
        self.place, self.name = label("", "", self), label("", "muted", self)
        self.message = label("", "muted", self, wraps=True)
        self.empty = EmptyState("repeat", "", "", self)
        self.empty.clicked.connect(lambda: self.show_loop(""))
        self.actions_by_id = actions.build(SAMPLES, {"previous": self._previous, "next": self._next}, self)
        self.buttons = actions.buttons(self.actions_by_id.values(), self)
        for action in self.view.actions_by_id.values():
            self.addAction(action)
        self._build()
        session.run_changed.connect(self._forget)
        session.state_changed.connect(self._forget_numbers)

    def show_loop(self, loop: str) -> None:
        """Go through that Loop, given as its graph and node, see `engine.plan.address`; "": the first."""
        self._loop, self._call = loop, 0
        self._ask_if_seen()
        self.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_outdated:
            self._ask_if_seen()

    def _build(self) -> None:
        bar = QWidget(self)
        flow = FlowLayout(bar, 10)
        steps = actions.buttons(self.view.actions_by_id.values(), bar)
        for widget in (self.loops, self.calls, _row([*self.buttons, self.name], bar), _row([*steps, self.place], bar)):
            flow.addWidget(widget)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.view)
        content = QWidget(self)
        column = QVBoxLayout(content)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        column.addWidget(bar)
        column.addWidget(self.message)
        column.addWidget(area, 1)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._pages)

    # What is to be shown

    def _forget(self) -> None:
        """Another run is shown."""
        self._row, self._call, self._sample = None, 0, None
        self._ask_if_seen()
        if not self._has_loops():
            self.emptied.emit()

    def _has_loops(self) -> bool:
        """Whether the run that is shown has a Loop; also where that cannot be found out, which is told here."""
        run = self._session.run
        try:
            return run is not None and bool(loops_of(run.project))
        except EngineError:
            return True

    def _forget_numbers(self, _state: str) -> None:
        """The weights of the run are others now."""
        self._ask_if_seen()

    def _choose_loop(self) -> None:
        self._loop, self._call = self.loops.currentData(), 0
        self._ask_if_seen()

    def _choose_call(self, number: int) -> None:
        self._call = number
        self._ask_if_seen()

    def _previous(self) -> None:
        self._go_to(self._result.get("previous"))

    def _next(self) -> None:
        self._go_to(self._result.get("next"))

    def _go_to(self, row: int | None) -> None:
        if row is not None:
            self._row = row
            self._ask_if_seen()

    def _ask_if_seen(self) -> None:
        """Have the sample computed, or tell why there is none. The newest wish counts."""
        self._asked += 1
        self._is_outdated = not self.isVisible()
        if self._is_outdated:
            return
        run = self._session.run
        if run is None or not run.checkpoint("best").exists():
            self._show_nothing("Nothing to step through yet", "Train a network with a Loop, then go through a sample "
                               "here, one time step at a time, and see the state.")
            return
        try:
            loops = loops_of(run.project)
        except EngineError as error:
            self._show_nothing("This run cannot be stepped through", f"{error.message} {error.hint}")
            return
        if not loops:
            self._show_nothing("This network has no Loop", "A Loop runs another network of the project, such as a cell "
                               "of your own drawing, once for every step of a sequence. Place one, and train.")
            return
        if self._loop and self._loop not in loops:
            self._show_nothing("The run does not have this Loop", "It was trained before the Loop was drawn. Train "
                               "again to step through it.", "Show its other Loops")
            return
        self._loop = self._loop or next(iter(loops))
        self._show_loops(loops)
        self._wait()
        asked = self._asked
        self._session.job(
            jobs.Step(str(run.folder), self._loop, self._row, call=self._call),
            lambda result: self._show_result(result) if asked == self._asked else None,
            lambda message, hint: self._show_nothing(message, hint) if asked == self._asked else None)

    # What is shown

    def _show_nothing(self, title: str, text: str, action: str = "") -> None:
        self._sample, self._row, self._call = None, None, 0
        self.empty.show_text(title, text, action)
        self._pages.setCurrentIndex(0)

    def _show_loops(self, loops: dict[str, str]) -> None:
        self.loops.clear()
        for key, title in loops.items():
            self.loops.addItem(one_line(title, _LONGEST_NAME), key)
        self.loops.setCurrentIndex(list(loops).index(self._loop))
        self.loops.setVisible(len(loops) > 1)

    def _wait(self) -> None:
        """A sample that is shown stays until the next one is there."""
        for action in self.actions_by_id.values():
            action.setEnabled(False)
        if self._sample is None:
            self.empty.show_text("Waking up the network…", "")
            self._pages.setCurrentIndex(0)

    def _show_result(self, result: dict[str, Any]) -> None:
        self._result, self._row = result, result["row"]
        self._sample = sample_of(result)
        for name, action in self.actions_by_id.items():
            action.setEnabled(result[name] is not None)
        where = f" · {result['place'] + 1:,} of {result['samples']:,} in the {result['split']} data" \
            if result["split"] else ""
        self.name.setText(one_line(result["name"], _LONGEST_NAME) + where)
        self.calls.clear()
        self.calls.addItems([f"Time {number + 1:,} of {result['calls']:,}" for number in range(result["calls"])])
        self.calls.setCurrentIndex(result["call"])
        self.calls.setVisible(result["calls"] > 1)
        self.message.setText(" ".join(result["notes"]))
        self.message.setVisible(bool(result["notes"]))
        self._pages.setCurrentIndex(1)
        self.view.show_sample(self._sample)

    def _show_place(self, step: int) -> None:
        if self._sample is not None:
            token = f": {one_line(self._sample.names[step], _LONGEST_NAME)}" if self._result["tokens"] else ""
            self.place.setText(f"Step {step + 1:,} of {self._sample.steps:,}{token}")


def loops_of(project: Project) -> dict[str, str]:
    """What the Loops of a project are called, by their addresses; with the network that holds them if there are some in
    several."""
    found = [(name, node) for name, graph in project.graphs.items() for node in graph.nodes
             if node.type == "Loop" and placed(node) in project.graphs]
    is_one = len({name for name, _ in found}) == 1
    return {address(name, node.id): node.name if is_one else f"{name}: {node.name}" for name, node in found}


def _row(widgets: list[QWidget], parent: QWidget) -> QWidget:
    """Widgets that stay side by side."""
    place = QWidget(parent)
    row = QHBoxLayout(place)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2)
    for widget in widgets:
        row.addWidget(widget)
    return place

"""The panels around the canvas: where they are by default, that they can be moved, and that this is remembered."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QTabWidget, QWidget

from gui.widgets import settings

LAYOUT_VERSION = 1
LEFT, RIGHT, BELOW = (
    Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea,
)
SIDE_WIDTHS = {LEFT: 256, RIGHT: 292}
BELOW_HEIGHT = 262


@dataclass(frozen=True, slots=True)
class DockSpec:
    """A place for one panel. Docks of one area are tabs of each other; the first is shown. What few networks need is
    not open at first."""

    id: str
    title: str
    area: Qt.DockWidgetArea
    help: str
    is_open: bool = True


DOCKS = (
    DockSpec("palette", "Layers", LEFT, "All layers, to be dragged onto the canvas."),
    DockSpec("data", "Data", LEFT, "What the network learns from."),
    DockSpec("inspector", "Inspector", RIGHT, "Settings, shapes and costs of what is selected."),
    DockSpec("training", "Training", RIGHT, "How the network is trained, and how far it is."),
    DockSpec("charts", "Charts", BELOW, "Loss and metrics while the network learns."),
    DockSpec("problems", "Problems", BELOW, "What is wrong with the design, with repairs."),
    DockSpec("test", "Test", BELOW, "How good the network is on samples it has never seen."),
    DockSpec("try", "Try it", BELOW, "Give the trained network something of your own."),
    DockSpec("steps", "Steps", BELOW, "A Loop of the trained network, one time step at a time.", is_open=False),
    DockSpec("code", "Code", BELOW, "The Python that is trained and exported."),
    DockSpec("log", "Log", BELOW, "What happened in this session."),
)


class Docks(QObject):
    """Makes the docks of a window and keeps their layout. A dock's title bar is shown only where no tab names it."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._docks = {spec.id: self._made(spec) for spec in DOCKS}
        self._tidy = QTimer(self, singleShot=True, interval=0)
        self._tidy.timeout.connect(self._show_titles)
        window.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks
                              | QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.GroupedDragging)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.TopLeftCorner):
            window.setCorner(corner, LEFT)
        window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
        self.reset()

    def __getitem__(self, dock_id: str) -> QDockWidget:
        return self._docks[dock_id]

    def put(self, dock_id: str, panel: QWidget) -> None:
        """Show a panel in its dock."""
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._docks[dock_id].setWidget(panel)

    def raise_dock(self, dock_id: str) -> None:
        """Bring a dock to the front, opening it if it was closed."""
        self._docks[dock_id].show()
        self._docks[dock_id].raise_()

    def bring_forward(self, dock_id: str) -> None:
        """Bring a dock to the front, unless it was closed."""
        if self._docks[dock_id].toggleViewAction().isChecked():
            self._docks[dock_id].raise_()

    def set_title(self, dock_id: str, title: str) -> None:
        self._docks[dock_id].setWindowTitle(title)

    def toggle_actions(self) -> list[QAction]:
        """A checkable action per dock, in order."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    def reset(self) -> None:
        """The layout as it was in the beginning."""
        first: dict[Qt.DockWidgetArea, QDockWidget] = {}
        for spec in DOCKS:
            dock = self._docks[spec.id]
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
            self._window.addDockWidget(spec.area, dock)
            if spec.area in first:
                self._window.tabifyDockWidget(first[spec.area], dock)
            first.setdefault(spec.area, dock)
            dock.setVisible(spec.is_open)
        for dock in first.values():
            dock.raise_()
        for area, width in SIDE_WIDTHS.items():
            self._window.resizeDocks([first[area]], [width], Qt.Orientation.Horizontal)
        self._window.resizeDocks([first[BELOW]], [BELOW_HEIGHT], Qt.Orientation.Vertical)
        self._tidy.start()

    def restore(self) -> None:
        """The geometry and layout of the last time, if there was one."""
        geometry, state = settings.remembered_bytes("geometry"), settings.remembered_bytes("layout")
        if not geometry.isEmpty():
            self._window.restoreGeometry(geometry)
        if not state.isEmpty() and self._window.restoreState(state, LAYOUT_VERSION):
            self._tidy.start()

    def save(self) -> None:
        settings.remember_bytes("geometry", self._window.saveGeometry())
        settings.remember_bytes("layout", self._window.saveState(LAYOUT_VERSION))

    def _made(self, spec: DockSpec) -> QDockWidget:
        dock = QDockWidget(spec.title, self._window)
        dock.setObjectName(spec.id)
        dock.setToolTip("")
        dock.toggleViewAction().setStatusTip(spec.help)
        dock.setWidget(QWidget(dock))
        for signal in (dock.dockLocationChanged, dock.topLevelChanged, dock.visibilityChanged):
            signal.connect(self._tidy_later)
        return dock

    def _tidy_later(self) -> None:
        self._tidy.start()

    def _show_titles(self) -> None:
        for dock in self._docks.values():
            is_named_by_tab = not dock.isFloating() and bool(self._window.tabifiedDockWidgets(dock))
            has_title = dock.titleBarWidget() is None
            if is_named_by_tab and has_title:
                dock.setTitleBarWidget(QWidget(dock))
            elif not is_named_by_tab and not has_title:
                empty = dock.titleBarWidget()
                dock.setTitleBarWidget(None)
                empty.deleteLater()
        for bar in self._window.findChildren(QTabBar):
            if bar.parent() is self._window:
                bar.setDocumentMode(True)
                bar.setDrawBase(False)
                bar.setExpanding(False)
                bar.setUsesScrollButtons(True)

"""One tab for each network of the project, over the canvas."""

from functools import partial
from html import escape
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QLabel, QMenu, QTabBar, QToolButton, QWidget

from engine.plan import has_loss
from gui.canvas.networks import Networks
from gui.canvas.rename_editor import RenameEditor
from gui.canvas.weight_sets import shared, weight_sets
from gui.document import Document
from gui.widgets import icons, theme
from gui.widgets.labels import one_line

LEFT, RIGHT = QTabBar.ButtonPosition.LeftSide, QTabBar.ButtonPosition.RightSide
ICON_SIZE, CLOSE_SIZE, MARK_SIZE = 16, 13, 12
LONGEST_NAME = 24
MAIN_HINT = "The first network is the one that is tested, tried and exported."
OBJECTIVE_HINT = "It has a loss: it can be trained."
SHARED_HINT = "Its weights are shared by all nodes that place it; they have its colour."
BLOCK_HINT = "Blocks of it have weights of their own."
FREE_HINT = "Other networks can place it: drag it from the palette."
KEYS_HINT = "Double-click renames, dragging reorders."


class _Look(NamedTuple):
    """What a tab shows: the name, what the graph is used for, and the number of the colour of its weights."""

    name: str
    use: str
    color: int


class GraphTabs(QTabBar):
    """Chooses the graph that is shown. Tabs are renamed, closed and moved here; `Networks` makes the edits."""

    def __init__(self, document: Document, networks: Networks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("graph_tabs")
        self.setAccessibleName("Networks")
        self.setMovable(True)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self._dress()
        self.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._document, self._networks = document, networks
        self._is_dragging = False
        self._look: tuple[_Look, ...] = ()
        self.editor = RenameEditor(parent or self, "Name of the network")
        self.currentChanged.connect(self._show)
        self.tabMoved.connect(self._remember_move)
        self.tabBarDoubleClicked.connect(self._double_click)
        document.changed.connect(self._refresh)
        document.shown_changed.connect(self._refresh)
        networks.rename_wanted.connect(self._rename_shown)
        theme.notifier().changed.connect(self._restyle)
        self._refresh()

    @property
    def names(self) -> list[str]:
        """The networks as their tabs stand."""
        return [str(self.tabData(place)) for place in range(self.count())]

    def rename_tab(self, place: int) -> None:
        """Edit the name of a network where it stands."""
        name = self.names[place]
        self.setCurrentIndex(place)
        left = ICON_SIZE + 12 + (MARK_SIZE + 6 if self.tabButton(place, LEFT) else 0)
        area = self.tabRect(place).adjusted(left, 2, 0, -2).translated(self.pos())
        self.editor.edit(area, self.font(), name, partial(self._networks.rename, name))
        self.editor.raise_()

    def context_menu(self, place: int) -> QMenu:
        """The menu of a tab; -1: of the room beside them."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if place >= 0:
            name = self.names[place]
            rename = menu.addAction(icons.icon("pencil"), "&Rename", partial(self.rename_tab, place))
            rename.setShortcut(QKeySequence(Qt.Key.Key_F2))
            menu.addAction(icons.icon("copy-plus"), "&Duplicate", partial(self._networks.duplicate, name))
            remove = menu.addAction(icons.icon("x"), "Re&move", partial(self._networks.remove, name))
            remove.setEnabled(self.count() > 1)
            menu.addSeparator()
        menu.addAction(icons.icon("square-plus"), "&New network", self._networks.new_network)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.context_menu(self.tabAt(event.pos())).popup(event.globalPos())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._is_dragging:
            self._is_dragging = False
            self._networks.reorder(self.names)
            self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self._rename_shown()
        else:
            super().keyPressEvent(event)

    def _refresh(self) -> None:
        if self._is_dragging:
            return
        graphs, library = self._document.project.graphs, self._document.library
        placed, in_use, colors = library.placed_somewhere(), shared(library), weight_sets(library)
        look = tuple(
            _Look(name, OBJECTIVE_HINT if has_loss(graph) else SHARED_HINT if name in in_use else
                  BLOCK_HINT if name in placed else FREE_HINT, colors[name])
            for name, graph in graphs.items())
        self.blockSignals(True)
        if look != self._look:
            self._look = look
            self._fill(look)
        self.setCurrentIndex(list(graphs).index(self._document.shown))
        self.blockSignals(False)

    def _fill(self, look: tuple[_Look, ...]) -> None:
        while self.count() > len(look):
            self.removeTab(self.count() - 1)
        while self.count() < len(look):
            self.addTab("")
        for place, (name, use, color) in enumerate(look):
            self.setTabData(place, name)
            self.setTabText(place, one_line(name, LONGEST_NAME).replace("&", "&&"))
            self.setTabIcon(place, icons.icon(
                "target" if use is OBJECTIVE_HINT else "network",
                theme.colors().series[color] if use is SHARED_HINT else None))
            hints = [MAIN_HINT if place == 0 else "", use, KEYS_HINT]
            self.setTabToolTip(place, f"<qt><b>{escape(name)}</b><br>{' '.join(filter(None, hints))}</qt>")
            self._put(place, RIGHT, self._close_button(name) if len(look) > 1 else None)
            self._put(place, LEFT, self._main_mark() if len(look) > 1 and place == 0 else None)

    def _put(self, place: int, side: QTabBar.ButtonPosition, widget: QWidget | None) -> None:
        if before := self.tabButton(place, side):
            before.deleteLater()
        self.setTabButton(place, side, widget)

    def _main_mark(self) -> QLabel:
        """A star for the network that is tested and exported."""
        mark = QLabel(self)
        mark.setContentsMargins(MARK_SIZE // 2, 0, 0, 0)
        mark.setPixmap(icons.icon("star", theme.colors().accent).pixmap(MARK_SIZE, MARK_SIZE))
        mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        return mark

    def _close_button(self, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setAutoRaise(True)
        button.setIcon(icons.icon("x"))
        button.setIconSize(QSize(CLOSE_SIZE, CLOSE_SIZE))
        button.setFixedSize(CLOSE_SIZE + 5, CLOSE_SIZE + 5)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setToolTip("Remove this network from the project")
        button.setAccessibleName(f"Remove {name}")
        button.clicked.connect(partial(self._networks.remove, name))
        return button

    def _dress(self) -> None:
        """Tabs are narrow, and what lies below the buttons that scroll them does not shine through."""
        colors = theme.colors()
        self.setStyleSheet(
            "QTabBar::tab { padding: 6px 8px; }"
            f"QTabBar QToolButton {{ padding: 0; background: {colors.window}; }}"
            f"QTabBar QToolButton:hover {{ background: {colors.raised}; }}")

    def _restyle(self) -> None:
        self._dress()
        self._look = ()
        self._refresh()

    def _show(self, place: int) -> None:
        if place >= 0 and not self._is_dragging:
            self._document.show(self.names[place])

    def _rename_shown(self) -> None:
        self.rename_tab(self.currentIndex())

    def _remember_move(self) -> None:
        self._is_dragging = True

    def _double_click(self, place: int) -> None:
        if place >= 0:
            self.rename_tab(place)
        else:
            self._networks.new_network()

"""The palette: every layer of the catalogue, by category or found by words, to be dragged onto the canvas."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QStackedLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine import layers
from engine.layers.spec import LayerSpec
from gui.widgets import icons, mime, settings, theme
from gui.widgets.empty_state import EmptyState

TYPE = Qt.ItemDataRole.UserRole
ICON_SIZE = 18


class Palette(QWidget):
    """A search field above a tree of layers. chosen(type): double-clicked, or Enter was pressed on it."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit(self)
        self.search.setObjectName("palette_search")
        self.search.setAcceptDrops(False)
        self.search.setPlaceholderText("Search layers")
        self.search.setAccessibleName("Search layers")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._refresh)
        self.search.installEventFilter(self)
        self.tree = _Tree(self)
        self.tree.itemActivated.connect(self._activate)
        self.tree.itemClicked.connect(self._fold)
        self.tree.itemExpanded.connect(self._remember_folds)
        self.tree.itemCollapsed.connect(self._remember_folds)
        self._nothing = EmptyState("search", "No layer found", "Try another word, such as “dense” or “pool”.")
        content = QWidget(self)
        self._stack = QStackedLayout(content)
        self._stack.addWidget(self.tree)
        self._stack.addWidget(self._nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        field = QHBoxLayout()
        field.setContentsMargins(8, 0, 8, 0)
        field.addWidget(self.search)
        column.addLayout(field)
        column.addWidget(content, 1)
        theme.notifier().changed.connect(self._refresh)
        self._refresh()

    def types(self) -> list[str]:
        """The layers that are shown, in order."""
        return [str(item.data(0, TYPE)) for item in self._items() if item.data(0, TYPE)]

    def item(self, layer_type: str) -> QTreeWidgetItem:
        """The row of a layer. Raises StopIteration if it is not shown."""
        return next(item for item in self._items() if item.data(0, TYPE) == layer_type)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the search field, arrows move through what was found and Enter adds it; Escape clears the words."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self.tree.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if item := self.tree.currentItem():
                    self._activate(item)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def _refresh(self) -> None:
        words = self.search.text().strip()
        self.tree.clear()
        if words:
            found = layers.search(words)
            self.tree.addTopLevelItems([_layer_item(spec) for spec in found])
            if found:
                self.tree.setCurrentItem(self.tree.topLevelItem(0))
        else:
            self._show_categories()
        self.tree.setIndentation(0 if words else 14)
        self._stack.setCurrentIndex(0 if self.tree.topLevelItemCount() else 1)

    def _show_categories(self) -> None:
        folded = settings.remembered("palette/folded", [])
        self.tree.blockSignals(True)
        for category in layers.categories():
            item = QTreeWidgetItem([category])
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = theme.font()
            font.setWeight(font.Weight.DemiBold)
            item.setFont(0, font)
            item.addChildren([_layer_item(spec) for spec in layers.CATALOGUE.values() if spec.category == category])
            self.tree.addTopLevelItem(item)
            item.setExpanded(category not in folded)
        self.tree.blockSignals(False)

    def _remember_folds(self) -> None:
        tops = (self.tree.topLevelItem(row) for row in range(self.tree.topLevelItemCount()))
        settings.remember("palette/folded", [top.text(0) for top in tops if not top.isExpanded()])

    def _activate(self, item: QTreeWidgetItem) -> None:
        if layer_type := item.data(0, TYPE):
            self.chosen.emit(layer_type)

    def _fold(self, item: QTreeWidgetItem) -> None:
        if not item.data(0, TYPE):
            item.setExpanded(not item.isExpanded())

    def _items(self) -> Iterable[QTreeWidgetItem]:
        for row in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(row)
            yield top
            yield from (top.child(child) for child in range(top.childCount()))


class _Tree(QTreeWidget):
    """A tree whose rows are dragged as layers."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("palette_tree")
        self.setAccessibleName("Layers")
        self.setHeaderHidden(True)
        self.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.setIndentation(14)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def startDrag(self, supported: Qt.DropAction) -> None:
        item = self.currentItem()
        layer_type = item.data(0, TYPE) if item else None
        if not layer_type:
            return
        drag = QDrag(self)
        drag.setMimeData(self.drag_data(layer_type))
        drag.setPixmap(item.icon(0).pixmap(2 * ICON_SIZE, 2 * ICON_SIZE))
        drag.setHotSpot(QPoint(ICON_SIZE, ICON_SIZE))
        drag.exec(Qt.DropAction.CopyAction)

    @staticmethod
    def drag_data(layer_type: str) -> QMimeData:
        return mime.layer_data(layer_type)


def _layer_item(spec: LayerSpec) -> QTreeWidgetItem:
    item = QTreeWidgetItem([spec.type])
    item.setData(0, TYPE, spec.type)
    item.setIcon(0, icons.icon(spec.icon, theme.category_color(spec.category)))
    also = f"<br><i>Also known as {', '.join(spec.aliases)}</i>" if spec.aliases else ""
    item.setToolTip(0, f"<b>{spec.type}</b><br>{spec.doc}{also}")
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    return item

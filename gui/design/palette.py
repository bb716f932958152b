"""The palette: every layer of the catalogue and the project's networks, by category or found by words, to be dragged
onto the canvas."""

from collections.abc import Iterable
from html import escape

from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDrag, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine import layers
from gui import placeable
from gui.canvas.weight_sets import weight_sets
from gui.document import Document
from gui.placeable import Placeable
from gui.widgets import icons, mime, settings, theme
from gui.widgets.empty_state import EmptyState

KEY = Qt.ItemDataRole.UserRole
CONTENTS = Qt.ItemDataRole.UserRole + 1
"""What is in a network."""

ICON_SIZE = 18
GAP = 14
"""Between the name of a network and what is in it."""


class Palette(QWidget):
    """A search field above a tree of layers. chosen(key): double-clicked, or Enter was pressed on it."""

    chosen = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._networks: list[Placeable] = []
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
        document.changed.connect(self._follow)
        document.shown_changed.connect(self._follow)
        self._refresh()

    def keys(self) -> list[str]:
        """The layers and networks that are shown, in order."""
        return [str(item.data(0, KEY)) for item in self._items() if item.data(0, KEY)]

    def item(self, key: str) -> QTreeWidgetItem:
        """The row of a layer or network. Raises StopIteration if it is not shown."""
        return next(item for item in self._items() if item.data(0, KEY) == key)

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

    def _follow(self) -> None:
        """The networks of the project, or which of them can be placed in the shown one, may be others."""
        if placeable.networks(self._document.library, self._document.shown) != self._networks:
            self._refresh()

    def _refresh(self) -> None:
        words = self.search.text().strip()
        library, shown = self._document.library, self._document.shown
        place = self.tree.verticalScrollBar().value()
        self._networks = placeable.networks(library, shown)
        self.tree.clear()
        if words:
            found = placeable.search(library, shown, words)
            self.tree.addTopLevelItems([self._item(entry) for entry in found])
            if found:
                self.tree.setCurrentItem(self.tree.topLevelItem(0))
        else:
            self._show_categories([*self._networks, *placeable.LAYERS])
            self.tree.verticalScrollBar().setValue(place)
        self.tree.setIndentation(0 if words else 14)
        self._stack.setCurrentIndex(0 if self.tree.topLevelItemCount() else 1)

    def _item(self, entry: Placeable) -> QTreeWidgetItem:
        """A row; a network of the project has the colour of its weights, where it shares them."""
        sets = weight_sets(self._document.library)
        color = theme.colors().series[sets[entry.shared]] if entry.shared else theme.category_color(entry.spec.category)
        return _row(entry, color)

    def _show_categories(self, entries: list[Placeable]) -> None:
        folded = settings.remembered("palette/folded", [])
        self.tree.blockSignals(True)
        for category in dict.fromkeys((*self._first_categories(), *layers.categories())):
            item = QTreeWidgetItem([category])
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = theme.font()
            font.setWeight(font.Weight.DemiBold)
            item.setFont(0, font)
            item.addChildren([self._item(entry) for entry in entries if entry.spec.category == category])
            self.tree.addTopLevelItem(item)
            item.setExpanded(category not in folded)
        self.tree.blockSignals(False)

    def _first_categories(self) -> tuple[str, ...]:
        """What the user made is the first thing to be found."""
        return ("Networks",) if self._networks else ()

    def _remember_folds(self) -> None:
        tops = (self.tree.topLevelItem(row) for row in range(self.tree.topLevelItemCount()))
        settings.remember("palette/folded", [top.text(0) for top in tops if not top.isExpanded()])

    def _activate(self, item: QTreeWidgetItem) -> None:
        if key := item.data(0, KEY):
            self.chosen.emit(key)

    def _fold(self, item: QTreeWidgetItem) -> None:
        if not item.data(0, KEY):
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
        self.setItemDelegate(_RowPainter(self))
        self.setExpandsOnDoubleClick(False)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def startDrag(self, supported: Qt.DropAction) -> None:
        item = self.currentItem()
        key = item.data(0, KEY) if item else None
        if not key:
            return
        drag = QDrag(self)
        drag.setMimeData(self.drag_data(key))
        drag.setPixmap(item.icon(0).pixmap(2 * ICON_SIZE, 2 * ICON_SIZE))
        drag.setHotSpot(QPoint(ICON_SIZE, ICON_SIZE))
        drag.exec(Qt.DropAction.CopyAction)

    @staticmethod
    def drag_data(key: str) -> QMimeData:
        return mime.layer_data(key)


class _RowPainter(QStyledItemDelegate):
    """Paints what is in a network behind its name."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        if contents := index.data(CONTENTS):
            row, metrics = QStyleOptionViewItem(option), QFontMetrics(option.font)
            self.initStyleOption(row, index)
            area = row.widget.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, row, row.widget)
            area.setLeft(area.left() + metrics.horizontalAdvance(row.text) + GAP)
            painter.setFont(row.font)
            colors, is_enabled = theme.colors(), bool(row.state & QStyle.StateFlag.State_Enabled)
            painter.setPen(QColor(colors.muted if is_enabled else colors.disabled))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter,
                             metrics.elidedText(contents, Qt.TextElideMode.ElideRight, area.width()))


def _row(entry: Placeable, color: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem([entry.title])
    item.setData(0, KEY, entry.key)
    item.setData(0, CONTENTS, entry.contents)
    item.setIcon(0, icons.icon(entry.spec.icon, color))
    aliases = "" if entry.graph else ", ".join(entry.spec.aliases)
    also = f"<br><i>Also known as {aliases}</i>" if aliases else ""
    refusal = f"<br><i>{escape(entry.refusal)}</i>" if entry.refusal else ""
    item.setToolTip(0, f"<b>{escape(entry.title)}</b><br>{escape(entry.doc, quote=False)}{also}{refusal}")
    item.setFlags(Qt.ItemFlag.NoItemFlags if entry.refusal else
                  Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    return item

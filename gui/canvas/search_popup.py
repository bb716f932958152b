"""The search at the pointer: type a few letters, Enter adds the layer."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from gui.canvas.style import style
from gui.canvas.weight_sets import weight_sets
from gui.document import Document
from gui.placeable import Placeable, placeables, search
from gui.widgets import theme

WIDTH, HEIGHT = 340, 380
ROW_HEIGHT = 46
EDGE = 8
"""Pixels that are kept free between the popup and the edges of the canvas."""

WEIGHT_SET = Qt.ItemDataRole.UserRole + 1
"""The number of the colour of a network's weights, None for what has weights of its own."""

MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -6, Qt.Key.Key_PageDown: 6,
         Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}


class LayerList(QAbstractListModel):
    """The layers that match."""

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self.entries: Sequence[Placeable] = ()

    def show(self, entries: Sequence[Placeable]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return len(self.entries)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return f"{entry.spec.category}: {entry.doc}"
        if role == Qt.ItemDataRole.UserRole:
            return entry
        if role == WEIGHT_SET:
            return weight_sets(self._document.library).get(entry.shared)
        return None


class LayerRow(QStyledItemDelegate):
    """Paints one result: icon, name, category and what the layer does."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(WIDTH - 20, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        entry: Placeable = index.data(Qt.ItemDataRole.UserRole)
        look, row = style(), QRectF(option.rect).adjusted(4, 1, -4, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(look.highlight)
            painter.drawRoundedRect(row, 6, 6)
        tile = QRectF(row.left() + 8, row.center().y() - 13, 26, 26)
        painter.setBrush(look.tile(entry.spec.category, index.data(WEIGHT_SET)))
        painter.drawRoundedRect(tile, 6, 6)
        glyph = look.glyph(entry.spec.icon, option.widget.devicePixelRatioF())
        painter.drawPixmap(tile.adjusted(5, 5, -5, -5), glyph, QRectF(glyph.rect()))
        text = QRectF(tile.right() + 10, row.top() + 5, row.right() - tile.right() - 18, 17)
        painter.setFont(look.small_font)
        painter.setPen(look.muted)
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, entry.spec.category)
        doc = look.small_metrics.elidedText(entry.doc, Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text.translated(0, 17), Qt.AlignmentFlag.AlignVCenter, doc)
        painter.setFont(look.title_font)
        painter.setPen(look.text)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, entry.title)
        painter.restore()


def _misfit(entry: Placeable) -> str:
    """Why what was looked for is not offered."""
    has_ports = entry.spec.inputs or entry.spec.outputs
    return f"{entry.title} does not fit here" if has_ports else f"{entry.title} has no ports until it places a network"


class SearchPopup(QFrame):
    """A small window in the canvas: letters search, arrows choose, Enter adds, Escape closes.

    closed: it went away, with or without a choice.
    """

    closed = Signal()

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        self.setObjectName("search_popup")
        self.setAccessibleName("Add a layer")
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Search layers…")
        self.line.setAccessibleName("Search layers")
        self.line.setClearButtonEnabled(True)
        self.list = QListView(self)
        self.list.setAccessibleName("Layers found")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(LayerRow(self.list))
        self.model = LayerList(document, self)
        self.list.setModel(self.model)
        self.nothing = QLabel(self)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for widget in (self.line, self.list, self.nothing):
            column.addWidget(widget)
        self._candidates: Sequence[Placeable] = ()
        self._chosen: Callable[[str], object] | None = None
        self.line.textChanged.connect(self._search)
        self.line.installEventFilter(self)
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(self._choose)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()
        self.hide()

    def ask(self, at: QPoint, likely: Sequence[Placeable] | None, is_filter: bool,
            chosen: Callable[[str], object]) -> None:
        """Open at `at` (in the parent). Shows the `likely` layers first, or, as a filter, no others."""
        first = list(likely or ())
        keys = {entry.key for entry in first}
        others = [] if is_filter else placeables(self._document.library, self._document.shown)
        self._candidates = first + [entry for entry in others if entry.key not in keys]
        self._chosen = chosen
        self.line.clear()
        self._search("")
        self._move_to(at)
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_search(self) -> None:
        """Close without adding anything."""
        if self.isVisible():
            self._chosen = None
            had_focus = self.line.hasFocus()
            self.hide()
            self.closed.emit()
            if had_focus:
                self.parentWidget().setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the line that steer the list. All keys are kept from being shortcuts of the canvas."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.close_search()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.close_search()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentIndex())
        elif key in MOVES:
            row = self.list.currentIndex().row() + MOVES[key]
            self._select(min(max(row, 0), self.model.rowCount() - 1))
        else:
            return False
        return True

    def _search(self, text: str) -> None:
        found = self._candidates
        if text.strip():
            matches = search(self._document.library, self._document.shown, text)
            keys = {entry.key for entry in self._candidates}
            found = [entry for entry in matches if entry.key in keys]
            self.nothing.setText(_misfit(matches[0]) if matches else "No layer matches")
        self.model.show(found)
        self.list.setVisible(bool(found))
        self.nothing.setVisible(not found)
        if found:
            self._select(0)

    def _select(self, row: int) -> None:
        index = self.model.index(row)
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)

    def _choose(self, index: QModelIndex) -> None:
        chosen = self._chosen
        if index.isValid() and chosen is not None:
            key = self.model.entries[index.row()].key
            self.close_search()
            chosen(key)

    def _move_to(self, at: QPoint) -> None:
        """Place the popup at `at`, moved and shrunk as needed to be wholly visible."""
        room = self.parentWidget().rect().adjusted(EDGE, EDGE, -EDGE, -EDGE)
        size = QSize(min(WIDTH, room.width()), min(HEIGHT, room.height()))
        left = max(room.left(), min(at.x(), room.right() - size.width()))
        top = max(room.top(), min(at.y(), room.bottom() - size.height()))
        self.setGeometry(QRect(QPoint(left, top), size))

    def _restyle(self) -> None:
        colors = theme.colors()
        self.setStyleSheet(
            f"#search_popup {{ background: {colors.raised}; border: 1px solid {colors.border}; border-radius: 10px; }}"
            f"QListView {{ background: {colors.raised}; border: none; outline: none; }}"
            f"QLabel {{ color: {colors.muted}; }}"
        )

"""The columns of the data set as a list: what each one is, what it is for, and which of them need a look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.project import Column
from gui.data.column_text import KIND_ICONS, described, role_titles
from gui.facts import counted
from gui.widgets import icons, theme

_ROW_HEIGHT = 42
_MOST_ROWS = 7
"""So many columns are seen at once; the others are scrolled to."""

_UNSEARCHED = 12
"""More columns than that can be searched by name."""

_ICON, _EDGE, _INDENT = 16, 6, 14
_AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Entry:
    """One line: a column, or a part of the vector above it or what is computed from the column above it, and what the
    checks found about it."""

    column: Column
    is_part: bool = False
    findings: tuple[str, ...] = ()


class _Model(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def rowCount(self, parent: _AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entries[index.row()] if index.isValid() else None
        if entry is None:
            return None
        column = entry.column
        purpose = role_titles(column)[column.role]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (column.name, f"{described(column)}, {purpose.lower()}",
                                           column.reason, *entry.findings)))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column.name}: {described(column)}, {purpose}"
        return None

    def show(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()


class _Delegate(QStyledItemDelegate):
    """Two lines: name and role; kind, size and why."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:
        return QSize(120, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        model = index.model()
        assert isinstance(model, _Model)
        entry, colors = model.entries[index.row()], theme.colors()
        area: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.fillRect(area, QColor(colors.selection))
        elif option.state & QStyle.StateFlag.State_MouseOver:  # type: ignore[attr-defined]
            painter.fillRect(area, QColor(colors.raised))
        is_ignored = entry.column.role == "ignore"
        inner = area.adjusted(_EDGE + _INDENT * entry.is_part, 4, -_EDGE, -4)
        color = colors.muted if is_ignored else colors.text
        icons.icon(KIND_ICONS[entry.column.kind], color).paint(
            painter, QRect(inner.left(), inner.top() + 1, _ICON, _ICON))
        texts = inner.adjusted(_ICON + 8, 0, 0, 0)
        upper = QRect(texts.left(), texts.top(), texts.width(), texts.height() // 2)
        lower = QRect(texts.left(), upper.bottom() + 1, texts.width(), texts.height() - upper.height())
        upper.setRight(self._paint_role(painter, upper, entry))
        painter.setFont(theme.font())
        painter.setPen(QColor(color))
        _write(painter, upper, entry.column.name, Qt.TextElideMode.ElideMiddle)
        painter.setFont(theme.font(11))
        painter.setPen(QColor(colors.muted))
        _write(painter, lower, second_line(entry.column), Qt.TextElideMode.ElideRight)
        painter.restore()

    def _paint_role(self, painter: QPainter, area: QRect, entry: Entry) -> int:
        """The role at the right end, and a triangle where there are findings; where they begin."""
        colors, role = theme.colors(), entry.column.role
        painter.setFont(theme.font(11))
        text = role_titles(entry.column)[role]
        width = QFontMetrics(painter.font()).horizontalAdvance(text)
        painter.setPen(QColor({"input": colors.accent, "target": colors.success}.get(role, colors.muted)))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        left = area.right() - width - 6
        if entry.findings:
            left -= 14
            icons.icon("triangle-alert", colors.warning).paint(
                painter, QRect(left, area.top() + (area.height() - 13) // 2, 13, 13))
        return left - 6


class ColumnsView(QWidget):
    """The list. selected(str): another column is chosen, by name; never for programmed changes."""

    selected = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Model(self)
        self.list = QListView(self)
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setAccessibleName("Columns")
        self.list.selectionModel().currentChanged.connect(self._select)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Find a column")
        self.search.setAccessibleName("Find a column")
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)
        self.search.textChanged.connect(self._filter)
        self.search.hide()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        theme.notifier().changed.connect(self.list.viewport().update)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is shown, from top to bottom."""
        return tuple(self._model.entries)

    @property
    def current(self) -> str:
        """The name of the chosen column, "" for none."""
        index = self.list.currentIndex()
        return self._model.entries[index.row()].column.name if index.isValid() else ""

    def show_columns(self, columns: Iterable[Column], findings: Mapping[str, Iterable[str]]) -> None:
        """Show these columns; `findings` by column name. The chosen column stays chosen while it is there."""
        entries = []
        for column in columns:
            entries.append(Entry(column, column.is_derived, tuple(findings.get(column.name, ()))))
            entries += [Entry(part, True, tuple(findings.get(part.name, ()))) for part in column.parts]
        if entries == self._model.entries:
            return
        before, place = self.current, self.list.verticalScrollBar().value()
        self.list.selectionModel().blockSignals(True)
        self._model.show(entries)
        self.list.setFixedHeight(min(_MOST_ROWS, max(1, len(entries))) * _ROW_HEIGHT)
        self.search.setVisible(len(entries) > _UNSEARCHED)
        if len(entries) <= _UNSEARCHED:
            self.search.clear()
        self._filter(self.search.text())
        self.choose(before)
        self.list.verticalScrollBar().setValue(place)
        self.list.selectionModel().blockSignals(False)

    def choose(self, name: str) -> None:
        """Choose the column of that name, if there is one."""
        for row, entry in enumerate(self._model.entries):
            if entry.column.name == name:
                self.list.setCurrentIndex(self._model.index(row))
                return

    def _filter(self, text: str) -> None:
        """Show the columns whose name contains the text."""
        wanted = text.strip().lower()
        for row, entry in enumerate(self._model.entries):
            self.list.setRowHidden(row, wanted not in entry.column.name.lower())

    def _select(self, index: QModelIndex) -> None:
        if index.isValid():
            self.selected.emit(self.current)


def second_line(column: Column) -> str:
    """Kind, size and, shortened first where room is scarce, the reason."""
    if column.parts:
        return f"{counted(column.shape[0] if column.shape else 0, 'number')} of {counted(len(column.parts), 'column')}"
    return " · ".join(filter(None, (described(column), column.reason)))


def _write(painter: QPainter, area: QRect, text: str, elide: Qt.TextElideMode) -> None:
    fitted = QFontMetrics(painter.font()).elidedText(text, elide, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, fitted)

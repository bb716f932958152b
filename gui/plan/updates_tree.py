"""What a phase updates: the networks that its objective reaches, and their layers, each with a factor."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDoubleSpinBox,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from engine.analysis.effects import Effects
from engine.plan import address
from engine.project import Project
from gui.plan.edits import factor_of
from gui.widgets import icons, theme

NAME, FACTOR, FROZEN = range(3)
ADDRESS = Qt.ItemDataRole.UserRole
LARGEST = 1_000.0
LEAST_ROWS, MOST_ROWS, ROW = 1, 9, 26


class UpdatesTree(QTreeWidget):
    """edited(graph, node id, factor): the user gave a network (node id "") or a layer another factor; 0 freezes it."""

    edited = Signal(str, str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(3)
        self.setHeaderLabels(["Network or layer", "Factor", "Frozen"])
        self.headerItem().setToolTip(FACTOR, "Times the learning rate of the phase. Double-click to change it.")
        self.headerItem().setToolTip(FROZEN, "Frozen weights stay as they are in this phase.")
        self.setAccessibleName("What the phase updates")
        self.setUniformRowHeights(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.SelectedClicked
                             | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setItemDelegateForColumn(FACTOR, _FactorDelegate(self))
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (FACTOR, FROZEN):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.setIndentation(14)
        self.itemChanged.connect(self._take)
        self.itemExpanded.connect(self._fit)
        self.itemCollapsed.connect(self._fit)

    def show_updates(self, project: Project, updates: dict[str, float], told: Effects) -> None:
        """Show all weights that the objective computes with, and names in `updates` that are none of them."""
        rows = _rows(project, updates, told)
        open_rows = {item.data(NAME, ADDRESS) for item in self._tops() if item.isExpanded()}
        current = self.currentItem().data(NAME, ADDRESS) if self.currentItem() else None
        self.blockSignals(True)
        if [(item.data(NAME, ADDRESS), item.childCount()) for item in self._tops()] != [
                ((graph, ""), len(nodes)) for graph, nodes in rows.items()]:
            self.clear()
            for graph, nodes in rows.items():
                top = self._made(graph, "", graph)
                self.addTopLevelItem(top)
                top.addChildren([self._made(graph, node_id, name) for node_id, name in nodes.items()])
                top.setExpanded((graph, "") in open_rows)
        for top in self._tops():
            graph = top.data(NAME, ADDRESS)[0]
            self._show(top, updates, graph not in {name for name, _ in told.weights})
            for child in (top.child(row) for row in range(top.childCount())):
                self._show(child, updates, is_idle=False)
            if current in [item.data(NAME, ADDRESS) for item in (top, *map(top.child, range(top.childCount())))]:
                self.setCurrentItem(self._found(current))
        self.blockSignals(False)
        self._fit()

    def item(self, graph: str, node_id: str = "") -> QTreeWidgetItem:
        """The row of a network or layer. Raises StopIteration if it has none."""
        return self._found((graph, node_id))

    def _found(self, wanted: tuple[str, str]) -> QTreeWidgetItem:
        return next(item for top in self._tops() for item in (top, *map(top.child, range(top.childCount())))
                    if tuple(item.data(NAME, ADDRESS)) == tuple(wanted))

    def _tops(self) -> list[QTreeWidgetItem]:
        return [self.topLevelItem(row) for row in range(self.topLevelItemCount())]

    @staticmethod
    def _made(graph: str, node_id: str, text: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem([text])
        item.setData(NAME, ADDRESS, (graph, node_id))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
                      | Qt.ItemFlag.ItemIsUserCheckable)
        return item

    def _show(self, item: QTreeWidgetItem, updates: dict[str, float], is_idle: bool) -> None:
        graph, node_id = item.data(NAME, ADDRESS)
        factor = factor_of(updates, graph, node_id)
        is_named = address(graph, node_id) in updates
        colors = theme.colors()
        item.setData(FACTOR, Qt.ItemDataRole.DisplayRole, f"×{factor:g}" if factor else "–")
        item.setData(FACTOR, ADDRESS, factor)
        item.setCheckState(FROZEN, Qt.CheckState.Unchecked if factor else Qt.CheckState.Checked)
        item.setIcon(NAME, icons.icon("snowflake" if not factor else "network" if not node_id else "box",
                                      colors.accent if factor else colors.muted))
        item.setForeground(NAME, QColor(colors.warning if is_idle else colors.text))
        item.setForeground(FACTOR, QColor(colors.text if is_named or not node_id else colors.muted))
        item.setToolTip(NAME, "The objective computes with no weights of this name." if is_idle else
                        "" if is_named or not node_id else "As its network, until it gets a factor of its own.")

    def _take(self, item: QTreeWidgetItem, column: int) -> None:
        graph, node_id = item.data(NAME, ADDRESS)
        before = float(item.data(FACTOR, ADDRESS))
        if column == FROZEN:
            factor = 0.0 if item.checkState(FROZEN) == Qt.CheckState.Checked else before or 1.0
        else:
            factor = float(item.data(FACTOR, ADDRESS))
        self.edited.emit(graph, node_id, factor)

    def _fit(self, _item: QTreeWidgetItem | None = None) -> None:
        """As high as its rows, within reason."""
        rows = sum(1 + (top.childCount() if top.isExpanded() else 0) for top in self._tops())
        self.setFixedHeight(self.header().sizeHint().height() + ROW * min(max(rows, LEAST_ROWS), MOST_ROWS) + 4)


class _FactorDelegate(QStyledItemDelegate):
    """Edits a factor with a spin box."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem,
                     index: QModelIndex | QPersistentModelIndex) -> QWidget:
        box = QDoubleSpinBox(parent)
        box.setRange(0.0, LARGEST)
        box.setDecimals(4)
        box.setSingleStep(0.1)
        box.setPrefix("×")
        return box

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        assert isinstance(editor, QDoubleSpinBox)
        editor.setValue(float(index.data(ADDRESS)))
        editor.selectAll()

    def setModelData(self, editor: QWidget, model: object, index: QModelIndex | QPersistentModelIndex) -> None:
        assert isinstance(editor, QDoubleSpinBox)
        editor.interpretText()
        if editor.value() != index.data(ADDRESS):
            model.setData(index, editor.value(), ADDRESS)  # type: ignore[attr-defined]


def _rows(project: Project, updates: dict[str, float], told: Effects) -> dict[str, dict[str, str]]:
    """By network the layers with weights, as id and name; then what is named but not there."""
    rows: dict[str, dict[str, str]] = {}
    for graph, node_id in told.weights:
        rows.setdefault(graph, {})[node_id] = project.graphs[graph].node(node_id).name
    known = {name for graph, nodes in rows.items() for name in (graph, *(address(graph, node) for node in nodes))}
    return rows | {name: {} for name in updates if name not in known}

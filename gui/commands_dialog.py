"""Every command of the program with its keys: to learn them, and to do one by typing its name."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from gui.widgets.labels import label

SIZE = QSize(520, 520)
ACTION = Qt.ItemDataRole.UserRole


class CommandsDialog(QDialog):
    """Type to find a command; Enter or a click does it. Commands that make no sense at the moment are grey."""

    def __init__(self, groups: Mapping[str, Mapping[str, QAction]], parent: QWidget) -> None:
        """groups: actions by title of the part of the window they belong to, then by id."""
        super().__init__(parent)
        self._actions = {name: action for group in groups.values() for name, action in group.items()}
        self.setWindowTitle("Commands and keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(SIZE)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search commands")
        self.search.setAccessibleName("Search commands")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.tree = self._made_tree()
        for title, group in groups.items():
            self.tree.addTopLevelItem(self._group(title, group))
        self.tree.expandAll()
        self.tree.itemClicked.connect(self._do)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 10)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addWidget(label("Enter does the marked command, Escape closes.", "muted", self))
        self._filter("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While typing, arrows move through the list and Enter does what is marked."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
                self.tree.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if item := self.tree.currentItem():
                    self._do(item)
                return True
        return super().eventFilter(watched, event)

    def _made_tree(self) -> QTreeWidget:
        tree = QTreeWidget(self)
        tree.setColumnCount(2)
        tree.setHeaderHidden(True)
        tree.setRootIsDecorated(False)
        tree.setIndentation(10)
        tree.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        return tree

    def _group(self, title: str, actions: Mapping[str, QAction]) -> QTreeWidgetItem:
        top = QTreeWidgetItem([title])
        top.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = self.font()
        font.setBold(True)
        top.setFont(0, font)
        top.addChildren([_row(name, action) for name, action in actions.items()])
        return top

    def _filter(self, words: str) -> None:
        """Show what holds all the words, and mark the first that can be done."""
        first = None
        for number in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(number)
            rows = [top.child(child) for child in range(top.childCount())]
            for row in rows:
                text = f"{row.text(0)} {row.text(1)} {row.toolTip(0)}".lower()
                row.setHidden(not all(word in text for word in words.lower().split()))
            top.setHidden(all(row.isHidden() for row in rows))
            first = first or next((row for row in rows if not row.isHidden() and not row.isDisabled()), None)
        self.tree.setCurrentItem(first)

    def _do(self, item: QTreeWidgetItem) -> None:
        action = self._actions.get(item.data(0, ACTION))
        if action is not None and action.isEnabled():
            self.accept()
            action.trigger()


def _row(name: str, action: QAction) -> QTreeWidgetItem:
    native = QKeySequence.SequenceFormat.NativeText
    row = QTreeWidgetItem([action.iconText(), "  or  ".join(keys.toString(native) for keys in action.shortcuts())])
    row.setData(0, ACTION, name)
    row.setIcon(0, action.icon())
    row.setToolTip(0, action.statusTip())
    row.setDisabled(not action.isEnabled())
    return row

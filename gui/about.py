"""The Help menu's dialogs: what this program is, and all its keys."""

import platform

from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

import engine
from engine.project import RESOURCES
from gui.labels import label

LOGO = RESOURCES / "neuroloom.svg"
LOGO_SIZE = 72


class AboutDialog(QDialog):
    """Name, version, what it stands on, and licences."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Neuroloom")
        logo = QLabel(self)
        logo.setPixmap(QIcon(str(LOGO)).pixmap(QSize(LOGO_SIZE, LOGO_SIZE)))
        texts = QVBoxLayout()
        texts.setSpacing(6)
        texts.addWidget(label("Neuroloom", "title", self))
        texts.addWidget(label(f"Version {engine.__version__}", "muted", self))
        texts.addSpacing(4)
        texts.addWidget(label("Design neural networks by dragging layers, train them by clicking,\n"
                              "watch them learn, test them and export them.", "", self))
        texts.addSpacing(4)
        texts.addWidget(label(f"Python {platform.python_version()} · Qt {qVersion()}\n"
                              "Free software under the MIT licence. Icons by Lucide (ISC);\n"
                              "fonts Inter and JetBrains Mono (SIL Open Font License).", "muted", self))
        body = QHBoxLayout()
        body.setSpacing(18)
        body.addWidget(logo, 0, Qt.AlignmentFlag.AlignTop)
        body.addLayout(texts)
        _finish(self, body)


class ShortcutsDialog(QDialog):
    """Every action with its keys, found by words."""

    def __init__(self, actions: dict[str, dict[str, QAction]], parent: QWidget) -> None:
        """actions: by title of the menu or part of the window, then by id."""
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(480, 520)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search actions")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.tree = QTreeWidget(self)
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(10)
        self.tree.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.tree.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for title, group in actions.items():
            top = QTreeWidgetItem([title])
            font = self.font()
            font.setBold(True)
            top.setFont(0, font)
            top.addChildren([_row(action) for action in group.values() if action.shortcuts()])
            if top.childCount():
                self.tree.addTopLevelItem(top)
        self.tree.expandAll()
        body = QVBoxLayout()
        body.addWidget(self.search)
        body.addWidget(self.tree)
        _finish(self, body)

    def _filter(self, words: str) -> None:
        for number in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(number)
            rows = [top.child(child) for child in range(top.childCount())]
            for row in rows:
                row.setHidden(words.lower() not in f"{row.text(0)} {row.text(1)}".lower())
            top.setHidden(all(row.isHidden() for row in rows))


def _row(action: QAction) -> QTreeWidgetItem:
    native = QKeySequence.SequenceFormat.NativeText
    keys = "  or  ".join(keys.toString(native) for keys in action.shortcuts())
    row = QTreeWidgetItem([action.iconText(), keys])
    row.setIcon(0, action.icon())
    row.setToolTip(0, action.statusTip())
    return row


def _finish(dialog: QDialog, body: QHBoxLayout | QVBoxLayout) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(18, 18, 18, 14)
    column.setSpacing(14)
    column.addLayout(body)
    column.addWidget(buttons)

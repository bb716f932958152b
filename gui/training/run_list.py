"""Earlier runs of the open project: how they ended, and what can be done with them."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.errors import RunError
from engine.runs import RunInfo
from gui.charts.plot import readable
from gui.facts import moment
from gui.session import IDLE, Session
from gui.widgets.labels import label

_SHOWN_RUNS = 50
_VISIBLE_LINES = 8
_HEADER_HEIGHT, _ROW_HEIGHT, _INDENTATION = 30, 24, 8


class RunList(QWidget):
    """The newest runs with their status and loss, those in a row below what they are runs of. A double-click shows
    one in all panels."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._infos: dict[Path, RunInfo] = {}
        self.tree = QTreeWidget(self)
        self.tree.setRootIsDecorated(False)
        self.tree.setItemsExpandable(False)
        self.tree.setIndentation(_INDENTATION)
        self.tree.setUniformRowHeights(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setHeaderLabels(["Started", "Status", "Loss"])
        self.tree.headerItem().setToolTip(2, "The lowest validation loss; of several objectives that of the last epoch")
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(True)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setAccessibleName("Earlier runs")
        self.tree.itemSelectionChanged.connect(self._show_state)
        self.tree.itemDoubleClicked.connect(self._show_run)
        self.message = label("", "error", self, wraps=True)
        self.message.hide()
        self._hint = label("Runs of this project are listed here.", "muted", self, wraps=True)
        self.show_button = self._button("Show", "Show this run in the charts and the Test panel", self._show_run)
        self.resume_button = self._button("Resume", "Go on with this run from its last checkpoint", self._resume)
        self.folder_button = self._button("Folder", "Show the files of this run", self._open_folder)
        self.other_button = self._button("Open…", "Show a run that lies in another folder", self._show_other)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.show_button, self.resume_button, self.folder_button, self.other_button):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label("Runs", "title", self))
        column.addWidget(self._hint)
        column.addWidget(self.tree)
        column.addWidget(self.message)
        column.addLayout(buttons)
        session.run_changed.connect(self._select_shown)
        session.runs_changed.connect(self.refresh)
        session.state_changed.connect(self.refresh)
        self.refresh()

    def _select_shown(self) -> None:
        self.tree.clearSelection()
        self.refresh()

    def refresh(self) -> None:
        """Read the runs again; the selected one stays selected, else the shown one is."""
        shown = self._session.run.folder if self._session.run else None
        selected = self._selected() or shown
        self._infos = {}
        self.tree.clear()
        heading: QTreeWidgetItem | None = None
        for run in self._session.earlier_runs(_SHOWN_RUNS):
            try:
                info = run.info()
            except RunError:  # the folder of the shown run is gone
                continue
            self._infos[run.folder] = info
            if heading is None or heading.text(0) != info.subject:
                heading = self._add_heading(info.subject)
            item = QTreeWidgetItem(heading, [moment(info.created), info.status.capitalize(),
                                             "–" if info.best is None else readable(info.best)])
            item.setData(0, Qt.ItemDataRole.UserRole, run.folder)
            item.setToolTip(0, str(run.folder))
            item.setToolTip(1, f"{info.message} {info.hint}".strip())
            font = item.font(0)
            font.setBold(run.folder == shown)
            item.setFont(0, font)
            if run.folder == selected:
                self.tree.setCurrentItem(item)
        self.tree.expandAll()
        lines = self.tree.topLevelItemCount() + len(self._infos)
        self.tree.setFixedHeight(_HEADER_HEIGHT + _ROW_HEIGHT * min(lines, _VISIBLE_LINES))
        self.tree.setVisible(bool(self._infos))
        self._hint.setVisible(not self._infos)
        self._show_state()

    def _add_heading(self, subject: str) -> QTreeWidgetItem:
        """A line above runs that are of the same; it cannot be chosen."""
        heading = QTreeWidgetItem(self.tree, [subject])
        heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
        heading.setFirstColumnSpanned(True)
        heading.setToolTip(0, subject)
        return heading

    def _button(self, text: str, tip: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setMinimumWidth(40)
        button.clicked.connect(lambda _checked=False: action())
        return button

    def _selected(self) -> Path | None:
        items = self.tree.selectedItems()
        return items[0].data(0, Qt.ItemDataRole.UserRole) if items else None

    def _show_state(self) -> None:
        folder = self._selected()
        info = self._infos.get(folder) if folder else None
        self.show_button.setEnabled(info is not None)
        self.folder_button.setEnabled(info is not None)
        self.resume_button.setEnabled(info is not None and info.is_resumable and self._session.state == IDLE)

    def _show_run(self, *_: object) -> None:
        folder = self._selected()
        if folder is not None:
            self._show(folder)

    def _show_other(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Choose the folder of a run")
        if folder:
            self._show(Path(folder))

    def _show(self, folder: Path) -> None:
        self.message.hide()
        try:
            self._session.show_run(folder)
        except RunError as error:
            self.message.setText(f"{error.message} {error.hint}".strip())
            self.message.show()

    def _resume(self) -> None:
        folder = self._selected()
        if folder is not None:
            self._session.resume_run(folder)

    def _open_folder(self) -> None:
        folder = self._selected()
        if folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

"""Suspicious labels: the samples whose answer the trained network finds hardest to believe."""

from typing import Any

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine import jobs
from engine.errors import EngineError
from gui.charts.plot import readable
from gui.session import Session
from gui.widgets import icons
from gui.widgets.labels import label, tip

_COLUMNS = ("Loss", "Is", "Taken for", "Sure", "Split", "Sample")

MAX_SHOWN = 200
"""The terminal lists more."""


class Suspect(msgspec.Struct, frozen=True):
    """One sample, as engine.suspicion lists it."""

    row: int
    name: str
    split: str
    truth: str | float
    predicted: str | float
    confidence: float | None
    loss: float


class Suspicion(msgspec.Struct, frozen=True):
    """A ranking, the highest loss first."""

    samples: int
    suspicious: list[Suspect]


class SuspiciousLabels(QWidget):
    """A list of samples of the shown run, ranked when it is asked for. browse(rows, title, row): look at these rows of
    the run's data, and at one of them closely (None: at the first)."""

    browse = Signal(object, str, object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rows: list[int] = []
        self.message = label("", "muted", self, wraps=True)
        self.rank = QPushButton(icons.icon("search"), "Rank", self)
        self.rank.setToolTip("Compare every sample of the data with what the trained network says")
        self.all = QPushButton("Browse", self)
        self.all.setToolTip("Look at all of them in the data browser")
        self.list = QTreeWidget(self)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHeaderLabels(list(_COLUMNS))
        self.list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.list.setMinimumHeight(80)
        self.list.setAccessibleName("Suspicious labels")
        self.list.setToolTip("Double-click a sample to look at it")
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.rank)
        row.addWidget(self.all)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.message)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        self.rank.clicked.connect(self._rank)
        self.all.clicked.connect(lambda: self._look(None))
        self.list.itemActivated.connect(self._open)
        session.run_changed.connect(self.load)
        session.state_changed.connect(self._allow)
        self.load()

    def load(self) -> None:
        """Show what is known of the session's run."""
        run = self._session.run
        self._show(None)
        self._allow()
        try:
            known = run.suspicion() if run is not None else None
            if known is not None:
                self._take(known)
        except EngineError as error:
            self._say(f"{error.message} {error.hint}")

    def _allow(self) -> None:
        """Ranking needs a network that has learned something, and no other that is learning."""
        run = self._session.run
        self.rank.setEnabled(self._session.state == "idle" and run is not None and run.checkpoint("best").exists())

    def _rank(self) -> None:
        run = self._session.run
        if run is None:
            return

        def is_shown() -> bool:
            return self._session.run is not None and self._session.run.folder == run.folder

        def finished(result: dict[str, Any]) -> None:
            self.rank.setEnabled(True)
            if is_shown():
                self._take(result)

        def failed(message: str, hint: str) -> None:
            self.rank.setEnabled(True)
            if is_shown():
                self._say(f"{message} {hint}".strip())

        def progressed(task: str, share: float) -> None:
            if is_shown():
                self._say(f"{task}: {share:.0%}")

        self.rank.setEnabled(False)
        self._say("Comparing…")
        self._session.job(jobs.Suspect(str(run.folder)), finished, failed, progressed)

    def _take(self, result: dict[str, Any]) -> None:
        try:
            self._show(msgspec.convert(result, Suspicion))
        except msgspec.ValidationError as error:
            self._say(f"The list is damaged: {error}. Rank again.")

    def _show(self, shown: Suspicion | None) -> None:
        suspects = shown.suspicious[:MAX_SHOWN] if shown else []
        self._rows = [suspect.row for suspect in suspects]
        self.list.clear()
        self.list.addTopLevelItems([_item(suspect) for suspect in suspects])
        self.all.setEnabled(bool(suspects))
        self._say(f"The highest losses of {shown.samples:,} samples. Wrong labels gather at the top." if shown else
                  "Which labels does the network find hardest to believe?")

    def _say(self, text: str) -> None:
        self.message.setText(text)

    def _open(self, item: QTreeWidgetItem) -> None:
        self._look(item.data(0, Qt.ItemDataRole.UserRole))

    def _look(self, row: int | None) -> None:
        self.browse.emit(tuple(self._rows), f"{len(self._rows):,} highest losses", row)


def _item(suspect: Suspect) -> QTreeWidgetItem:
    sure = "" if suspect.confidence is None else f"{suspect.confidence:.0%}"
    item = QTreeWidgetItem([readable(suspect.loss), _text(suspect.truth), _text(suspect.predicted), sure,
                            suspect.split, suspect.name])
    item.setData(0, Qt.ItemDataRole.UserRole, suspect.row)
    item.setToolTip(5, tip(suspect.name))
    return item


def _text(answer: str | float) -> str:
    return answer if isinstance(answer, str) else readable(answer)

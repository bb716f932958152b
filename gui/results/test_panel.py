"""The test panel: how well the shown run does on data that it never learned from, and where it errs."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.errors import EngineError
from gui.charts.controls import title
from gui.charts.plot import readable
from gui.charts.scatter import Scatter
from gui.facts import counted
from gui.results.confusion import ConfusionMatrix
from gui.results.evaluations import Compared, Evaluation, Wrong, evaluation, pictures_of
from gui.results.suspicious import SuspiciousLabels
from gui.results.written import WrittenTexts
from gui.session import Session
from gui.widgets import icons, theme
from gui.widgets.background import Background
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ElidedLabel, label
from gui.widgets.sample_grid import SampleGrid, Tile

SPLITS = {"test": "Test data", "validation": "Validation data", "train": "Training data"}
MAX_SHOWN_WRONG = 60
EXACT = "written exactly"
"""The share of texts that are right from begin to end when the network reads what it wrote, not the truth."""
_NAME_WIDTH = 110
"""A name that is longer has a line of its own above its number."""
_WIDE = 640
"""From this width on the parts stand side by side; below it, figures have this height each:"""
_FIGURE_HEIGHT = 260
_SHARE, _WIDE_SHARE = 3, 6
"""How much of the width a figure gets, and texts; mistakes get 2."""


class TestPanel(QWidget):
    """Numbers, the confusion matrix (or a scatter of a regression, or the texts that were written), the most confident
    mistakes and the suspicious labels of one run; of several outputs one is chosen. browse(rows, title, row): look at
    these rows of its data, and closely at one (None: the first).
    """

    __test__ = False  # its name is no test's
    browse = Signal(object, str, object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._evaluation: Evaluation | None = None
        self._outputs: dict[str, Compared] = {}
        self._filter = (-1, -1)
        self.scores = _Scores(self)
        self.outputs = QComboBox(self)
        self.outputs.setToolTip("Which output of the network is shown")
        self.outputs.setAccessibleName("Output")
        self.matrix, self.scatter, self.written = ConfusionMatrix(self), Scatter(self), WrittenTexts(self)
        self.mistakes, self.suspicious = SampleGrid(self), SuspiciousLabels(session, self)
        self._mistakes_title = label("", "title", self, wraps=True)
        self._mistakes_title.setToolTip("The most confident ones first; a click shows one in the data browser")
        self._pointed = label("", "muted", self, wraps=True)
        self._pictures = Background(self)
        self._pictures.finished.connect(self._show_pictures)
        self._pictures.failed.connect(lambda message, hint: self._mistakes_title.setText(f"{message} {hint}"))
        self.empty = EmptyState("target", "No test yet", "", self, action="Test")
        self._build()
        self.matrix.pointed.connect(self._point)
        self.matrix.chosen.connect(self._filter_mistakes)
        self.scores.test.clicked.connect(self._test)
        self.scores.split.activated.connect(self._load)
        self.outputs.activated.connect(self._show_output)
        self.written.opened.connect(self._open_written)
        self.empty.clicked.connect(self._test)
        self.suspicious.browse.connect(self.browse)
        self.mistakes.itemClicked.connect(self._open_mistake)
        session.tested.connect(self._show_result)
        session.test_failed.connect(self._show_failure)
        session.test_progressed.connect(self._show_progress)
        session.run_changed.connect(self._load)
        self._load()

    def _build(self) -> None:
        self._figure = QStackedWidget(self)
        for page in (self.matrix, self.scatter, self.written, self.empty):
            self._figure.addWidget(page)
        figure = QVBoxLayout()
        figure.setSpacing(2)
        figure.addWidget(self.outputs, 0, Qt.AlignmentFlag.AlignLeft)
        figure.addWidget(self._figure, 1)
        figure.addWidget(self._pointed)
        wrong = QWidget(self)
        column = QVBoxLayout(wrong)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self._mistakes_title)
        column.addWidget(self.mistakes, 1)
        self.mistakes.setMinimumSize(170, 110)
        self._right = QTabWidget(self)
        self._right.setDocumentMode(True)
        self._right.addTab(wrong, "Mistakes")
        self._right.addTab(self.suspicious, "Suspicious")
        self._right.setTabToolTip(1, "Labels that the network doubts most")
        content = QWidget(self)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        self._parts.setContentsMargins(10, 8, 10, 8)
        self._parts.setSpacing(14)
        self._parts.addWidget(self.scores, 0)
        self._parts.addLayout(figure, _SHARE)
        self._parts.addWidget(self._right, 2)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setWidget(content)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= _WIDE
        for part in (self._figure, self._right):
            part.setMinimumHeight(0 if is_wide else _FIGURE_HEIGHT)
        direction = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        self._parts.setDirection(direction)

    @property
    def split(self) -> str:
        return self.scores.split.currentData()

    def _load(self) -> None:
        """Show what is known of the session's run on the chosen split."""
        run = self._session.run
        self._show(None)
        self.scores.show_message("")
        self.scores.test.setEnabled(run is not None)
        if run is None:
            self.empty.show_text("No trained network yet", "Press Train. What was learned is then tested on new data.")
            return
        self._invite()
        try:
            known = run.evaluation(self.split)
            if known is not None:
                self._show(evaluation(known))
        except EngineError as error:
            self.scores.show_failure(error.message, error.hint)

    def _test(self) -> None:
        self._session.test(self.split)

    def _invite(self) -> None:
        self.empty.show_text("Not tested yet", f"See how this run does on the {SPLITS[self.split].lower()}.", "Test")

    def _show_progress(self, share: float) -> None:
        self.scores.show_progress(share)
        if self._evaluation is None:
            self.empty.show_text("Testing", "What the network says is compared with the data.")

    def _show_failure(self, message: str, hint: str) -> None:
        self.scores.show_failure(message, hint)
        if self._evaluation is None:
            self._invite()

    def _show_result(self, result: dict[str, Any]) -> None:
        self.scores.show_message("")
        try:
            shown = evaluation(result)
        except EngineError as error:
            self.scores.show_failure(error.message, error.hint)
            return
        self.scores.split.setCurrentIndex(list(SPLITS).index(shown.split))
        self._show(shown)

    def _show(self, shown: Evaluation | None) -> None:
        self._evaluation = shown
        self._outputs = shown.outputs() if shown is not None else {}
        chosen = self.outputs.currentText()
        self.outputs.clear()
        self.outputs.addItems(list(self._outputs))
        self.outputs.setCurrentIndex(max(0, self.outputs.findText(chosen)))
        self.outputs.setVisible(len(self._outputs) > 1)
        self.scores.show_evaluation(shown)
        self._right.setVisible(shown is not None and bool(shown.target))
        self._show_output()

    def _show_output(self) -> None:
        """Show what is known of the chosen output."""
        shown, written = self._shown, self._evaluation.written if self._evaluation else None
        self._filter = (-1, -1)
        self._pictures.cancel()
        self._pointed.setText("")
        has_wrong = bool(shown.confusion or shown.wrong)
        is_new = has_wrong and not self._right.isTabVisible(0)
        self._right.setTabVisible(0, has_wrong or self._evaluation is None)
        self._right.setCurrentIndex(0 if is_new else self._right.currentIndex())
        self._parts.setStretch(1, _SHARE)
        if self._evaluation is None:
            self._figure.setCurrentWidget(self.empty)
        elif written is not None and written.texts and written.output == shown.output:
            self._figure.setCurrentWidget(self.written)
            self._parts.setStretch(1, _WIDE_SHARE)
            self.written.show_texts(written)
            self._pointed.setText("Those with mistakes first. Double-click a sample to look at it.")
        elif shown.confusion:
            self._figure.setCurrentWidget(self.matrix)
            self.matrix.show_counts(shown.confusion, shown.classes)
            self._point("")
        elif shown.pairs.truth:
            self._figure.setCurrentWidget(self.scatter)
            self.scatter.show_pairs(shown.pairs.truth, shown.pairs.predicted, shown.target)
        else:
            self._figure.setCurrentWidget(self.empty)
            self.empty.show_text("Tested", "Loss and metrics are listed; this kind of output has no chart.")
        if has_wrong:
            self._list_mistakes()

    @property
    def _shown(self) -> Compared:
        """What is known of the chosen output."""
        return self._outputs.get(self.outputs.currentText(), Compared())

    def _point(self, text: str) -> None:
        self._pointed.setText(text or "Rows are true, columns predicted. Click one.")

    def _filter_mistakes(self, truth: int, predicted: int) -> None:
        self._filter = (truth, predicted)
        self._list_mistakes()

    def _list_mistakes(self) -> None:
        shown, run = self._shown, self._session.run
        if run is None:
            return
        wrong = self._chosen_mistakes(shown)
        self._mistakes_title.setText(self._filter_text(shown) + ("" if wrong else ": none is listed"))
        self.mistakes.show_tiles([_tile(mistake, None) for mistake in wrong])
        rows = [mistake.row for mistake in wrong]
        self._pictures.start(lambda progress: pictures_of(run, rows, progress))

    def _open_mistake(self, item: QListWidgetItem) -> None:
        """Show a mistake in the data browser, among the others."""
        rows = [mistake.row for mistake in self._chosen_mistakes(self._shown)]
        self.browse.emit(rows, counted(len(rows), "mistake"), rows[self.mistakes.row(item)])

    def _open_written(self, row: int) -> None:
        """Show a sample that was written in the data browser, among the others."""
        if self._evaluation is not None and (written := self._evaluation.written) is not None:
            rows = [text.row for text in written.texts]
            self.browse.emit(rows, counted(len(rows), "text"), row)

    def _filter_text(self, shown: Compared) -> str:
        if self._filter == (-1, -1):
            is_told = self._figure.currentWidget() is self.written
            return counted(shown.wrong_count, "mistake") + (", told the true text so far" if is_told else "")
        truth, predicted = self._filter
        if truth == predicted:
            return f"Mistakes on {shown.classes[truth]}"
        return f"{shown.classes[truth]} taken for {shown.classes[predicted]}"

    def _chosen_mistakes(self, shown: Compared) -> list[Wrong]:
        """All, or those of the chosen cell; a cell of what was right stands for all mistakes on its class."""
        truth, predicted = self._filter
        found = [
            mistake for mistake in shown.wrong
            if truth < 0 or (mistake.truth == shown.classes[truth]
                             and predicted in (truth, shown.classes.index(mistake.predicted)))
        ]
        return found[:MAX_SHOWN_WRONG]

    def _show_pictures(self, found: dict[int, Any]) -> None:
        if found:
            wrong = self._chosen_mistakes(self._shown)
            self.mistakes.show_tiles([_tile(mistake, found.get(mistake.row)) for mistake in wrong])


class _Scores(QWidget):
    """The left part: what is tested, and the result in large numbers."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setMinimumWidth(170)
        self.setMaximumWidth(260)
        self.split = QComboBox(self)
        for name, text in SPLITS.items():
            self.split.addItem(text, name)
        self.split.setToolTip("What the network is tested on")
        self.split.setAccessibleName("Test on")
        self.test = QPushButton(icons.icon("flask-conical"), "Test", self)
        self.test.setToolTip("Measure how well this run does")
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.message = label("", "error", self, wraps=True)
        self.message.hide()
        self.samples = label("", "muted", self, wraps=True)
        self._numbers = QGridLayout()
        self._numbers.setHorizontalSpacing(12)
        self._numbers.setColumnStretch(1, 1)
        self._values: list[QWidget] = []
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.split, 1)
        row.addWidget(self.test)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.progress)
        column.addWidget(self.message)
        column.addLayout(self._numbers)
        column.addWidget(self.samples)
        column.addStretch(1)

    def show_evaluation(self, shown: Evaluation | None) -> None:
        for widget in self._values:
            widget.hide()
            widget.deleteLater()
        self._values = []
        self.samples.setText("" if shown is None else f"{shown.samples:,} samples that were "
                             f"{'learned from' if shown.split == 'train' else 'held back from learning'}.")
        values = {} if shown is None else {**shown.metrics, **_exactness(shown), "loss": shown.loss}
        line = 0
        for name, value in values.items():
            is_share = "accuracy" in name or name == EXACT
            number = label(f"{value:.1%}" if is_share else readable(value), "", self)
            number.setFont(theme.font(26 if line == 0 else 16))
            number.setObjectName(name)
            caption = ElidedLabel("muted", self)
            caption.setText(title(name))
            if name == EXACT and shown is not None and shown.written is not None:
                caption.setToolTip(f"Of {shown.written.samples:,} texts that the network writes by itself")
            is_long = caption.sizeHint().width() > _NAME_WIDTH
            self._numbers.addWidget(caption, line, 0, 1, 2 if is_long else 1, Qt.AlignmentFlag.AlignBottom)
            line += is_long
            self._numbers.addWidget(number, line, 1, Qt.AlignmentFlag.AlignBottom)
            line += 1
            self._values += [caption, number]

    def show_progress(self, share: float) -> None:
        self.show_message("")
        self.progress.show()
        self.progress.setValue(round(1000 * share))

    def show_failure(self, message: str, hint: str) -> None:
        self.show_message(f"{message} {hint}".strip())

    def show_message(self, text: str) -> None:
        """Say what went wrong, or nothing; either way nothing is under way any more."""
        self.progress.hide()
        self.message.setText(text)
        self.message.setVisible(bool(text))


def _exactness(shown: Evaluation) -> dict[str, float]:
    return {} if shown.written is None else {EXACT: shown.written.exact}


def _tile(mistake: Wrong, picture: Any) -> Tile:
    caption = f"{mistake.truth}\n→ {mistake.predicted}\n{mistake.confidence:.1%}"
    if picture is None:
        caption = f"{mistake.name}: {mistake.truth} → {mistake.predicted}, {mistake.confidence:.1%}"
    tip = f"{mistake.name}: is {mistake.truth}, was taken for {mistake.predicted} ({mistake.confidence:.1%} sure)"
    return Tile(caption, tip, picture)

"""The export dialog: format, checkpoint and file, then the verified result. The window stays usable meanwhile."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from engine import jobs
from engine.errors import EngineError
from engine.export.formats import FORMATS, ExportSpec
from engine.plan import is_contest
from engine.runs import Run
from engine.usage import usage_of_run
from gui.results.decoding_form import DecodingForm
from gui.session import Session
from gui.widgets import icons, theme
from gui.widgets.labels import label

CHECKPOINTS = {"best": "Best validation", "last": "Last step"}


class ExportDialog(QDialog):
    """Exports the session's run. What is told as exported was loaded in a fresh process and compared."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_open = True
        self._has_own_path = False
        self._exported = Path()
        self.setWindowTitle("Export the trained network")
        self.setMinimumWidth(520)
        self.formats = QButtonGroup(self)
        self.path = QLineEdit(self)
        self.path.textEdited.connect(self._keep_path)
        self.path.textChanged.connect(self._show_state)
        self.path.setAccessibleName("Where to write")
        self.browse = QPushButton(icons.icon("folder-open"), "Browse…", self)
        self.browse.clicked.connect(self._browse)
        self.checkpoint = QComboBox(self)
        for name in _offered(session.run):
            self.checkpoint.addItem(CHECKPOINTS[name], name)
        if self.checkpoint.count() == 1:
            self.checkpoint.setToolTip("With several objectives no loss says which weights are best.")
        self.checkpoint.setAccessibleName("Weights")
        self.decoding = DecodingForm(session.decoding, self)
        self.decoding.setVisible(_writes(session.run))
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.task = label("", "muted", self)
        self.outcome, self.message = label("", "success", self, wraps=True), label("", "error", self, wraps=True)
        self.notes = label("", "muted", self, wraps=True)
        self.folder = QPushButton(icons.icon("folder"), "Open folder", self)
        self.folder.clicked.connect(self._open_folder)
        self.export = QPushButton("Export", self)
        self.export.setDefault(True)
        self.export.clicked.connect(self._export)
        self.close_button = QPushButton("Close", self)
        self.close_button.clicked.connect(self.reject)
        for button in (self.browse, self.folder, self.close_button):
            button.setAutoDefault(False)  # Export stays the button that Enter presses, wherever the focus is
        self.finished.connect(self._leave)
        theme.notifier().changed.connect(self._show_state)
        self._build()
        self._say()
        self._show_state()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(10)
        for number, spec in enumerate(FORMATS.values()):
            column.addLayout(self._choice(spec, number))
        self.formats.button(0).setChecked(True)
        self.formats.idToggled.connect(self._suggest_path)
        self.formats.idClicked.connect(self._forget_result)
        fields = QGridLayout()
        fields.setColumnStretch(1, 1)
        fields.addWidget(label("Write to", "", self), 0, 0)
        fields.addWidget(self.path, 0, 1)
        fields.addWidget(self.browse, 0, 2)
        fields.addWidget(label("Weights", "", self), 1, 0)
        fields.addWidget(self.checkpoint, 1, 1)
        column.addLayout(fields)
        column.addWidget(self.decoding)
        for widget in (self.task, self.progress, self.message, self.outcome, self.notes):
            column.addWidget(widget)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.folder)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.export)
        column.addLayout(buttons)
        self._suggest_path()

    def _choice(self, spec: ExportSpec, number: int) -> QVBoxLayout:
        button = QRadioButton(f"{spec.label} ({spec.suffix or 'folder'})", self)
        button.setObjectName(spec.type)
        self.formats.addButton(button, number)
        doc = label(spec.doc, "muted", self, wraps=True)
        doc.setContentsMargins(22, 0, 0, 0)
        rows = QVBoxLayout()
        rows.setSpacing(0)
        rows.addWidget(button)
        rows.addWidget(doc)
        return rows

    @property
    def spec(self) -> ExportSpec:
        """The chosen format."""
        return list(FORMATS.values())[self.formats.checkedId()]

    def _suggest_path(self) -> None:
        """A name that fits the format: beside the run, or where the user wants it."""
        current = Path(self.path.text())
        if self._has_own_path and current.name:
            self.path.setText(str(current.with_suffix(self.spec.suffix)))
            return
        run = self._session.run
        if run is not None:
            self.path.setText(str(run.folder / "exports" / f"{_stem(run.folder.name)}{self.spec.suffix}"))

    def _forget_result(self) -> None:
        """What was told of another format would be read as this one's."""
        if not self.task.text():
            self._say()

    def _keep_path(self) -> None:
        self._has_own_path = True

    def _browse(self) -> None:
        suffix = self.spec.suffix
        filters = f"{self.spec.label} (*{suffix})" if suffix else ""
        path, _ = QFileDialog.getSaveFileName(self, "Export to", self.path.text(), filters)
        if path:
            self._has_own_path = True
            self.path.setText(path)
            self._complete_path()

    def _complete_path(self) -> None:
        """A file without a suffix gets the one of its format."""
        path, suffix = self.path.text().strip(), self.spec.suffix
        if suffix and not Path(path).suffix:
            self.path.setText(path + suffix)

    def _export(self) -> None:
        run = self._session.run
        if run is None:
            self._say(error="There is no trained network to export. Train one first.")
            return
        self._complete_path()
        self._say(task="Waking up the worker")
        decoding = {} if self.decoding.isHidden() else self.decoding.values
        self._session.job(
            jobs.Export(str(run.folder), self.spec.type, self.path.text(), self.checkpoint.currentData(), decoding),
            self._finish, self._fail, self._progress)

    def _progress(self, task: str, share: float) -> None:
        if self._is_open:
            self._say(task=task)
            self.progress.setValue(round(1000 * share))

    def _finish(self, result: dict[str, Any]) -> None:
        if self._is_open:
            self._exported = Path(result["path"])
            self._say(
                result=f"Exported to {self._exported}. Loaded in a fresh process and compared on {result['samples']:,} "
                       f"samples: the largest difference is {result['difference']:.1e}.",
                notes="\n".join(result["notes"]))

    def _fail(self, message: str, hint: str) -> None:
        if self._is_open:
            self._say(error=f"{message} {hint}".strip())

    def _leave(self) -> None:
        """An export that is under way goes on without the dialog."""
        self._is_open = False

    def _say(self, *, task: str = "", error: str = "", result: str = "", notes: str = "") -> None:
        """Show how it stands: under way with a task, or ended with an error or a result."""
        for widget, text in ((self.task, task), (self.message, error), (self.outcome, result), (self.notes, notes)):
            widget.setText(text)
            widget.setVisible(bool(text))
        self.progress.setVisible(bool(task))
        self.folder.setVisible(bool(result))
        self._show_state()

    def _show_state(self) -> None:
        can_export = not self.task.text() and bool(self.path.text().strip())
        self.export.setEnabled(can_export)
        self.export.setIcon(icons.icon("download", theme.colors().on_accent if can_export else None))

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._exported.parent)))


def _offered(run: Run | None) -> tuple[str, ...]:
    """The checkpoints to choose from."""
    try:
        is_one = run is not None and is_contest(run.project)
    except EngineError:  # the export will tell what is wrong with the run
        is_one = False
    return ("last",) if is_one else tuple(CHECKPOINTS)


def _writes(run: Run | None) -> bool:
    """Whether there is something to decode."""
    try:
        return run is not None and usage_of_run(run).writes
    except EngineError:  # as above
        return False


def _stem(run_name: str) -> str:
    """The project's name within a run's: "digits-20260101-101500" -> "digits"."""
    return run_name.rsplit("-", 2)[0] if run_name.count("-") >= 2 else run_name

"""The code panel: the Python that is trained and exported, as it is at this moment."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QShowEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine import jobs, projectfile, runs, storage
from engine.codegen import Source, emit, emit_preview
from engine.errors import EngineError, TrainingError
from gui.design.python_highlighter import PythonHighlighter
from gui.document import Document
from gui.session import Session
from gui.widgets import icons, messages, theme
from gui.widgets.labels import breakable, label

DELAY_MS = 150
FINISHED = "This module is what is trained and exported. It needs nothing but torch."
UNFINISHED = "What is right so far. The Problems panel lists what is missing."


class CodePanel(QWidget):
    """Shows the emitted source, read only. Lines of the selected nodes are marked."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._session = document, session
        self._source: Source | None = None
        self._is_stale, self._is_writing = True, False
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self._refresh)
        self.text = QPlainTextEdit(self)
        self.text.setObjectName("code")
        self.text.setAccessibleName("Generated Python code")
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self._highlighter = PythonHighlighter(self.text.document())
        self._lay_out()
        document.changed.connect(self._mark_stale)
        document.selection_changed.connect(self._mark_selected)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def _lay_out(self) -> None:
        self.copy_button = _button("copy", "Copy", "Copy all of the code.", self._copy)
        self.save_button = _button("save", "Save…", "Save the code as a Python file.", self._save)
        self.script_button = _button("file", "Save training script…", "Write a folder with this module, the training "
                                     "in plain torch, and the prepared data.", self._save_script)
        self.outcome, self.error = label("", "success", self, wraps=True), label("", "error", self, wraps=True)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 4, 6, 4)
        self._note = label(FINISHED, "muted", self, wraps=True)
        bar.addWidget(self._note, 1)
        bar.addWidget(self.script_button)
        bar.addWidget(self.copy_button)
        bar.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        for text in (self.outcome, self.error):
            text.setContentsMargins(10, 0, 10, 6)
            text.hide()
            column.addWidget(text)
        column.addWidget(self.text, 1)

    def _mark_stale(self) -> None:
        self._is_stale = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _refresh(self) -> None:
        if not self._is_stale:
            return
        self._is_stale = False
        project, report = self._document.project, self._document.survey
        try:
            self._source = emit(project, report)
        except TrainingError:
            self._source = None
        self._note.setText(FINISHED if self._source else UNFINISHED)
        self._show_buttons()
        self._show(self._source.text if self._source else emit_preview(project, report))
        self._mark_selected()

    def _show(self, code: str) -> None:
        if code != self.text.toPlainText():
            place = self.text.verticalScrollBar().value()
            self.text.setPlainText(code)
            self.text.verticalScrollBar().setValue(place)

    def _mark_selected(self) -> None:
        """Mark the lines that make or call the selected nodes, and show the first."""
        if not self.isVisible():
            return
        modules = self._source.modules.get(self._document.shown, {}) if self._source else {}
        wanted = [f"self.{modules[node]}" for node in self._document.selection if node in modules]
        marks, is_here = [], True
        classes = self._classes() if wanted else set()
        for number, line in enumerate(self.text.toPlainText().splitlines() if wanted else ()):
            if line.startswith("class "):
                is_here = not classes or line.removeprefix("class ").partition("(")[0] in classes
            if is_here and any(_names(line, attribute) for attribute in wanted):
                marks.append(self._mark(number))
        self.text.setExtraSelections(marks)
        if marks:
            self.text.setTextCursor(marks[0].cursor)
            self.text.ensureCursorVisible()

    def _classes(self) -> set[str]:
        """The classes that are of the shown graph; none for a graph that only others' classes hold."""
        assert self._source is not None, "marks are made in a complete source"
        shown, objectives = self._document.shown, self._source.objectives
        networks = {part.network for part in self._source.parts if part.graph == shown}
        return networks | ({objectives[shown].objective} if shown in objectives else set())

    def _mark(self, line: int) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.format.setBackground(QColor(theme.colors().selection))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        mark.cursor = QTextCursor(self.text.document().findBlockByNumber(line))
        return mark

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def _save(self) -> None:
        assert self._source is not None, "the button is off while there is no complete source"
        name = str((self._document.folder or Path.home()) / f"{self._source.network.lower()}.py")
        path, _ = QFileDialog.getSaveFileName(self, "Save the code", name, "Python (*.py)")
        if path:
            try:
                storage.write(Path(path), self._source.text.encode())
            except EngineError as error:
                messages.show_error(self, "The code was not saved", error)

    def _save_script(self) -> None:
        project, path = self._document.project, self._document.path
        name = f"{path.stem if path else self._document.project.main.lower()}-training"
        start = str((self._document.folder or Path.home()) / name)
        folder, _ = QFileDialog.getSaveFileName(self, "Save the training script as a new folder", start)
        if folder:
            self._is_writing = True
            self._show_buttons()
            self._say(outcome="Writing the training script…")
            text = projectfile.dumps(runs.anchored(project, path)).decode()
            self._session.job(jobs.Script(text, folder), self._tell_written, self._tell_failure, self._tell_progress)

    def _tell_progress(self, task: str, share: float) -> None:
        self._say(outcome=f"{task}: {share:.0%}")

    def _tell_written(self, result: dict[str, Any]) -> None:
        self._is_writing = False
        notes = " ".join(result["notes"])
        self._say(outcome=f"Written to {result['path']}. Run it there with: python train.py. {notes}".rstrip())
        self._show_buttons()

    def _tell_failure(self, message: str, hint: str) -> None:
        self._is_writing = False
        self._say(error=f"{message} {hint}".strip())
        self._show_buttons()

    def _say(self, *, outcome: str = "", error: str = "") -> None:
        for widget, text in ((self.outcome, outcome), (self.error, error)):
            widget.setText(breakable(text))
            widget.setVisible(bool(text))

    def _show_buttons(self) -> None:
        """Code that is not finished is not saved, nor is a script while one is written."""
        self.save_button.setEnabled(self._source is not None)
        self.script_button.setEnabled(bool(self._source and self._source.objectives) and not self._is_writing)

    def _restyle(self) -> None:
        self.text.setFont(theme.mono_font())
        self._highlighter.restyle()
        self._mark_selected()


def _names(line: str, attribute: str) -> bool:
    """The attribute stands in the line, and not as the beginning of a longer name."""
    _, found, rest = line.partition(attribute)
    return bool(found) and not (rest[:1].isalnum() or rest[:1] == "_")


def _button(icon: str, text: str, tip: str, clicked) -> QToolButton:
    button = QToolButton()
    button.setIcon(icons.icon(icon))
    button.setText(text)
    button.setToolTip(tip)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.clicked.connect(clicked)
    return button

"""A form generated from declared parameters: the one place that knows which widget edits which kind of parameter.

The inspector (layers), the train panel (options) and the data panel (settings of a reader) all show this form.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from engine.errors import OptionError
from engine.params import Bool, Choice, Float, Int, Param
from gui.widgets import icons
from gui.widgets.labels import label

_LABEL_WIDTH = 92
"""Labels of all forms take at least so much, so that forms below each other line up."""


class ParamForm(QWidget):
    """Rows of label, editor and reset button, one per parameter, each with its message below when it is wrong.

    edited(name, value): the user gave a parameter a new legal value; sent while typing, never for programmed changes.
    What cannot be taken is not sent: the text stays as typed, with what is allowed in red below it.
    taken_back(name): the user no longer chooses a parameter that is found then.
    gesture: a number that is the same during one visit of one editor; put it into the merge key of the undo step.
    """

    edited = Signal(str, object)
    taken_back = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, label_width: int = _LABEL_WIDTH) -> None:
        super().__init__(parent)
        self.gesture = 0
        self._rows: dict[str, _Row] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, label_width)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def show_params(
        self, params: Iterable[Param], values: Mapping[str, Any], *, files: Mapping[str, str] | None = None,
        chosen: Mapping[str, bool] | None = None
    ) -> None:
        """Show these parameters with these values; names that `values` lacks show their default.

        files: parameters that name a file, with the file dialog's filter. chosen: of parameters that are found out
        where nobody chooses them, whether somebody did. Editors of parameters that stay are kept, so that typing is
        never interrupted.
        """
        before, self._rows = self._rows, {}
        for line, param in enumerate(params):
            declaration = (param, (files or {}).get(param.name, ""))
            row = before.get(param.name)
            if row is None or row.declaration != declaration:
                row = _Row(*declaration, self)
                row.edited.connect(self.edited)
                row.taken_back.connect(self.taken_back)
                row.entered.connect(self._next_gesture)
            row.place(self._grid, 2 * line)
            row.show_value(values.get(param.name, param.default), (chosen or {}).get(param.name))
            self._rows[param.name] = row
        for name, row in before.items():
            if self._rows.get(name) is not row:
                row.remove()

    def forget_typing(self) -> None:
        """Take back what was typed and cannot be taken: the values of something else are about to be shown."""
        for row in self._rows.values():
            row.forget_typing()

    def mark(self, name: str, *, is_wrong: bool) -> None:
        """Mark a parameter that something is wrong with, which is told elsewhere, or take the mark away."""
        if name in self._rows:
            self._rows[name].mark(is_wrong=is_wrong)

    def editor(self, name: str) -> QWidget:
        """The widget that edits a parameter. Raises KeyError."""
        return self._rows[name].editor

    def message(self, name: str) -> str:
        """The message below a parameter, "" if there is none. Raises KeyError."""
        return self._rows[name].message.text()

    def _next_gesture(self) -> None:
        self.gesture += 1


class _Row(QObject):
    """One parameter: what is shown for it and what the user is typing."""

    edited = Signal(str, object)
    taken_back = Signal(str)
    entered = Signal()

    def __init__(self, param: Param, files: str, form: ParamForm) -> None:
        super().__init__(form)
        self.declaration = (param, files)
        self._param, self._value = param, param.default
        self._is_wrong = False
        self._is_chosen: bool | None = None
        self.editor = _editor(param, form)
        self.editor.setObjectName(param.name)
        self.editor.setToolTip(_tip(param))
        self.editor.setAccessibleName(param.label)
        self.editor.setAccessibleDescription(param.help)
        self.editor.installEventFilter(self)
        self._label = label(param.label, "", form)
        self._label.setToolTip(_tip(param))
        self._label.setBuddy(self.editor)
        self._field = self.editor if not files else _with_file_button(self.editor, files, form)
        self._reset = QToolButton(form)
        self._reset.setAutoRaise(True)
        self._reset.setIconSize(QSize(14, 14))
        self._reset.setIcon(icons.icon("rotate-ccw"))
        self._reset.setAccessibleName(f"Reset {param.label}")
        self._reset.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self._reset.clicked.connect(self._reset_to_default)
        self.message = label("", "error", form, wraps=True)
        self.message.hide()
        self._write(param.default)
        self._show_state("")
        self._connect()

    def place(self, grid: QGridLayout, line: int) -> None:
        grid.addWidget(self._label, line, 0)
        grid.addWidget(self._field, line, 1)
        grid.addWidget(self._reset, line, 2)
        grid.addWidget(self.message, line + 1, 0, 1, 3)

    def remove(self) -> None:
        for widget in (self._label, self._field, self._reset, self.message):
            widget.hide()
            widget.deleteLater()
        self.deleteLater()

    def show_value(self, value: Any, is_chosen: bool | None) -> None:
        """Show a value from the project. What is being typed stays as typed while it means the same value.

        is_chosen: whether somebody chose it; None where what nobody chooses is the default
        """
        self._is_chosen = is_chosen
        if value == self._value and self._is_being_typed():
            self._show_reset()
            return
        self._value = value
        if not self._means(value):
            self._write(value)
        self._show_state("")

    def forget_typing(self) -> None:
        if self._refusal():
            self._write(self._value)
            self._show_state("")

    def mark(self, *, is_wrong: bool) -> None:
        self._is_wrong = is_wrong
        self._show_state(self._refusal())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self.entered.emit()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape and self._refusal():
                self.forget_typing()
                return True
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                return self._step(1 if event.key() == Qt.Key.Key_Up else -1)
        elif event.type() == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            event.ignore()  # the wheel scrolls the panel; it must never change a value in passing
            return True
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        if isinstance(self.editor, QCheckBox):
            self.editor.clicked.connect(self._take)
        elif isinstance(self.editor, QComboBox):
            self.editor.textActivated.connect(self._take)
        elif isinstance(self.editor, QLineEdit):
            self.editor.textEdited.connect(self._typed)
            self.editor.editingFinished.connect(self._finish)
            if completer := self.editor.completer():
                completer.activated[str].connect(self._typed)

    def _typed(self, text: str) -> None:
        try:
            value = self._param.parsed(text)
        except OptionError:
            self._show_state(self._refusal())
            return
        self._take(value)

    def _take(self, value: Any) -> None:
        changed = value != self._value
        self._value = value
        self._show_state("")
        if changed:
            self.edited.emit(self._param.name, value)

    def _finish(self) -> None:
        """Leaving the editor tidies what was typed: "1e-3" becomes "0.001". What cannot be taken stays, in red."""
        if not self._refusal():
            self._write(self._value)

    def _step(self, direction: int) -> bool:
        """Up and Down change numbers; a rate moves by its leading digit, so that 0.001 becomes 0.002."""
        if not isinstance(self._param, Int | Float) or self._value is None or not isinstance(self.editor, QLineEdit):
            return False
        step = 1 if isinstance(self._param, Int) else 10.0 ** int(f"{self._value or 1.0:e}".split("e")[1])
        try:
            value = self._param.normalized(float(f"{self._value + direction * step:.10g}"))
        except OptionError:
            return True
        self._write(value)
        self._take(value)
        return True

    def _reset_to_default(self) -> None:
        self.entered.emit()
        if self._is_chosen:
            self.taken_back.emit(self._param.name)
            return
        self._write(self._param.default)
        self._take(self._param.default)

    def _is_being_typed(self) -> bool:
        return isinstance(self.editor, QLineEdit) and (self.editor.hasFocus() or bool(self._refusal()))

    def _means(self, value: Any) -> bool:
        if not isinstance(self.editor, QLineEdit) or not self.editor.hasFocus():
            return False
        try:
            return bool(self._param.parsed(self.editor.text()) == value)
        except OptionError:
            return False

    def _refusal(self) -> str:
        """Why the text cannot be taken, "" if it can."""
        if not isinstance(self.editor, QLineEdit):
            return ""
        try:
            self._param.parsed(self.editor.text())
        except OptionError:
            return f"{self._param.label} takes {self._param.range_text()}."
        return ""

    def _write(self, value: Any) -> None:
        if isinstance(self.editor, QCheckBox):
            self.editor.setChecked(bool(value))
        elif isinstance(self.editor, QComboBox):
            self.editor.setCurrentText(self._param.formatted(value))
        elif isinstance(self.editor, QLineEdit) and self.editor.text() != self._param.formatted(value):
            self.editor.setText(self._param.formatted(value))

    def _show_state(self, refusal: str) -> None:
        is_invalid = bool(refusal) or self._is_wrong
        self.message.setText(refusal)
        self.message.setVisible(bool(refusal))
        self._show_reset()
        if self.editor.property("invalid") != is_invalid:
            self.editor.setProperty("invalid", is_invalid)
            self.editor.style().unpolish(self.editor)
            self.editor.style().polish(self.editor)

    def _show_reset(self) -> None:
        default = self._param.formatted(self._param.default) or "nothing"
        self._reset.setToolTip(f"Back to {default if self._is_chosen is None else 'what was found'}")
        self._reset.setVisible(self._value != self._param.default if self._is_chosen is None else self._is_chosen)


def _editor(param: Param, parent: QWidget) -> QWidget:
    if isinstance(param, Bool):
        return QCheckBox(parent)
    if isinstance(param, Choice):
        box = QComboBox(parent)
        box.addItems(param.choices)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(2)
        return box
    line = QLineEdit(parent)
    line.setMinimumWidth(48)
    line.setAcceptDrops(False)  # a file that is dropped goes to the window, which opens it
    line.setPlaceholderText("auto" if param.optional else "")
    return line


def _with_file_button(editor: QWidget, filters: str, parent: QWidget) -> QWidget:
    """The editor of a path with a button that opens the file dialog beside it."""
    assert isinstance(editor, QLineEdit)
    field = QWidget(parent)
    row = QHBoxLayout(field)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2)
    button = QToolButton(field)
    button.setIcon(icons.icon("folder-open"))
    button.setAutoRaise(True)
    button.setToolTip("Choose a file")
    row.addWidget(editor, 1)
    row.addWidget(button)

    def choose() -> None:
        start = str(Path(editor.text()).parent) if editor.text() else ""
        path, _ = QFileDialog.getOpenFileName(field, "Choose a file", start, filters)
        if path:
            editor.setText(path)
            editor.textEdited.emit(path)

    button.clicked.connect(choose)
    return field


def _tip(param: Param) -> str:
    return f"{param.help}\nTakes {param.range_text()}."

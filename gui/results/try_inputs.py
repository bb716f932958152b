"""Ways to give a trained network something of one's own: a drawing, a text, a row of a table, or files."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt, QTemporaryDir, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from engine import storage
from engine.params import Choice, Float, Int, Param, Text, Value
from engine.preparation import Part
from gui.results.paint_pad import PaintPad
from gui.widgets import icons
from gui.widgets.labels import label
from gui.widgets.param_form import ParamForm

PICTURES = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp);;All files (*)"
SOUNDS = "Sounds (*.wav *.flac *.ogg);;All files (*)"
TABLES = "Tables (*.csv *.tsv *.txt);;Arrays (*.npz *.npy);;All files (*)"
MAX_CHOICES = 1000
"""Classes of which one is picked from a list; more are typed."""

NOISE = (Int(name="samples", default=64, minimum=1, maximum=2000, help="So many are made."),
         Int(name="seed", default=0, minimum=0, maximum=2**31 - 1, help="The same seed makes the same samples."))
"""What can be chosen about samples of noise."""

FIELDS = frozenset({"number", "category", "boolean", "date", "text"})
"""Kinds of which a value can be typed."""


def input_for(parts: Sequence[Part], parent: QWidget) -> "PictureInput | TextInput | TableInput | FileInput":
    """What suits a network that reads these columns best."""
    only = parts[0] if len(parts) == 1 else None
    if only is not None and only.kind == "image":
        return PictureInput(only, parent)
    if only is not None and only.kind == "text":
        return TextInput(only, parent)
    leaves = [leaf for part in parts for leaf in part.leaves]
    if leaves and all(leaf.kind in FIELDS for leaf in leaves):
        return TableInput(leaves, parent)
    return FileInput(SOUNDS if only is not None and only.kind == "audio" else TABLES, parent)


class PictureInput(QWidget):
    """Draw, or open a picture. given(path): something new is there to be predicted; drawings come as PNG files."""

    given = Signal(str)

    def __init__(self, part: Part, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part = part
        self._folder = QTemporaryDir()
        self.pad = PaintPad(self)
        self.pad.can_draw = part.shape[0] == 1
        self.pad.drawn.connect(self._give_drawing)
        self.pad.dropped.connect(self.open)
        self.choose = QPushButton(icons.icon("image"), "Open…", self)
        self.choose.setToolTip("Open a picture file")
        self.choose.clicked.connect(self._choose)
        self.clear = QPushButton(icons.icon("eraser"), "Clear", self)
        self.clear.clicked.connect(self.pad.clear)
        self.brush = QSlider(Qt.Orientation.Horizontal, self)
        self.brush.setRange(8, 60)
        self.brush.setValue(self.pad.brush)
        self.brush.setToolTip("Width of the brush")
        self.brush.setAccessibleName("Width of the brush")
        self.brush.valueChanged.connect(self._set_brush)
        buttons = QVBoxLayout()
        buttons.setSpacing(6)
        brush_label = label("Brush", "muted", self)
        for widget in (self.choose, self.clear, brush_label, self.brush):
            widget.setMaximumWidth(110)
            buttons.addWidget(widget)
        brush_label.setVisible(self.pad.can_draw)
        self.brush.setVisible(self.pad.can_draw)
        buttons.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(buttons)
        row.addWidget(self.pad, 1)

    def open(self, path: str) -> None:
        """Show a picture file and give it on."""
        self.pad.show_picture(Path(path))
        self.given.emit(path)

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a picture", "", PICTURES)
        if path:
            self.open(path)

    def _set_brush(self, width: int) -> None:
        self.pad.brush = width

    def _give_drawing(self) -> None:
        _, height, width = self._part.shape
        path = self._folder.filePath("drawing.png")
        self.pad.drawing(width, height).save(path, "PNG")
        self.given.emit(path)


class TextInput(QWidget):
    """A text to be typed. given(path): a table with it is there."""

    given = Signal(str)

    def __init__(self, part: Part, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part = part
        self._folder = QTemporaryDir()
        self.editor = QPlainTextEdit(self)
        self.editor.setPlaceholderText("Type or paste a text")
        self.editor.setAccessibleName("Text to be predicted")
        self.editor.textChanged.connect(self._give)
        self.choose = QPushButton(icons.icon("folder-open"), "Open…", self)
        self.choose.setToolTip("Open a text file, or a table with a column of texts")
        self.choose.clicked.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.editor, 1)
        column.addWidget(self.choose)

    def open(self, path: str) -> None:
        self.given.emit(path)

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a text", "", "Texts (*.txt *.csv *.tsv);;All files (*)")
        if path:
            self.open(path)

    def _give(self) -> None:
        if text := self.editor.toPlainText().strip():
            self.given.emit(_table(self._folder, {self._part.name: text}))


class NoiseInput(QWidget):
    """Nothing to be given: how many samples are made of noise, and from which seed. wanted(count, seed)."""

    wanted = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: dict[str, Value] = {param.name: param.default for param in NOISE}
        self.form = ParamForm(self)
        self.form.show_params(NOISE, self._values)
        self.form.edited.connect(self._edit)
        self.make = QPushButton(icons.icon("play"), "Make samples", self)
        self.make.clicked.connect(self._want)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(label("The network makes samples from noise.", "muted", self, wraps=True))
        column.addWidget(self.form)
        column.addWidget(self.make)
        column.addStretch(1)

    def _edit(self, name: str, value: Value) -> None:
        self._values[name] = value
        self._want()

    def _want(self) -> None:
        self.wanted.emit(self._values["samples"], self._values["seed"])


class FileInput(QWidget):
    """Files of a kind that cannot be made here, such as recordings. given(path): one was chosen or dropped."""

    given = Signal(str)

    def __init__(self, filter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = filter
        self.setAcceptDrops(True)
        self.name = label("Drop a file here, or open one.", "muted", self, wraps=True)
        self.choose = QPushButton(icons.icon("folder-open"), "Open…", self)
        self.choose.setToolTip("Open a file to be predicted")
        self.choose.clicked.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.name)
        column.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def open(self, path: str) -> None:
        self.name.setText(Path(path).name)
        self.given.emit(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.open(next(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()))

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a file", "", self._filter)
        if path:
            self.open(path)


class TableInput(QWidget):
    """One field a column, or a table file. given(path): a table to be predicted is there."""

    given = Signal(str)

    def __init__(self, leaves: Sequence[Part], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = QTemporaryDir()
        self._params = tuple(_field(leaf) for leaf in leaves)
        self._values: dict[str, Value] = {param.name: param.default for param in self._params}
        self.form = ParamForm(self)
        self.form.show_params(self._params, self._values)
        self.form.edited.connect(self._edit)
        self.choose = QPushButton(icons.icon("table"), "Open a table…", self)
        self.choose.setToolTip("Predict every row of a CSV file")
        self.choose.clicked.connect(self._choose)
        self.predict = QPushButton(icons.icon("play"), "Predict", self)
        self.predict.clicked.connect(self._give)
        self.predict.setVisible(bool(self._params))
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.form)
        buttons = QHBoxLayout()
        buttons.addWidget(self.predict)
        buttons.addWidget(self.choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area, 1)
        column.addLayout(buttons)

    def open(self, path: str) -> None:
        self.given.emit(path)

    def _edit(self, name: str, value: Value) -> None:
        self._values[name] = value
        self._give()

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a table", "", TABLES)
        if path:
            self.open(path)

    def _give(self) -> None:
        self.given.emit(_table(self._folder, self._values))


def _table(folder: QTemporaryDir, cells: Mapping[str, Value]) -> str:
    """The path of a table of one row. Numbers have an exponent: no column takes their point for one between thousands.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cells)
    writer.writerow([f"{cell:.16e}" if isinstance(cell, float) else cell for cell in cells.values()])
    path = Path(folder.filePath("sample.csv"))
    storage.write(path, text.getvalue().encode())
    return str(path)


def _field(leaf: Part) -> Param:
    """A field for a column of the table that the network was trained on; it begins with an ordinary value."""
    fill = leaf.state.get("fill", [0.0])[0]
    if leaf.kind == "number":
        return Float(name=leaf.name, default=float(f"{fill:.4g}"), help="A number, as in the table.")
    if leaf.kind == "boolean":
        words = leaf.classes if len(leaf.classes) == 2 else ("no", "yes")
        return Choice(name=leaf.name, default=words[round(fill)], choices=words, help="Yes or no.")
    if leaf.kind == "category" and 0 < len(leaf.classes) <= MAX_CHOICES:
        return Choice(name=leaf.name, default=leaf.classes[0], choices=leaf.classes, help="A category.")
    if leaf.kind == "date":
        day = datetime.fromtimestamp(min(max(fill, -6e10), 2e11), UTC)
        return Text(name=leaf.name, default=f"{day:%Y-%m-%d %H:%M}", help="A day, and a time if it matters.")
    return Text(name=leaf.name, default=leaf.classes[0] if leaf.classes else "", help="As in the table.")

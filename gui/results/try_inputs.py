"""Ways to give a trained network something of one's own: a drawing, a picture file, or a row of a table."""

import csv
import io
from pathlib import Path

from PySide6.QtCore import Qt, QTemporaryDir, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QPushButton, QScrollArea, QSlider, QVBoxLayout, QWidget

from engine import storage
from engine.data.preparation import ColumnPreparation
from engine.params import Choice, Float, Param, Value
from engine.project import Column
from gui.results.paint_pad import PaintPad
from gui.widgets import icons
from gui.widgets.labels import label
from gui.widgets.param_form import ParamForm

PICTURES = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp);;All files (*)"
TABLES = "Tables (*.csv *.tsv *.txt);;Arrays (*.npz *.npy);;All files (*)"


class PictureInput(QWidget):
    """Draw, or open a picture. given(path): something new is there to be predicted; drawings come as PNG files."""

    given = Signal(str)

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = column
        self._folder = QTemporaryDir()
        self.pad = PaintPad(self)
        self.pad.can_draw = column.shape[0] == 1
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
        _, height, width = self._column.shape
        path = self._folder.filePath("drawing.png")
        self.pad.drawing(width, height).save(path, "PNG")
        self.given.emit(path)


class TableInput(QWidget):
    """One field a column, or a table file. given(path): a table to be predicted is there."""

    given = Signal(str)

    def __init__(self, prepared: ColumnPreparation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = QTemporaryDir()
        self._params = _params(prepared)
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
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self._values)
        writer.writerow(self._values.values())
        path = Path(self._folder.filePath("sample.csv"))
        storage.write(path, text.getvalue().encode())
        self.given.emit(str(path))


def _params(prepared: ColumnPreparation) -> tuple[Param, ...]:
    """A field for each column of the table that the network was trained on; none if it was no table."""
    choices: dict[str, list[str]] = {}
    params: dict[str, Param] = {}
    for place, feature in enumerate(prepared.features):
        if feature.value is None:
            middle = float(f"{prepared.fill[place]:.4g}")
            params[feature.column] = Float(name=feature.column, default=middle, help="A number, as in the table.")
        else:
            choices.setdefault(feature.column, []).append(feature.value)
            values = tuple(choices[feature.column])
            params[feature.column] = Choice(name=feature.column, default=values[0], choices=values, help="A category.")
    return tuple(params.values())

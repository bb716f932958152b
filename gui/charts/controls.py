"""The line of controls above the charts: axis, scale, smoothing, which metric, fit and export."""

from math import isfinite

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSlider, QToolButton, QWidget

from engine.layers import CATALOGUE
from engine.names import identifier
from gui.charts.plot import View
from gui.widgets import icons
from gui.widgets.labels import label

_ABBREVIATIONS = ("f1", "mae", "mse", "rmse", "r2", "bleu")
_NODES = {identifier(spec.type, "variable", "node"): spec.type for spec in CATALOGUE.values()
          if spec.role in ("loss", "metric")}


class Controls(QWidget):
    """How the charts are drawn.

    changed: axis, scale or smoothing were changed. metric_chosen(name): another metric was chosen.
    """

    changed = Signal()
    metric_chosen = Signal(str)
    fit_clicked = Signal()
    picture_clicked = Signal()
    table_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = QComboBox(self)
        self.axis.addItem("Epochs", "epoch")
        self.axis.addItem("Steps", "step")
        self.axis.setToolTip("What the horizontal axis counts")
        self.axis.setAccessibleName("Horizontal axis")
        self.axis.currentIndexChanged.connect(self.changed)
        self.logarithmic = QToolButton(self)
        self.logarithmic.setText("Log")
        self.logarithmic.setCheckable(True)
        self.logarithmic.setAutoRaise(True)
        self.logarithmic.setToolTip("Logarithmic scale for the loss")
        self.logarithmic.toggled.connect(self.changed)
        self.smoothing = QSlider(Qt.Orientation.Horizontal, self)
        self.smoothing.setRange(0, 99)
        self.smoothing.setMinimumWidth(60)
        self.smoothing.setMaximumWidth(110)
        self.smoothing.setToolTip("Smooth the training curve; the measured values stay faintly behind it")
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.valueChanged.connect(self.changed)
        smoothing_label = label("Smoothing", "muted", self)
        self.metrics = QComboBox(self)
        self.metrics.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.metrics.setToolTip("What the right chart shows")
        self.metrics.setAccessibleName("Metric")
        self.metrics.activated.connect(lambda: self.metric_chosen.emit(self.chosen_metric))
        self.fit = _button(self, "maximize", "Show everything and follow the run again")
        self.fit.clicked.connect(self.fit_clicked)
        self.export = _button(self, "download", "Export picture or values")
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.export)
        menu.addAction("Export picture…").triggered.connect(self.picture_clicked)
        menu.addAction("Export values as CSV…").triggered.connect(self.table_clicked)
        self.export.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 6, 0)
        row.setSpacing(6)
        for widget in (self.axis, self.logarithmic, smoothing_label, self.smoothing):
            row.addWidget(widget)
        row.addStretch(1)
        self._position = label("", "muted", self)
        for widget in (self._position, self.metrics, self.fit, self.export):
            row.addWidget(widget)

    def show_position(self, position: float) -> None:
        """Tell what the values in the legends belong to: where the mouse is, or with NaN the newest step."""
        is_step = self.axis.currentData() == "step"
        text = f"Step {position:,.0f}" if is_step else f"Epoch {position:.2f}"
        self._position.setText(text if isfinite(position) else "")

    def view(self) -> View:
        return View(self.axis.currentData(), self.smoothing.value() / 100, self.logarithmic.isChecked())

    @property
    def chosen_metric(self) -> str:
        """The chosen metric, "" if the run has none."""
        return self.metrics.currentData() or ""

    def offer(self, metrics: tuple[str, ...]) -> None:
        """Offer these metrics; the chosen one stays chosen if it is among them."""
        if metrics == tuple(self.metrics.itemData(i) for i in range(self.metrics.count())):
            return
        with QSignalBlocker(self.metrics):
            chosen = self.chosen_metric
            self.metrics.clear()
            for name in metrics:
                self.metrics.addItem(title(name), name)
            self.metrics.setCurrentIndex(max(0, self.metrics.findData(chosen)))
        self.metrics.setVisible(len(metrics) > 1)


def title(name: str) -> str:
    """A quantity as headings name it: "accuracy" -> "Accuracy", "mae" -> "MAE", the node's "cross_entropy_1" ->
    "CrossEntropy 1"."""
    stem, _, number = name.rpartition("_")
    if stem in _NODES and number.isdigit():
        return f"{_NODES[stem]} {number}"
    words = [word.upper() if word in _ABBREVIATIONS else word for word in name.replace("_", " ").lower().split(" ")]
    said = " ".join(words)
    return said[:1].upper() + said[1:]


def _button(parent: QWidget, icon: str, tip: str) -> QToolButton:
    button = QToolButton(parent)
    button.setIcon(icons.icon(icon))
    button.setAutoRaise(True)
    button.setIconSize(QSize(16, 16))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button

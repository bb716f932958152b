"""How a text is written: the method, and what of it can be chosen."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.decoding import SETTINGS
from engine.params import Value
from gui.widgets.param_form import ParamForm

OF_METHOD = {"greedy": ("decode",), "beam": ("decode", "beam", "length_penalty"),
             "sample": ("decode", "temperature", "top_k", "seed")}
"""The settings that mean something to each method."""


class DecodingForm(QWidget):
    """chosen: another method or setting counts from now on."""

    chosen = Signal()

    def __init__(self, values: Mapping[str, Value], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = dict(values)
        self.form = ParamForm(self)
        self.form.edited.connect(self._edit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)
        self._show()

    @property
    def values(self) -> dict[str, Value]:
        """All settings."""
        return dict(self._values)

    def _edit(self, name: str, value: Value) -> None:
        self._values[name] = value
        self._show()
        self.chosen.emit()

    def _show(self) -> None:
        names = OF_METHOD[self._values["decode"]]
        self.form.show_params((param for param in SETTINGS if param.name in names), self._values)

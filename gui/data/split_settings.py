"""How the samples are divided: what is learned from, what measures progress, and what is kept for the test."""

from collections.abc import Mapping
from typing import Any

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from engine.params import Bool, Choice, Float, Int, Param
from engine.project import Data
from gui.facts import counted
from gui.widgets.labels import label
from gui.widgets.param_form import ParamForm

AUTOMATIC = "automatic"
"""Stands for no column in particular."""

_METHOD = Choice(
    name="method", default="auto",
    choices=("auto", "random", "stratified", "group", "time", "column", "k-fold"),
    help="Auto: what fits the data. Random. Stratified: the same share of every class. Group: rows with the same value "
         "of a column stay together. Time: the latest are the test. Column: a column names the part. K-fold: one of "
         "several equal parts is the test.")
MOST_HELD_BACK = 0.95
"""Validation and test share together: something must be left to learn from."""

_SEED = Int(name="seed", default=0, minimum=0, maximum=2**31 - 1, help="Another seed draws other samples.")
_FOLDS = Int(name="folds", default=5, minimum=2, maximum=1000, help="How many equal parts there are.")
_NORMALIZE = Bool(name="normalize", default=True,
                  help="Bring numbers to mean 0 and deviation 1, measured on the training samples alone.")
WITH_COLUMN = {"group": "group", "time": "", "column": "split"}
"""Methods that go by a column, and the role that the column has then; "" where it keeps its own."""

_SPLITS = {"train": "Training", "validation": "Validation", "test": "Test"}


class SplitSettings(QWidget):
    """The form of the split. edited(name, value): the user changed a setting of `Split`, or "normalize".

    taken_back: the rows that were left out are to be used again.
    """

    edited = Signal(str, object)
    taken_back = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = ParamForm(self)
        self.form.edited.connect(self._edit)
        self.sizes = label("", "muted", self, wraps=True)
        self.sizes.hide()
        self.take_back = QPushButton(self)
        self.take_back.setToolTip("Use the rows again that were left out")
        self.take_back.clicked.connect(self.taken_back)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.form)
        column.addWidget(self.sizes)
        column.addWidget(self.take_back, 0, Qt.AlignmentFlag.AlignLeft)

    def show_split(self, data: Data) -> None:
        values = {**msgspec.structs.asdict(data.split), "normalize": data.normalize}
        self.form.show_params(params_of(data), {**values, "column": data.split.column or AUTOMATIC})
        self.take_back.setText(f"Take back {counted(len(data.excluded), 'row')}")
        self.take_back.setVisible(bool(data.excluded))

    def show_sizes(self, sizes: Mapping[str, int]) -> None:
        """Say how many samples each part has; nothing for {}."""
        self.sizes.setText("\n".join(f"{title}: {sizes.get(name, 0):,}" for name, title in _SPLITS.items()))
        self.sizes.setVisible(bool(sizes))

    def _edit(self, name: str, value: Any) -> None:
        self.edited.emit(name, "" if name == "column" and value == AUTOMATIC else value)


def params_of(data: Data) -> tuple[Param, ...]:
    """The settings that matter for the chosen method."""
    method = data.split.method
    params: list[Param] = [_METHOD]
    if method in WITH_COLUMN:
        names = dict.fromkeys((*(leaf.name for leaf in data.leaves), data.split.column))
        params.append(Choice(name="column", default=AUTOMATIC, choices=(AUTOMATIC, *filter(None, names)),
                             help="The column that decides. Automatic: the one used as group or split, or a date."))
    if method == "k-fold":
        params += [_FOLDS, Int(name="fold", default=0, minimum=0, maximum=data.split.folds - 1,
                               help="Which part is the test, from 0 on.")]
    params.append(_share("validation", 0.1, data.split.test, "Share of the samples that is held back to measure "
                         "progress while training."))
    if method not in ("k-fold", "column"):
        params.append(_share("test", 0.2, data.split.validation, "Share held back for the test at the end. Data with a "
                             "test part of its own keeps that."))
    if method != "time":
        params.append(_SEED)
    return (*params, _NORMALIZE)


def _share(name: str, default: float, other: float, help: str) -> Float:
    """One of the shares that are held back, `other` being the other one."""
    return Float(name=name, default=min(default, MOST_HELD_BACK - other), minimum=0.0,
                 maximum=max(0.0, round(MOST_HELD_BACK - other, 6)), help=help)

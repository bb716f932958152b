"""How the files are read: as which kind of data set, and with which settings."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.data.sources import SOURCES
from engine.params import Bool
from engine.project import Data
from gui.widgets.combo import PanelCombo
from gui.widgets.param_form import ParamForm

SKIP_DAMAGED = "skip_damaged"
_CONSENT = Bool(name=SKIP_DAMAGED, default=True,
                help="Files and rows that cannot be read are left out and listed by the checks. Off: nothing is "
                     "trained as long as there are any.")


class ReadingSettings(QWidget):
    """source_chosen(name): another kind of data set is wanted. edited(name, value): a setting of the present one, or
    SKIP_DAMAGED, has another value."""

    source_chosen = Signal(str)
    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = PanelCombo(self)
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.setMinimumContentsLength(4)
        self.source.setAccessibleName("Kind of data")
        for spec in SOURCES.values():
            self.source.addItem(spec.title.split(" (")[0], spec.name)
            self.source.setItemData(self.source.count() - 1, spec.doc, Qt.ItemDataRole.ToolTipRole)
        self.source.activated.connect(lambda: self.source_chosen.emit(self.source.currentData()))
        self.form = ParamForm(self)
        self.form.edited.connect(self.edited)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.source)
        column.addWidget(self.form)

    def show_data(self, data: Data) -> None:
        spec = SOURCES.get(data.source)
        self.source.setCurrentIndex(self.source.findData(data.source))
        self.source.setToolTip(spec.doc if spec else "")
        values = {**data.options, SKIP_DAMAGED: data.skips_damaged}
        self.form.show_params((*(spec.params if spec else ()), _CONSENT), values)

"""The options of training as forms, generated from their declarations. Every change is one undoable edit."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.options import COMPONENTS, TRAINING, option_param, with_option
from gui.document import Document
from gui.widgets.param_form import ParamForm
from gui.widgets.section import Section

BASIC = ("epochs", "batch_size")
"""Options of TRAINING that everybody sets; the others are folded away."""

_WEIGHT_FILES = {"weights": "Weights (*.safetensors *.pt *.pth);;All files (*)"}


class TrainOptions(QWidget):
    """Forms for all options of the open project: basic ones first, the rest folded away.

    The first setting of an optimizer, its learning rate, is basic too.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.basic, self.advanced = self._form(), self._form()
        self.optimizer = self._form("optimizer")
        self.rate, self.settings = self._form("optimizer"), self._form("optimizer")
        self.scheduler = self._form("scheduler")
        self._settings_section = Section("Optimizer settings", self.settings, self, is_open=False)
        has_schedule = document.project.options.scheduler.type != "Constant"
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (
            self.basic, self.optimizer, self.rate, self._settings_section,
            Section("Learning rate schedule", self.scheduler, self, is_open=has_schedule),
            Section("More options", self.advanced, self, is_open=False),
        ):
            column.addWidget(part)
        document.changed.connect(self._show)
        document.opened.connect(self._forget_typing)
        self._show()

    def _form(self, group: str = "") -> ParamForm:
        form = ParamForm(self)
        form.edited.connect(lambda name, value: self._edit(group, name, value, f"{id(form)}.{form.gesture}"))
        return form

    def _show(self) -> None:
        options = self._document.project.options
        self.basic.show_params([p for p in TRAINING if p.name in BASIC], options.training)
        self.advanced.show_params([p for p in TRAINING if p.name not in BASIC], options.training, files=_WEIGHT_FILES)
        first, *others = COMPONENTS["optimizer"][options.optimizer.type].params
        self.optimizer.show_params([option_param(options, "optimizer")], {"optimizer": options.optimizer.type})
        self.rate.show_params([first], options.optimizer.params)
        self.settings.show_params(others, options.optimizer.params)
        self._settings_section.setVisible(bool(others))
        scheduler = [option_param(options, "scheduler"), *COMPONENTS["scheduler"][options.scheduler.type].params]
        self.scheduler.show_params(scheduler, {"scheduler": options.scheduler.type, **options.scheduler.params})
        for group, form in (("optimizer", self.optimizer), ("scheduler", self.scheduler)):
            _explain(form.editor(group), group)

    def _forget_typing(self) -> None:
        for form in (self.basic, self.advanced, self.optimizer, self.rate, self.settings, self.scheduler):
            form.forget_typing()

    def _edit(self, group: str, name: str, value: object, gesture: str) -> None:
        full = f"{group}.{name}" if group not in ("", name) else name
        project = self._document.project
        options = with_option(project.options, full, value)
        text = f"Set {full.replace('.', ' ').replace('_', ' ')}"
        self._document.edit(text, project.replace(options=options), f"{full}.{gesture}")


def _explain(choice: QWidget, group: str) -> None:
    """Give every entry of a choice between components the sentence that says what it is for."""
    if isinstance(choice, QComboBox):
        for row in range(choice.count()):
            choice.setItemData(row, COMPONENTS[group][choice.itemText(row)].doc, Qt.ItemDataRole.ToolTipRole)

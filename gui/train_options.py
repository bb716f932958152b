"""The options of training as forms, generated from their declarations. Every change is one undoable edit."""

from collections.abc import Mapping

from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from engine.options import OPTIMIZERS, SCHEDULERS, TRAINING, Component, ComponentSpec, with_option
from gui.document import Document
from gui.labels import label
from gui.param_form import ParamForm
from gui.section import Section

BASIC = ("epochs", "batch_size")
"""Options of TRAINING that everybody sets; the others are folded away."""

_WEIGHT_FILES = {"weights": "Weights (*.safetensors *.pt *.pth);;All files (*)"}


class TrainOptions(QWidget):
    """Forms for all options of the open project: basic ones first, the rest folded away."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.basic, self.advanced = self._form(""), self._form("")
        self.optimizer = _ComponentForm("Optimizer", OPTIMIZERS, self)
        self.scheduler = _ComponentForm("Schedule", SCHEDULERS, self)
        for prefix, part in (("optimizer", self.optimizer), ("scheduler", self.scheduler)):
            part.choice.textActivated.connect(lambda chosen, prefix=prefix: self._edit(prefix, chosen, ""))
            self._connect(part.form, f"{prefix}.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.basic)
        column.addWidget(self.optimizer)
        column.addWidget(Section("Learning rate schedule", self.scheduler, self,
                                 is_open=document.project.options.scheduler.type != "Constant"))
        column.addWidget(Section("More options", self.advanced, self, is_open=False))
        document.changed.connect(self._show)
        self._show()

    def _form(self, prefix: str) -> ParamForm:
        form = ParamForm(self)
        self._connect(form, prefix)
        return form

    def _connect(self, form: ParamForm, prefix: str) -> None:
        form.edited.connect(lambda name, value: self._edit(prefix + name, value, f"{id(form)}.{form.gesture}"))

    def _show(self) -> None:
        options = self._document.project.options
        self.basic.show_params([p for p in TRAINING if p.name in BASIC], options.training)
        self.advanced.show_params([p for p in TRAINING if p.name not in BASIC], options.training, files=_WEIGHT_FILES)
        self.optimizer.show_component(options.optimizer)
        self.scheduler.show_component(options.scheduler)

    def _edit(self, name: str, value: object, gesture: str) -> None:
        project = self._document.project
        options = with_option(project.options, name, value)
        merge = f"option.{name}.{gesture}" if gesture else ""
        self._document.edit(f"Set {name.replace('.', ' ').replace('_', ' ')}", project.replace(options=options), merge)


class _ComponentForm(QWidget):
    """A choice between declared components, with the settings of the chosen one below."""

    def __init__(self, title: str, specs: Mapping[str, ComponentSpec], parent: QWidget) -> None:
        super().__init__(parent)
        self._specs = specs
        self.choice = QComboBox(self)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(8)
        self.choice.addItems(list(specs))
        self.choice.setAccessibleName(title)
        self._doc = label("", "muted", self, wraps=True)
        self.form = ParamForm(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label(title, "", self), 0, 0)
        grid.addWidget(self.choice, 0, 1)
        grid.addWidget(self._doc, 1, 0, 1, 2)
        grid.addWidget(self.form, 2, 0, 1, 2)

    def show_component(self, component: Component) -> None:
        """Show the chosen component and its settings."""
        spec = self._specs[component.type]
        self.choice.setCurrentText(component.type)
        self.choice.setToolTip(spec.doc)
        self._doc.setText(spec.doc)
        self.form.show_params(spec.params, component.params)
        self.form.setVisible(bool(spec.params))

"""The options of training as forms, generated from their declarations. Every change is one undoable edit."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.options import TRAINING, with_option
from gui.document import Document
from gui.training.component_forms import ComponentForms
from gui.widgets.labels import label
from gui.widgets.param_form import ParamForm
from gui.widgets.section import Section

BASIC = ("epochs", "batch_size")
"""Options of TRAINING that everybody sets; the others are folded away."""

_OF_PHASES = ("gradient_clipping",)
"""Options of TRAINING that each phase of a plan has for itself."""

_WEIGHT_FILES = {"weights": "Weights (*.safetensors *.pt *.pth);;All files (*)"}


class TrainOptions(QWidget):
    """Forms for all options of the open project: basic ones first, the rest folded away.

    What the phases of a training plan say is not offered here while there is one.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.basic, self.advanced = self._form(), self._form()
        has_schedule = document.project.options.scheduler.type != "Constant"
        self.components = ComponentForms(self, shows_schedule=has_schedule)
        self.components.edited.connect(self._edit)
        self.plan_note = label("", "muted", self, wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.basic, self.plan_note, self.components,
                     Section("More options", self.advanced, self, is_open=False)):
            column.addWidget(part)
        document.changed.connect(self._show)
        document.opened.connect(self._forget_typing)
        self._show()

    def _form(self) -> ParamForm:
        form = ParamForm(self)
        form.edited.connect(lambda name, value: self._edit(name, value, f"{id(form)}.{form.gesture}"))
        return form

    def _show(self) -> None:
        options, plan = self._document.project.options, self._document.project.plan
        more = [p for p in TRAINING if p.name not in BASIC and not (plan and p.name in _OF_PHASES)]
        self.basic.show_params([p for p in TRAINING if p.name in BASIC], options.training)
        self.advanced.show_params(more, options.training, files=_WEIGHT_FILES)
        self.components.setVisible(not plan)
        self.plan_note.setVisible(bool(plan))
        if plan:
            are = "1 phase with its own" if len(plan) == 1 else f"{len(plan)} phases, each with its own"
            which = "it" if len(plan) == 1 else "one"
            self.plan_note.setText(f"The training plan has {are} optimizer: click {which} below the canvas.")
        else:
            self.components.show_options(options)

    def _forget_typing(self) -> None:
        for form in (self.basic, self.advanced, self.components):
            form.forget_typing()

    def _edit(self, name: str, value: object, gesture: str) -> None:
        project = self._document.project
        options = with_option(project.options, name, value)
        text = f"Set {name.replace('.', ' ').replace('_', ' ')}"
        self._document.edit(text, project.replace(options=options), f"{name}.{gesture}")

"""Forms for an optimizer and a learning-rate schedule, generated from their declarations."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.options import COMPONENTS, Options, option_param
from gui.widgets.param_form import ParamForm
from gui.widgets.section import Section


class ComponentForms(QWidget):
    """Choice and learning rate of the optimizer, the rest of its settings folded away, and the schedule.

    edited(name, value, gesture): the user gave an option, named as `with_option` takes it, a new legal value; the
    gesture is the same during one visit of one editor.
    """

    edited = Signal(str, object, str)

    def __init__(self, parent: QWidget | None = None, *, shows_schedule: bool = False) -> None:
        super().__init__(parent)
        self.optimizer, self.rate, self.settings = (self._form("optimizer") for _ in range(3))
        self.scheduler = self._form("scheduler")
        self._settings_section = Section("Optimizer settings", self.settings, self, is_open=False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.optimizer, self.rate, self._settings_section,
                     Section("Learning rate schedule", self.scheduler, self, is_open=shows_schedule)):
            column.addWidget(part)

    def show_options(self, options: Options) -> None:
        first, *others = COMPONENTS["optimizer"][options.optimizer.type].params
        self.optimizer.show_params([option_param(options, "optimizer")], {"optimizer": options.optimizer.type})
        self.rate.show_params([first], options.optimizer.params)
        self.settings.show_params(others, options.optimizer.params)
        self._settings_section.setVisible(bool(others))
        scheduler = [option_param(options, "scheduler"), *COMPONENTS["scheduler"][options.scheduler.type].params]
        self.scheduler.show_params(scheduler, {"scheduler": options.scheduler.type, **options.scheduler.params})
        for group, form in (("optimizer", self.optimizer), ("scheduler", self.scheduler)):
            _explain(form.editor(group), group)

    def forget_typing(self) -> None:
        for form in (self.optimizer, self.rate, self.settings, self.scheduler):
            form.forget_typing()

    def _form(self, group: str) -> ParamForm:
        form = ParamForm(self)
        form.edited.connect(lambda name, value: self.edited.emit(
            name if name == group else f"{group}.{name}", value, f"{id(form)}.{form.gesture}"))
        return form


def _explain(choice: QWidget, group: str) -> None:
    """Give every entry of a choice between components the sentence that says what it is for."""
    if isinstance(choice, QComboBox):
        for row in range(choice.count()):
            choice.setItemData(row, COMPONENTS[group][choice.itemText(row)].doc, Qt.ItemDataRole.ToolTipRole)

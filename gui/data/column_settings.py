"""The chosen column: what it is, why, what it is for, and how it is prepared. All of it can be overruled."""

from typing import Any

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.kinds import KINDS
from engine.params import Choice, Param
from engine.project import Column, ColumnChoice, Data
from gui.data.column_text import COMES_ALONG, ROLE_HELP, ROLE_TITLES, given, kind_title, role_titles
from gui.widgets.labels import label
from gui.widgets.param_form import ParamForm

AS_FOUND = "As found"
"""The entry that takes an overruled kind or role back."""

CELLS = ("number", "category", "boolean", "date", "text", "tokens", "image", "audio")
"""What the cells of a table can be taken for."""

ARRAYS = {1: "tokens", 2: "series", 3: "image", 0: "vector"}
"""By the number of axes of a sample: what an array can be taken for, beside numbers in a fixed shape."""

KIND, ROLE = "kind", "role"
"""Names of the two choices in the form; no kind of column has a setting of these names."""


class ColumnSettings(QWidget):
    """A form for one column.

    chosen(name, ColumnChoice, what, gesture): the user overruled something of the column; `what` names it.
    """

    chosen = Signal(str, object, str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column: Column | None = None
        self._choice = ColumnChoice()
        self._title = label("", "", self, wraps=True)
        self._title.setStyleSheet("font-weight: 600;")
        self.reason, self.given = label("", "muted", self, wraps=True), label("", "muted", self, wraps=True)
        self.form = ParamForm(self)
        self.form.edited.connect(self._edit)
        self.form.taken_back.connect(self._take_back)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self._title, self.reason, self.given, self.form):
            column.addWidget(widget)
        self.hide()

    def show_column(self, column: Column | None, data: Data | None) -> None:
        """Show a column of the data, or nothing. `column` may be one that was put together of others."""
        is_other = column is None or self._column is None or column.name != self._column.name
        self._column = column
        self.setVisible(column is not None)
        if column is None or data is None:
            return
        if is_other:
            self.form.forget_typing()
        self._choice = data.chosen.get(column.name, ColumnChoice())
        self._title.setText(column.name)
        self.reason.setText(f"{kind_title(column.kind)}: {column.reason}" if column.reason else "")
        self.reason.setVisible(bool(column.reason))
        self.given.setText(given(column))
        self.given.setVisible(column.role in ("input", "target") and bool(column.shape or not column.parts))
        values = {KIND: kind_title(column.kind), ROLE: role_titles(column)[column.role], **column.settings}
        chosen = {name: name in self._choice.settings for name in column.settings}
        self.form.show_params(params_of(column, self._choice, data.source), values, chosen=chosen)

    def _edit(self, name: str, value: Any) -> None:
        if self._column is not None:
            choice = overruled(self._choice, name, value)
            self.chosen.emit(self._column.name, choice, name, self.form.gesture)

    def _take_back(self, name: str) -> None:
        if self._column is not None:
            settings = {key: value for key, value in self._choice.settings.items() if key != name}
            choice = msgspec.structs.replace(self._choice, settings=settings)
            self.chosen.emit(self._column.name, choice, name, self.form.gesture)


def params_of(column: Column, choice: ColumnChoice, source: str) -> tuple[Param, ...]:
    """Kind, role and the settings of the preparation. Of a vector put together from columns only what is its own."""
    if column.parts:
        return ()
    params: list[Param] = []
    kinds = kinds_for(column, source)
    if len(kinds) > 1 or choice.kind:
        params.append(_overruling(KIND, tuple(KINDS[kind].title for kind in kinds), kind_title(column.kind),
                                  bool(choice.kind), "What kind of values these are."))
    titles = role_titles(column)
    params.append(_overruling(ROLE, tuple(titles.values()), titles[column.role], bool(choice.role), ROLE_HELP))
    has_settings = column.role in ("input", "target") and not column.is_derived
    return (*params, *(KINDS[column.kind].params if has_settings else ()))


def kinds_for(column: Column, source: str) -> tuple[str, ...]:
    """The kinds that a column of a source can be taken for, its own among them."""
    if source == "table" and column.kind in CELLS:
        return CELLS
    if source == "npz" and column.kind in ARRAYS.values():
        return tuple(dict.fromkeys(("vector", ARRAYS.get(len(column.shape), column.kind), column.kind)))
    return (column.kind,)


def overruled(choice: ColumnChoice, name: str, value: Any) -> ColumnChoice:
    """`choice` with what the form says. The settings of a kind go when it is changed."""
    if name == KIND:
        kind = next((kind for kind, spec in KINDS.items() if spec.title == value), "")
        return ColumnChoice(kind, choice.role)
    if name == ROLE:
        roles = {title: role for role, title in ROLE_TITLES.items()} | {COMES_ALONG: "ignore"}
        role = roles.get(value, "")
        return msgspec.structs.replace(choice, role=role)
    return msgspec.structs.replace(choice, settings={**choice.settings, name: value})


def with_choice(data: Data, name: str, choice: ColumnChoice) -> dict[str, ColumnChoice]:
    """What is decided about the columns of the data, with `choice` for one of them. Where that is a target now, those
    that were found stay targets beside it: else the network would read what it is to predict. Where nothing would be
    left to read, they change places."""
    chosen = {**data.chosen, name: choice}
    if choice == ColumnChoice():
        del chosen[name]
    is_new = choice.role == "target" and data.chosen.get(name, ColumnChoice()).role != "target"
    if is_new and any(leaf.role == "input" and leaf.name != name and not leaf.is_derived for leaf in data.leaves):
        chosen |= {leaf.name: msgspec.structs.replace(data.chosen.get(leaf.name, ColumnChoice()), role="target")
                   for leaf in data.leaves if leaf.role == "target" and leaf.name != name}
    return chosen


def _overruling(name: str, titles: tuple[str, ...], shown: str, is_overruled: bool, text: str) -> Choice:
    """A choice whose default is what was found: nothing to take back until it is overruled."""
    if is_overruled:
        return Choice(name=name, default=AS_FOUND, choices=(*titles, AS_FOUND), help=text)
    return Choice(name=name, default=shown, choices=titles, help=text)

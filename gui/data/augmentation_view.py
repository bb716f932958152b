"""Augmentation: the random changes of the training samples, in order, each with its settings."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.augmentation import AUGMENTATIONS, augmentation, fitting, misfit
from engine.options import Component
from engine.project import Column
from gui.widgets import icons, theme
from gui.widgets.labels import label
from gui.widgets.param_form import ParamForm

_LABEL_WIDTH = 70
"""Cards are narrower than panels."""


class AugmentationView(QWidget):
    """The steps as cards below each other, and a button that adds one.

    edited(steps, text, merge): the user wants these steps instead; `text` names the change for the undo list.
    """

    edited = Signal(object, str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[Component, ...] = ()
        self._columns: tuple[Column, ...] = ()
        self.cards: list[StepCard] = []
        self._note = label("", "muted", self, wraps=True)
        self.add = QPushButton(icons.icon("plus"), "Add a change", self)
        self.add.setToolTip("Random changes of the training samples make up for having few of them")
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.add.setMenu(self._menu)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self._note)
        self._column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)

    def show_steps(self, steps: Sequence[Component], columns: Sequence[Column]) -> None:
        """Show the steps of a data set with these columns. Cards of steps that stay are kept: typing goes on."""
        self._steps, self._columns = tuple(steps), tuple(columns)
        while len(self.cards) > len(steps):
            self._drop(self.cards.pop())
        for place, step in enumerate(steps):
            if place == len(self.cards):
                self.cards.append(self._new_card(place, step.type))
            elif self.cards[place].type != step.type:
                self._drop(self.cards[place])
                self.cards[place] = self._new_card(place, step.type)
            self.cards[place].show_step(step, misfit(step, columns), place > 0, place < len(steps) - 1)
        can_add = bool(fitting(columns))
        self.add.setVisible(can_add)
        self._note.setText("" if steps else "The training samples are used as they are." if can_add
                           else "There is none for this kind of data.")
        self._note.setVisible(not steps)

    def append(self, type: str) -> None:
        """Add a step at the end, with its default settings."""
        title = AUGMENTATIONS[type].title
        self.edited.emit((*self._steps, augmentation(type)), f"Add {title.lower()}", "")

    def _fill_menu(self) -> None:
        self._menu.clear()
        for spec in fitting(self._columns):
            action = self._menu.addAction(spec.title, lambda type=spec.type: self.append(type))
            action.setToolTip(spec.doc)
            action.setStatusTip(spec.doc)

    def _new_card(self, place: int, type: str) -> "StepCard":
        card = StepCard(type, self)
        card.form.edited.connect(lambda name, value: self._set(card, name, value))
        card.up.clicked.connect(lambda: self._move(card, -1))
        card.down.clicked.connect(lambda: self._move(card, 1))
        card.remove.clicked.connect(lambda: self._remove(card))
        self._column.insertWidget(1 + place, card)
        return card

    def _drop(self, card: "StepCard") -> None:
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _set(self, card: "StepCard", name: str, value: Any) -> None:
        place = self.cards.index(card)
        step = self._steps[place]
        changed = augmentation(step.type, {**step.params, name: value})
        self.edited.emit((*self._steps[:place], changed, *self._steps[place + 1:]),
                         f"Set {name.replace('_', ' ')} of {AUGMENTATIONS[step.type].title.lower()}",
                         f"data.augmentation.{place}.{name}.{card.form.gesture}")

    def _move(self, card: "StepCard", by: int) -> None:
        place = self.cards.index(card)
        steps = list(self._steps)
        steps.insert(place + by, steps.pop(place))
        self.edited.emit(tuple(steps), "Change the order of augmentation", "")

    def _remove(self, card: "StepCard") -> None:
        place = self.cards.index(card)
        self.edited.emit((*self._steps[:place], *self._steps[place + 1:]), f"Remove {card.title.text().lower()}", "")


class StepCard(QFrame):
    """One random change: its name, its settings, and buttons that move and remove it."""

    def __init__(self, type: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.type = type
        spec = AUGMENTATIONS.get(type)
        self._params = spec.params if spec else ()
        self.title = label(spec.title if spec else type, "", self, wraps=True)
        self.title.setStyleSheet("font-weight: 600;")
        self.title.setToolTip(spec.doc if spec else "")
        self.up = self._button("arrow-up", "Earlier")
        self.down = self._button("arrow-down", "Later")
        self.remove = self._button("x", "Remove")
        self.problem = label("", "warning", self, wraps=True)
        self.form = ParamForm(self, label_width=_LABEL_WIDTH)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.title, 1)
        for button in (self.up, self.down, self.remove):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 4, 8)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.problem)
        column.addWidget(self.form)
        self.setObjectName("step")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()

    def show_step(self, step: Component, problem: str, can_go_up: bool, can_go_down: bool) -> None:
        self.form.show_params(self._params, step.params)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.up.setEnabled(can_go_up)
        self.down.setEnabled(can_go_down)

    def _button(self, icon: str, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icons.icon(icon))
        button.setIconSize(QSize(14, 14))
        button.setAutoRaise(True)
        button.setToolTip(text)
        button.setAccessibleName(f"{text}: {self.title.text()}")
        return button

    def _restyle(self) -> None:
        colors = theme.colors()
        self.setStyleSheet(
            f"#step {{ background: transparent; border: 1px solid {colors.border}; border-radius: 6px; }}")

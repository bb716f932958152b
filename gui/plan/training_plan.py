"""The training plan in the window: puts strip, settings, colours of the canvas and the action together."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from gui.canvas.view import CanvasView
from gui.design.inspector import Inspector
from gui.document import Document
from gui.plan.shown_phase import ShownPhase
from gui.plan.strip import PlanStrip
from gui.widgets.actions import ActionSpec, build

if TYPE_CHECKING:
    from gui.plan.phase_settings import PhaseSettings

ACTIONS = (
    ActionSpec("plan", "Training &plan", "F8", "list-ordered",
               "Show the phases of the training: which losses are made small, and by changing what."),
)


class TrainingPlan(QObject):
    """The strip and the action; the settings of the phase that is shown, as a page of the inspector.

    settings_wanted: the settings of a phase are asked for: the inspector should come to the front.
    """

    settings_wanted = Signal()

    def __init__(self, document: Document, canvas: CanvasView, inspector: Inspector, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._canvas, self._inspector = document, canvas, inspector
        self._settings: PhaseSettings | None = None
        self._page: QWidget | None = None
        self.shown = ShownPhase(document, self)
        self.strip = PlanStrip(self.shown, window)
        self.actions = build(ACTIONS, {"plan": self.strip.open_plan}, window)
        self.strip.settings_wanted.connect(self.settings_wanted)
        self.strip.rename_wanted.connect(self._edit_name)
        self.shown.changed.connect(self._show)
        document.shown_changed.connect(self._color)
        canvas.effects_left.connect(self.shown.leave)

    @property
    def settings(self) -> "PhaseSettings":
        """Made when they are first wanted: most projects have no plan."""
        if self._settings is None:
            from gui.plan.phase_settings import PhaseSettings

            self._settings = PhaseSettings(self.shown)
        return self._settings

    @property
    def page(self) -> QWidget:
        """The settings in the inspector."""
        if self._page is None:
            self._page = self._inspector.add_page(self.settings)
        return self._page

    def _edit_name(self) -> None:
        if self._document.project.plan:
            self.settings.edit_name()

    def _show(self) -> None:
        self._color()
        if self.shown.phase is None:
            self._inspector.show_instead(None)
        else:
            self._inspector.show_instead(self.page)

    def _color(self) -> None:
        self._canvas.canvas.show_effects(self.shown.effects, self._document.shown)

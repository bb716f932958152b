"""The settings of the phase that is shown: objective, what it updates, optimizer and schedule, and when it is used."""

from typing import Any

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from engine.analysis.effects import effects
from engine.analysis.planning import with_phase
from engine.options import Options, with_option
from engine.params import Float, Int, Param
from engine.plan import Phase, objectives
from engine.project import Project
from gui.design.problem_card import ProblemCard
from gui.plan import edits
from gui.plan.shown_phase import ShownPhase
from gui.plan.updates_tree import UpdatesTree
from gui.training.component_forms import ComponentForms
from gui.widgets import icons, theme
from gui.widgets.combo import PanelCombo
from gui.widgets.labels import label
from gui.widgets.param_form import ParamForm
from gui.widgets.section import Section

LARGEST_STEP = 10**15
LONGEST_NAME = 60
TIMES: dict[str, Param] = {
    "every": Int(name="every", default=1, minimum=1, maximum=LARGEST_STEP,
                 help="Used in every so many-th step: 5 is one step of five."),
    "start": Int(name="from_step", default=0, minimum=0, maximum=LARGEST_STEP,
                 help="The first step in which it is used, from 0."),
    "stop": Int(name="to_step", default=0, minimum=0, maximum=LARGEST_STEP, zero="end",
                help="The step before which it ends, or the end of the training."),
    "clip": Float(name="clipping", default=0.0, minimum=0.0, zero="off",
                  help="The largest norm of the gradient of all its weights together; larger are shortened to it."),
}
"""Settings of a phase, by the names of its fields."""


class PhaseSettings(QWidget):
    """Shows the phase that is shown. Every change is one undoable edit."""

    def __init__(self, shown: ShownPhase, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown, self._document = shown, shown.document
        self._title = label("", "title", self, wraps=True)
        self.problems: list[ProblemCard] = []
        self._cards = QVBoxLayout()
        self._cards.setSpacing(6)
        self.make = QPushButton("Make a training plan", self)
        self.make.setIcon(icons.icon("list-ordered"))
        self.make.clicked.connect(self._make_plan)
        self._note = label("This one phase follows the options of training. With a plan of your own you say which "
                           "networks are updated, and how fast.", "muted", self, wraps=True)
        self._own = QWidget(self)
        self.name = QLineEdit(self._own)
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName("Name of the phase")
        self.name.setToolTip("What the phase is called, here and in charts.")
        self.name.textEdited.connect(self._take_name)
        self._refusal = label("", "error", self._own, wraps=True)
        self.objective = PanelCombo(self._own)
        self.objective.setAccessibleName("Objective")
        self.objective.setToolTip("The network with a loss that this phase makes small.")
        self.objective.textActivated.connect(self._take_objective)
        self.times = ParamForm(self._own)
        self.times.edited.connect(self._take_time)
        self.everything = QCheckBox("Update all that it reaches", self._own)
        self.everything.setToolTip("All weights that the objective computes with are updated, also those of networks "
                                   "that are drawn later.")
        self.everything.clicked.connect(self._take_everything)
        self.updates = UpdatesTree(self._own)
        self.updates.edited.connect(self._take_factor)
        self.components = ComponentForms(self._own)
        self.components.edited.connect(self._take_component)
        own = QVBoxLayout(self._own)
        own.setContentsMargins(0, 0, 0, 0)
        own.setSpacing(6)
        own.addWidget(self.name)
        own.addWidget(self._refusal)
        own.addLayout(self._objective_row())
        for part in (self.everything, self.updates, self.components,
                     Section("Steps and clipping", self.times, self._own)):
            own.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addLayout(self._cards)
        for part in (self._note, self.make, self._own):
            column.addWidget(part)
        shown.changed.connect(self._refresh)
        shown.document.opened.connect(self._forget_typing)
        theme.notifier().changed.connect(self._refresh)
        self._position = -1
        self._refresh()

    @property
    def refusal(self) -> str:
        """Why the name that is typed cannot be taken, "" if it can."""
        return self._refusal.text()

    def edit_name(self) -> None:
        """Put the keyboard on the name."""
        self.name.setFocus()
        self.name.selectAll()

    def _objective_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label("Objective", "", self._own))
        row.addWidget(self.objective, 1)
        return row

    def _refresh(self) -> None:
        phase, project = self._shown.phase, self._document.project
        if phase is None:
            return
        if self._position != self._shown.position:
            self._position = self._shown.position
            self._forget_typing()
        is_planned = bool(project.plan)
        self._title.setText(f"Phase {self._position + 1}" if is_planned else "Training without a plan")
        self._show_problems(phase)
        for part in (self._note, self.make):
            part.setVisible(not is_planned)
        self._own.setVisible(is_planned)
        if is_planned:
            self._show_phase(phase, project)

    def _show_phase(self, phase: Phase, project: Project) -> None:
        if self.name.text().strip() != phase.name:
            self.name.setText(phase.name)
        self._refuse("")
        offered = list(dict.fromkeys((*objectives(project), phase.objective)))
        if offered != [self.objective.itemText(row) for row in range(self.objective.count())]:
            self.objective.clear()
            self.objective.addItems(offered)
        self.objective.setCurrentText(phase.objective)
        told = effects(project, phase)
        self.everything.setChecked(not phase.updates)
        self.updates.show_updates(project, edits.factors(project, phase), told)
        self.components.show_options(Options(optimizer=phase.optimizer, scheduler=phase.scheduler))
        self.times.show_params(TIMES.values(), {param.name: getattr(phase, field) for field, param in TIMES.items()})

    def _show_problems(self, phase: Phase) -> None:
        found = [problem for problem in self._shown.problems if problem.phase == phase.name]
        while len(self.problems) < len(found):
            self.problems.append(ProblemCard(self._document, self))
            self._cards.addWidget(self.problems[-1])
        for card, problem in zip(self.problems, found, strict=False):
            card.show_problem(problem)
        for place, card in enumerate(self.problems):
            card.setVisible(place < len(found))

    def _forget_typing(self) -> None:
        for form in (self.times, self.components):
            form.forget_typing()

    def _make_plan(self) -> None:
        self._document.edit("Make training plan", edits.planned(self._document.project))

    def _take_time(self, name: str, value: Any) -> None:
        field = next(field for field, param in TIMES.items() if param.name == name)
        self._change(f"Set {name.replace('_', ' ')} of {self._phase.name}", f"{name}.{self.times.gesture}",
                     **{field: value})

    def _take_objective(self, objective: str) -> None:
        """Another objective reaches other networks: what it should update is guessed anew."""
        if objective != self._phase.objective:
            updates = edits.guessed(self._document.project, objective)
            self._change(f"Set objective of {self._phase.name}", "", objective=objective, updates=updates)

    def _take_name(self, text: str) -> None:
        name, others = text.strip(), [phase.name for phase in self._shown.phases if phase is not self._phase]
        refusal = "A phase has a name." if not name else "Another phase is called so." if name in others else ""
        if refusal:
            self._refuse(refusal)
        else:
            self._change("Rename phase", "phase name", name=name)

    def _refuse(self, text: str) -> None:
        self._refusal.setText(text)
        self._refusal.setVisible(bool(text))

    def _take_everything(self, is_on: bool) -> None:
        factors = {} if is_on else edits.factors(self._document.project, self._phase)
        self._change(f"Choose what {self._phase.name} updates", "", updates=factors)

    def _take_factor(self, graph: str, node_id: str, factor: float) -> None:
        project, phase = self._document.project, self._phase
        updates = edits.with_factor(edits.factors(project, phase), graph, node_id, factor)
        what = project.graphs[graph].node(node_id).name if node_id else graph
        self._change(f"{'Set factor of' if factor else 'Freeze'} {what}", "", updates=updates)

    def _take_component(self, name: str, value: Any, gesture: str) -> None:
        phase = self._phase
        options = with_option(Options(optimizer=phase.optimizer, scheduler=phase.scheduler), name, value)
        self._change(f"Set {name.replace('.', ' ').replace('_', ' ')} of {phase.name}", gesture,
                     optimizer=options.optimizer, scheduler=options.scheduler)

    @property
    def _phase(self) -> Phase:
        phase = self._shown.phase
        assert phase is not None, "settings are changed of a phase that is shown"
        return phase

    def _change(self, text: str, gesture: str, **changes: Any) -> None:
        project = with_phase(self._document.project, self._phase.name, **changes)
        self._document.edit(text, project, gesture)

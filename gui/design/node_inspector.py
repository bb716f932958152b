"""The inspector of one node: name, settings generated from the layer's declaration, shapes, costs and problems."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from engine import layers
from engine.analysis import NodeReport
from engine.analysis.library import placed
from engine.composition import place_graph
from engine.graph import Node
from engine.layers.networks import COMPOSITES, SHARING
from engine.layers.spec import NOTHING, LayerSpec
from engine.params import Choice, Param
from engine.project import Column
from engine.starter import input_params
from engine.tensors import TensorSpec
from gui.canvas.weight_sets import weight_sets
from gui.design.problem_card import ProblemCard
from gui.design.start_section import StartSection
from gui.document import Document
from gui.facts import Facts, magnitude
from gui.naming import is_free
from gui.session import Session
from gui.widgets import icons, theme
from gui.widgets.labels import label
from gui.widgets.param_form import ParamForm

ICON_SIZE = 20
MAX_NAME = 60
NONE = "Choose…"
"""Stands for the network of a node that does not say which one it places."""

NO_COLUMN = "(none)"
"""Stands for the column of an Input that brings in none."""


class NodeInspector(QWidget):
    """Shows and edits one node. Every change is one undo step; typing in one field is one step as a whole.

    entered(id): the network that the node places is to be shown. stepped: the selected Loop is to be stepped through.
    """

    entered = Signal(str)
    stepped = Signal()

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._id = ""
        self._icon = QLabel(self)
        self._icon.setFixedSize(ICON_SIZE, ICON_SIZE)
        self._type = label("", "title", self)
        self._doc = label("", "muted", self, wraps=True)
        self.name = QLineEdit(self)
        self.name.setAcceptDrops(False)
        self.name.setObjectName("node_name")
        self.name.setMaxLength(MAX_NAME)
        self.name.setToolTip("The name of this node on the canvas and in the code.")
        self.name.setAccessibleName("Node name")
        self.name.textEdited.connect(self._rename)
        self.name.editingFinished.connect(self._tidy_name)
        self._name_message = label("", "error", self, wraps=True)
        self._name_message.hide()
        self.open_button = QPushButton(icons.icon("square-arrow-right-enter"), "Open network", self)
        self.open_button.setToolTip("Show what is inside. A double click on the node does so, too.")
        self.open_button.clicked.connect(self._open)
        self.open_button.hide()
        self.step_button = QPushButton(icons.icon("step-forward"), "Step through", self)
        self.step_button.setToolTip("See its state in the trained network, one time step at a time (F7).")
        self.step_button.clicked.connect(self.stepped)
        self.step_button.hide()
        self.form = ParamForm(self)
        self.form.edited.connect(self._edit)
        self.start = StartSection(document, session, self)
        self.facts = Facts(self)
        self._cards: list[ProblemCard] = []
        self._lay_out()
        theme.notifier().changed.connect(self._restyle)

    @property
    def cards(self) -> list[ProblemCard]:
        """The problems of this node that are shown."""
        return [card for card in self._cards if not card.isHidden()]

    def show_node(self, node_id: str) -> None:
        """Show the node with that id, which exists."""
        is_other, self._id = node_id != self._id, node_id
        node = self._document.graph.node(node_id)
        spec = self._spec(node)
        if is_other:
            self._show_head(node, spec)
            self.form.forget_typing()
        is_placed = placed(node) in self._document.project.graphs
        self.open_button.setVisible(is_placed)
        self.step_button.setVisible(is_placed and node.type == "Loop")
        if is_other or not self.name.hasFocus():
            self._show_name(node)
        params = self._params(spec) if spec else ()
        self.form.show_params(params, self._shown(node, params))
        self.form.setVisible(bool(params))
        self._show_start(node)
        self._show_problems()
        self._show_facts()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._icon)
        head.addWidget(self._type, 1)
        self._problems = QVBoxLayout()
        self._problems.setSpacing(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._doc)
        column.addWidget(self.name)
        column.addWidget(self._name_message)
        column.addWidget(self.form)
        for button in (self.open_button, self.step_button):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.start)
        column.addLayout(self._problems)
        column.addWidget(self.facts)

    def _show_head(self, node: Node, spec: LayerSpec | None) -> None:
        self._type.setText(node.type)
        self._doc.setText(spec.doc if spec else
                          "This version of Neuroloom does not know this layer. It is kept as it is in the file.")
        self._restyle()

    def _restyle(self) -> None:
        if self._id not in self._document.graph:
            return
        node = self._document.graph.node(self._id)
        spec = self._spec(node)
        name, color = (spec.icon, theme.category_color(spec.category)) if spec else ("box", theme.colors().muted)
        if node.type in SHARING and placed(node) in self._document.project.graphs:
            color = theme.colors().series[weight_sets(self._document.library)[placed(node)]]
        self._icon.setPixmap(icons.icon(name, color).pixmap(ICON_SIZE, ICON_SIZE))

    def _spec(self, node: Node) -> LayerSpec | None:
        """The declaration of a node; without ports while it places no network."""
        return self._document.library.spec(node) or layers.find(node.type)

    def _params(self, spec: LayerSpec) -> tuple[Param, ...]:
        """The layer's params; the column of an Input is chosen among those of the data, a network among those of the
        project."""
        columns = self._columns()
        node = self._document.graph.node(self._id)
        if _is_composite(node):
            return tuple(self._graph_choice(node, param) if param.name == "graph" else param for param in spec.params)
        if spec.role != "input" or not columns:
            return spec.params
        names = dict.fromkeys((NO_COLUMN, *(column.name for column in columns),
                               str(node.params.get("column", "")) or NO_COLUMN))
        return tuple(
            Choice(name=param.name, default=NO_COLUMN, help=param.help, choices=tuple(names))
            if param.name == "column" else param
            for param in spec.params
        )

    def _shown(self, node: Node, params: tuple[Param, ...]) -> dict[str, object]:
        """The node's settings, with words for the network or the column that is not chosen."""
        words = {"graph": NONE, "column": NO_COLUMN}
        chosen = {param.name for param in params if isinstance(param, Choice)} & words.keys()
        return {**node.params, **{name: str(node.params.get(name) or words[name]) for name in chosen}}

    def _graph_choice(self, node: Node, param: Param) -> Choice:
        graphs = self._document.library.choices(self._document.shown)
        names = dict.fromkeys((*((NONE,) if not placed(node) else ()), *graphs, placed(node) or NONE))
        return Choice(name="graph", default=placed(node) or NONE, choices=tuple(names), help=param.help)

    def _columns(self) -> tuple[Column, ...]:
        data = self._document.project.data
        return data.columns if data else ()

    def _show_start(self, node: Node) -> None:
        """What shares the weights of a network starts as that network does."""
        survey, shared = self._document.survey, placed(node) if node.type in SHARING else ""
        if shared in survey.analyses:
            self.start.show_place(shared, "", shared, has_weights=survey.analyses[shared].weights > 0)
        else:
            report = self._document.analysis.nodes.get(self._id)
            self.start.show_place(self._document.shown, self._id, node.name,
                                  has_weights=report is not None and report.weights > 0)

    def _show_problems(self) -> None:
        problems = [problem for problem in self._document.analysis.problems if problem.node == self._id]
        wrong = {problem.param for problem in problems}
        spec = self._spec(self._document.graph.node(self._id))
        for param in spec.params if spec else ():
            self.form.mark(param.name, is_wrong=param.name in wrong)
        while len(self._cards) < len(problems):
            card = ProblemCard(self._document, self)
            self._problems.addWidget(card)
            self._cards.append(card)
        for position, card in enumerate(self._cards):
            card.setVisible(position < len(problems))
            if position < len(problems):
                card.show_problem(problems[position])

    def _show_facts(self) -> None:
        report = self._document.analysis.nodes.get(self._id)
        if report is None:
            self.facts.show_facts(())
            return
        spec = self._spec(self._document.graph.node(self._id))
        inputs = [("Takes" if i == 0 else "", text) for i, text in enumerate(_taken(spec, report))]
        outputs = [("Gives" if i == 0 else "", text) for i, text in enumerate(_given(spec, report))]
        waiting = [("Waits for", report.waits_for)] if report.waits_for else []
        costs = [
            ("Weights", magnitude(report.weights)),
            ("Multiply-adds", f"{magnitude(report.multiply_adds)} per sample"),
        ] if report.weights or report.multiply_adds else []
        self.facts.show_facts([*inputs, *outputs, *waiting, *costs])

    def _edit(self, name: str, value: object) -> None:
        graph = self._document.graph
        node = graph.node(self._id)
        if _is_composite(node) and name == "graph":
            self._place(node, str(value))
            return
        spec = self._spec(node)
        if spec and spec.role == "input" and name == "column":
            value = "" if value == NO_COLUMN else value
            changes = {name: value, **self._of_column(str(value))}
        else:
            changes = {name: value}
        text = f"Change {name.replace('_', ' ')} of {node.name}"
        merge = f"param {self._id} {name} {self.form.gesture}"
        self._document.edit_graph(text, graph.set_params(self._id, changes), merge)

    def _place(self, node: Node, name: str) -> None:
        """Place another network."""
        if name != NONE:
            project = place_graph(self._document.project, self._document.shown, node.id, name)
            self._document.edit(f"Place {name}", project)

    def _open(self) -> None:
        self.entered.emit(self._id)

    def _of_column(self, name: str) -> dict[str, object]:
        """What an Input has to say about a column besides its name."""
        column = next((column for column in self._columns() if column.name == name), None)
        return input_params(column) if column else {}

    def _rename(self, text: str) -> None:
        """Names tell nodes apart, so each is given once; an empty one is not taken."""
        name = " ".join(text.split())
        refusal = "" if name else "Give it a name."
        if name and not is_free(self._document.graph, self._id, name):
            refusal = f"There is already a node named “{name}”."
        self._name_message.setText(refusal)
        self._name_message.setVisible(bool(refusal))
        if not refusal:
            self._document.edit_graph("Rename", self._document.graph.update(self._id, name=name), f"name {self._id}")

    def _tidy_name(self) -> None:
        if self._id in self._document.graph:
            self._show_name(self._document.graph.node(self._id))

    def _show_name(self, node: Node) -> None:
        self.name.setText(node.name)
        self._name_message.hide()


def _is_composite(node: Node) -> bool:
    return node.type in COMPOSITES


def _taken(spec: LayerSpec | None, report: NodeReport) -> list[str]:
    """What comes in, with the port where there are several."""
    ports = spec.inputs if spec and not any(port.variadic for port in spec.inputs) else ()
    if len(ports) < 2:
        return [_unbroken(tensor) for tensor in report.inputs]
    if not report.inputs:
        return [port.title for port in ports] if spec and spec.type in COMPOSITES else []
    return [f"{port.title}: {_unbroken(tensor)}" for port, tensor in zip(ports, report.inputs, strict=False)
            if tensor is not NOTHING]


def _given(spec: LayerSpec | None, report: NodeReport) -> list[str]:
    """What comes out, with the port where there are several."""
    ports = spec.outputs if spec else ()
    if len(ports) < 2:
        return [_unbroken(tensor) for tensor in report.outputs.values()]
    if not report.outputs:
        return [port.title for port in ports] if spec and spec.type in COMPOSITES else []
    return [f"{port.title}: {_unbroken(report.outputs[port.name])}" for port in ports]


def _unbroken(spec: TensorSpec) -> str:
    """A shape that is never broken between the name of an axis and its size."""
    return ", ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in spec.described().split(", "))

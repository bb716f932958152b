"""Where the first weights of a network or layer come from, whether they fit, and whether the training leaves them."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from engine import known_runs, runs
from engine.analysis.freezing import frozen, is_frozen, is_trainable, unfrozen
from engine.analysis.starting import located, problems, without_start
from engine.errors import RunError
from engine.plan import address
from gui.document import Document
from gui.facts import counted, moment
from gui.session import Session
from gui.widgets import icons
from gui.widgets.labels import breakable, label

AT_RANDOM, A_RUN, A_FILE = "At random", "A run", "A file"
WEIGHT_FILES = "Weights (*.safetensors *.pt *.pth);;All files (*)"
LISTED_RUNS = 8

_LABEL_WIDTH = 92


class StartSection(QWidget):
    """Shows and edits the start of one place: a graph's own layers, or one node. What fits is checked in the worker."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._session = document, session
        self._graph = self._node = self._title = ""
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.choice = QPushButton(AT_RANDOM, self)
        self.choice.setMenu(self._menu)
        self.choice.setToolTip("Where the first weights come from: chance, an earlier run, or a file.")
        self.choice.setAccessibleName("Start from")
        self.clear = QToolButton(self)
        self.clear.setAutoRaise(True)
        self.clear.setIconSize(QSize(14, 14))
        self.clear.setIcon(icons.icon("x"))
        self.clear.setToolTip("Start at random")
        self.clear.setAccessibleName("Clear")
        self.clear.clicked.connect(self._start_at_random)
        policy = self.clear.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.clear.setSizePolicy(policy)
        self.path = label("", "muted", self, wraps=True)
        self.fits, self.partial = label("", "success", self, wraps=True), label("", "warning", self, wraps=True)
        self.error, self.detail = label("", "error", self, wraps=True), label("", "muted", self, wraps=True)
        self.frozen = QCheckBox(self)
        self.frozen.setObjectName("frozen")
        self.frozen.setToolTip("The training leaves these weights as they are. The training plan (F8) says more.")
        self.frozen.setAccessibleName("Frozen")
        self.frozen.clicked.connect(self._freeze)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._lay_out()
        session.starts.changed.connect(self._show_fit)

    def show_place(self, graph: str, node_id: str, title: str, *, has_weights: bool) -> None:
        """Show the start of a graph, or of one of its nodes, called `title`. Hidden where there are no weights."""
        self._graph, self._node, self._title = graph, node_id, title
        project = self._document.project
        path = project.starts.get(self._address, "")
        self.setVisible(has_weights or bool(path))
        self._show_choice(path)
        can_freeze = is_trainable(project, graph, node_id)
        self._frozen_label.setVisible(can_freeze)
        self.frozen.setVisible(can_freeze)
        self.frozen.setChecked(can_freeze and is_frozen(project, graph, node_id))

    @property
    def _address(self) -> str:
        return address(self._graph, self._node)

    def _lay_out(self) -> None:
        self._frozen_label = label("Frozen", "", self)
        self._frozen_label.setBuddy(self.frozen)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(0, _LABEL_WIDTH)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label("Start from", "", self), 0, 0)
        grid.addWidget(self.choice, 0, 1)
        grid.addWidget(self.clear, 0, 2)
        for line, text in enumerate((self.path, self.fits, self.partial, self.error, self.detail), 1):
            grid.addWidget(text, line, 0, 1, 3)
        grid.addWidget(self._frozen_label, 6, 0)
        grid.addWidget(self.frozen, 6, 1)

    def _show_choice(self, path: str) -> None:
        place = self._located(path)
        self.choice.setText(AT_RANDOM if not path else A_RUN if place.is_dir() else A_FILE)
        self.clear.setVisible(bool(path))
        self.path.setText(breakable(path))
        self.path.setToolTip(str(place) if path else "")
        self.path.setVisible(bool(path))
        self._show_fit()

    def _located(self, path: str) -> Path:
        return located(path, self._document.folder)

    def _show_fit(self) -> None:
        """What is known of the file: whether it is there, and what fits."""
        project = self._document.project
        if self._address not in project.starts:
            self._say()
            return
        missing = [problem for problem in problems(project, self._document.folder)
                   if (problem.graph, problem.node) == (self._graph, self._node)]
        fit = self._session.starts.fit(self._address)
        if missing:
            self._say(error=missing[0].message, detail=missing[0].hint)
        elif fit is None:
            self._say(detail="Checking what fits…")
        elif fit.failure:
            self._say(error=fit.failure[0], detail=fit.failure[1])
        else:
            self._tell(fit.matched, fit.total, fit.misfits)

    def _tell(self, matched: int, total: int, misfits: tuple[str, ...]) -> None:
        lines = "\n".join(line[:1].upper() + line[1:] for line in misfits)
        if matched == total:
            self._say(fits=f"All {counted(total, 'tensor')} fit by name and shape.", detail=lines)
        else:
            self._say(partial=f"{matched} of {counted(total, 'tensor')} fit by name and shape; the others start at "
                              "random.", detail=lines)

    def _say(self, *, fits: str = "", partial: str = "", error: str = "", detail: str = "") -> None:
        for widget, text in ((self.fits, fits), (self.partial, partial), (self.error, error), (self.detail, detail)):
            widget.setText(breakable(text))
            widget.setVisible(bool(text))

    def _fill_menu(self) -> None:
        self._menu.clear()
        self._menu.addAction(AT_RANDOM, self._start_at_random)
        self._menu.addSeparator()
        own = self._session.own_runs()
        shown = [run for run in (self._session.run,) if run and run.folder not in [each.folder for each in own]]
        self._offer(own, "No run of this project yet")
        self._menu.addSeparator()
        self._menu.addAction("Of other projects:").setEnabled(False)
        self._offer([*shown, *known_runs.others(self._document.path, [*own, *shown])], "No other run yet")
        self._menu.addSeparator()
        self._menu.addAction("A run's folder…", self._choose_folder)
        self._menu.addAction("A file of weights…", self._choose_file)

    def _offer(self, found: list[runs.Run], otherwise: str) -> None:
        """The first runs that have weights."""
        usable = [run for run in found if run.checkpoint("best").exists()][:LISTED_RUNS]
        for run in usable:
            info = run.info()
            best = f", loss {info.best:.4g}" if info.best is not None else ""
            text = f"Run of {moment(info.created)}{best}: {info.subject}"
            self._menu.addAction(text.replace("&", "&&"), partial(self._start, run.folder))
        if not usable:
            self._menu.addAction(otherwise).setEnabled(False)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Start from a run", str(self._current_folder()))
        if not chosen:
            return
        try:
            self._start(runs.open_run(Path(chosen)).folder)
        except RunError as error:
            self._say(error=error.message, detail=error.hint)

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Start from weights", str(self._current_folder()), WEIGHT_FILES)
        if path:
            self._start(Path(path))

    def _current_folder(self) -> Path:
        """Where a dialog begins: beside what is chosen, or with the project."""
        current = self._document.project.starts.get(self._address, "")
        return self._located(current).parent if current else self._document.folder or Path.home()

    def _start(self, path: Path) -> None:
        """Written as projects write paths: relative where the file moves with the project."""
        folder, project = self._document.folder, self._document.project
        is_inside = folder is not None and path.is_relative_to(folder)
        written = path.relative_to(folder).as_posix() if folder and is_inside else path.as_posix()
        self._document.edit(f"Start {self._title} from {path.name}",
                            project.replace(starts={**project.starts, self._address: written}))

    def _start_at_random(self) -> None:
        self._document.edit(f"Start {self._title} at random", without_start(self._document.project, self._address))

    def _freeze(self, is_on: bool) -> None:
        change, verb = (frozen, "Freeze") if is_on else (unfrozen, "Unfreeze")
        self._document.edit(f"{verb} {self._title}", change(self._document.project, self._graph, self._node))

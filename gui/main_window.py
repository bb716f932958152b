"""The main window: puts the parts together and decides nothing that a part can decide.

Panels that are not seen at first are made after the window is painted for the first time, see `gui.late_panels`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from engine.project import Data
from gui import drops, files
from gui.canvas.actions import ACTIONS as CANVAS_ACTIONS
from gui.canvas.actions import NETWORK_ACTIONS
from gui.canvas.workspace import Workspace
from gui.design.inspector import Inspector
from gui.design.palette import Palette
from gui.design.problems_panel import ProblemsPanel
from gui.docks import Docks
from gui.document import Document
from gui.facts import counted
from gui.files import Files
from gui.late_panels import LatePanels
from gui.menus import fill, fill_bar
from gui.plan.training_plan import TrainingPlan
from gui.recovery import Recovery
from gui.session import IDLE, Session
from gui.training.training_bar import TrainingBar
from gui.widgets import icons, messages, settings, theme
from gui.widgets.actions import ActionSpec, build
from gui.widgets.labels import label

if TYPE_CHECKING:
    from gui.data.browser.window import BrowserWindow

ACTIONS = (
    ActionSpec("quit", "&Quit", "Ctrl+Q", "log-out", "Close Neuroloom."),
    ActionSpec("undo", "&Undo", "Ctrl+Z", "undo-2", "Take back the last change."),
    ActionSpec("redo", "&Redo", "Ctrl+Shift+Z; Ctrl+Y", "redo-2", "Make the change again that was taken back."),
    ActionSpec("export", "&Export…", "Ctrl+Shift+E", "share", "Write the trained network to files for other programs."),
    ActionSpec("browse", "&Browse data", "Ctrl+B", "scan", "Look at every sample of the data, and what is in it."),
    ActionSpec("reset_layout", "&Reset layout", "", "layout-dashboard", "Put all panels where they were at first."),
    ActionSpec("find_layer", "&Find a layer", "Ctrl+F", "search", "Search the palette."),
    ActionSpec("commands", "&Commands and keys…", "F1; Ctrl+Shift+P", "keyboard", "Find any command, and do it."),
    ActionSpec("about", "&About Neuroloom", "", "info", "Version and licences."),
)
THEMES = (
    ActionSpec("system", "Like the &system", "", "monitor", "Light or dark as the system is.", checkable=True),
    ActionSpec("light", "&Light", "", "sun", "Dark text on a light ground.", checkable=True),
    ActionSpec("dark", "&Dark", "", "moon", "Light text on a dark ground.", checkable=True),
)
EDITING = ("cut", "copy", "paste", "duplicate", "duplicate_wired", None, "delete", "dissolve", "rename",
           "connect_selected", None, "select_all", "clear_selection")
NETWORKS = ("new_network", "rename_network", "remove_network", None, "group_network", "group_block", "ungroup", "enter",
            "step_through", "leave", None, "next_network", "previous_network")
TRAINING = ("plan", "train", "continue", "stop")
VIEWING = ("fit_all", "fit_selection", "actual_size", "zoom_in", "zoom_out")
TOOLBAR = ("new", "open", "save", None, "undo", "redo")
ICON_SIZE = 18
SMALLEST = QSize(900, 600)
LARGEST_FIRST = QSize(1600, 1000)
"""The size at the very first start, where the screen has that much room."""

FRAME = QSize(8, 40)
"""Room for the frame and title that the desktop puts around a window: without it, the status bar is off the screen."""

MESSAGE_MS = 6_000


class MainWindow(QMainWindow):
    """One window, one document, one session."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = Document(self)
        self.session = Session(self.document, self)
        self.recovery = Recovery(self.document, self)
        self.files = Files(self.document, self)
        self.workspace = Workspace(self.document, self)
        self.canvas = self.workspace.canvas
        self.training_bar = TrainingBar(self.document, self.session, self)
        self._summary = label("", "muted", self)
        self.setMinimumSize(SMALLEST)
        self.resize(LARGEST_FIRST.boundedTo(self.screen().availableSize() - FRAME))
        self.setAcceptDrops(True)
        self.setCentralWidget(self.workspace)
        self.docks = Docks(self)
        self._browser: BrowserWindow | None = None
        self._late = LatePanels(self.docks, self.document, self.session, self.browse, self)
        self._make_first_panels()
        self.plan = TrainingPlan(self.document, self.canvas, self.inspector, self)
        self.workspace.put_below(self.plan.strip)
        self.actions_by_id = self._make_actions()
        self._fill_toolbar()
        self._fill_menus()
        self.statusBar().addPermanentWidget(self.training_bar.progress)
        self.statusBar().addPermanentWidget(self._summary)
        self._connect()
        self.docks.restore()
        self._show_document()

    def complete(self) -> None:
        """Make the panels that were left out for the first paint."""
        self._late.finish()

    def show_message(self, text: str) -> None:
        """Say something in passing, in the status bar."""
        self.statusBar().showMessage(text, MESSAGE_MS)

    def browse(self, rows: Sequence[int] | None = None, title: str = "", row: int | None = None,
               data: Data | None = None) -> None:
        """Show the data browser, see `BrowserWindow.browse`."""
        if self._browser is None:
            from gui.data.browser.window import BrowserWindow

            self._browser = BrowserWindow(self.document, self.session, self)
        self._browser.browse(rows, title, row, data)

    def offer_recovery(self) -> None:
        """Offer unsaved work of a program that crashed, newest first, until one is taken."""
        for found in self.recovery.found():
            answer = messages.ask(
                self, "Unsaved work was found",
                f"Neuroloom ended unexpectedly. Your work on {found.name} from {found.time:%d %B, %H:%M} was kept.",
                "Restore it to go on where you were.", ("Restore", "Discard"), cancel="Decide later",
                destructive="Discard",
            )
            if answer == "Restore":
                self.recovery.restore(found)
                return
            if answer == "Discard":
                self.recovery.discard(found)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._late.is_finished:
            self.canvas.commands.fit_all()  # all docks have their size only now

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self._late.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not (self._may_stop_training() and self.files.may_leave()):
            event.ignore()
            return
        self._late.stop()
        if self._browser is not None:
            self._browser.close()
        self.docks.save()
        self.session.close()
        self.recovery.close()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if drops.dropped_path(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A project is opened; anything else is looked at as data."""
        if path := drops.project_path(event):
            event.acceptProposedAction()
            self.files.open(path)
        elif path := drops.data_path(event):
            event.acceptProposedAction()
            self.complete()
            self.docks.raise_dock("data")
            self.docks["data"].widget().open(path)

    def _make_first_panels(self) -> None:
        self.palette_panel = Palette(self.document, self)
        self.palette_panel.chosen.connect(self.canvas.add_layer)
        self.inspector = Inspector(self.document, self.session)
        self.inspector.node.entered.connect(self.canvas.networks.trail.enter)
        self.inspector.node.stepped.connect(self.canvas.networks.step_through)
        self.problems = ProblemsPanel(self.document)
        self.problems.counted.connect(self._show_problem_count)
        self._show_problem_count(*self.problems.counts)
        self.docks.put("palette", self.palette_panel)
        self.docks.put("inspector", self.inspector)
        self.docks.put("problems", self.problems)

    def _make_actions(self) -> dict[str, QAction]:
        stack = self.document.undo_stack
        handlers = {
            "quit": self.close, "undo": stack.undo, "redo": stack.redo, "export": self._export,
            "reset_layout": self.docks.reset, "find_layer": self._find_layer, "commands": self._show_commands,
            "about": self._show_about, "browse": self.browse,
        }
        own = build(ACTIONS, handlers, self)
        for name, can, texts in (("undo", stack.canUndoChanged, stack.undoTextChanged),
                                 ("redo", stack.canRedoChanged, stack.redoTextChanged)):
            can.connect(own[name].setEnabled)
            texts.connect(partial(_name_step, own[name], own[name].text()))
            own[name].setEnabled(False)
        return {**build(files.ACTIONS, self.files.handlers(), self), **own, **self.canvas.actions(),
                **self.training_bar.actions, **self.plan.actions}

    def _fill_toolbar(self) -> None:
        bar = QToolBar("Toolbar", self)
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        for name in TOOLBAR:
            bar.addAction(self.actions_by_id[name]) if name else bar.addSeparator()
        stretch = QWidget(bar)
        stretch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(stretch)
        self.training_bar.add_to(bar)
        bar.addSeparator()
        bar.addAction(self.actions_by_id["export"])
        export = bar.widgetForAction(self.actions_by_id["export"])
        assert isinstance(export, QToolButton)
        export.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        bar.toggleViewAction().setVisible(False)
        self.addToolBar(bar)

    def _fill_menus(self) -> None:
        templates = QMenu("New from &template", self)
        templates.setIcon(icons.icon("layout-template"))
        for path in files.templates():
            templates.addAction(files.template_title(path), partial(self.files.new_from, path))
        self._recent = QMenu("Open &recent", self)
        self._recent.setIcon(icons.icon("history"))
        panels = QMenu("&Panels", self)
        panels.setIcon(icons.icon("panels-top-left"))
        panels.addActions(self.docks.toggle_actions())
        fill_bar(self.menuBar(), {
            "&File": ("new", templates, "open", self._recent, None, "save", "save_as", None, "export", None, "quit"),
            "&Edit": ("undo", "redo", None, *EDITING),
            "&View": (*VIEWING, None, "browse", panels, self._theme_menu(), "reset_layout"),
            "&Network": ("search", "insert_layer", "find_layer", None, *NETWORKS, None, *TRAINING),
            "&Help": ("commands", "about"),
        }, self.actions_by_id)
        self._fill_recent()

    def _theme_menu(self) -> QMenu:
        menu = QMenu("&Theme", self)
        menu.setIcon(icons.icon("sun"))
        actions = build(THEMES, {spec.id: partial(self._show_theme, spec.id) for spec in THEMES}, self)
        group = QActionGroup(self)
        for action in actions.values():
            group.addAction(action)
        actions[settings.remembered("theme", "system")].setChecked(True)
        fill(menu, tuple(actions), actions)
        return menu

    def _connect(self) -> None:
        self.canvas.message.connect(self.show_message)
        self.canvas.networks.refused.connect(partial(messages.show, self, "Networks"))
        self.canvas.networks.steps_wanted.connect(self._show_steps)
        self.files.message.connect(self.show_message)
        self.files.recent_changed.connect(self._fill_recent)
        self.document.path_changed.connect(self._show_document)
        self.document.changed.connect(self._show_document)
        self.document.selection_changed.connect(self._show_selection)
        self.document.undo_stack.cleanChanged.connect(self._show_document)
        self.session.failed.connect(self._show_failure)
        self.session.state_changed.connect(self._show_training)
        self.session.run_changed.connect(self._show_run)
        self.plan.settings_wanted.connect(partial(self.docks.raise_dock, "inspector"))
        self.recovery.failed.connect(self._show_backup_failure)
        self._show_run()

    def _show_document(self) -> None:
        self.setWindowTitle(f"{self.files.title}[*] – Neuroloom")
        self.setWindowModified(not self.document.undo_stack.isClean())
        project, name = self.document.project, self.document.project.main
        nodes, weights = len(project.graph.nodes), self.document.survey.analyses[name].weights
        which = f"{name}: " if len(project.graphs) > 1 else ""
        self._summary.setText(f"{which}{counted(nodes, 'node')} · {counted(weights, 'weight')}  ")

    def _show_selection(self) -> None:
        """Who selects a layer wants to see its settings, unless a training is being watched."""
        if self.document.selection and self.session.state == IDLE:
            self.docks.bring_forward("inspector")

    def _show_theme(self, name: theme.Choice, is_on: bool) -> None:
        app = QApplication.instance()
        if is_on and isinstance(app, QApplication):
            settings.remember("theme", name)
            theme.apply(app, name)

    def _show_problem_count(self, errors: int, warnings: int) -> None:
        count = errors + warnings
        self.docks.set_title("problems", f"Problems ({count})" if count else "Problems")

    def _show_training(self, state: str) -> None:
        if state == "starting":
            self.complete()
            self.docks.raise_dock("charts")
            self.docks.raise_dock("training")

    def _show_run(self) -> None:
        self.actions_by_id["export"].setEnabled(self.session.run is not None)

    def _show_failure(self, message: str, hint: str) -> None:
        if self.document.obstacles:
            self.docks.raise_dock("problems")
        messages.show(self, "Training", message, hint)

    def _show_backup_failure(self, error: Exception) -> None:
        self.show_message(f"Unsaved work cannot be kept for a crash: {error}")

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in settings.recent_files():
            action = self._recent.addAction(Path(path).name, partial(self.files.open, Path(path)))
            action.setStatusTip(path)
        self._recent.setEnabled(not self._recent.isEmpty())

    def _find_layer(self) -> None:
        self.docks.raise_dock("palette")
        self.palette_panel.search.setFocus()
        self.palette_panel.search.selectAll()

    def _export(self) -> None:
        from gui.results.export_dialog import ExportDialog

        dialog = ExportDialog(self.session, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _show_steps(self, loop: str) -> None:
        self.complete()
        self.docks.raise_dock("steps")
        self.docks["steps"].widget().show_loop(loop)

    def _show_commands(self) -> None:
        from gui.commands_dialog import CommandsDialog

        on_canvas = {spec.id for spec in (*CANVAS_ACTIONS, *NETWORK_ACTIONS)}
        groups: dict[str, dict[str, QAction]] = {"Anywhere": {}, "On the canvas": {}}
        for name, action in self.actions_by_id.items():
            groups["On the canvas" if name in on_canvas else "Anywhere"][name] = action
        CommandsDialog(groups, self).open()

    def _show_about(self) -> None:
        from gui.about import AboutDialog

        AboutDialog(self).open()

    def _may_stop_training(self) -> bool:
        if self.session.state == IDLE:
            return True
        return bool(messages.ask(
            self, "Training is under way", "Stop the training and close Neuroloom?",
            "What was learned so far is saved; you can resume the training later.", ("Stop and close",),
            cancel="Keep open",
        ))


def _name_step(action: QAction, name: str, step: str) -> None:
    """ "Undo" becomes "Undo Add Linear 1"."""
    action.setText(f"{name} {step[:1].lower()}{step[1:]}" if step else name)

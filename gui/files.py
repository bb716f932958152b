"""Files of the document: new, templates, open, save, recent files, and the question before unsaved work is left."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from engine import projectfile
from engine.errors import EngineError
from engine.project import RESOURCES
from gui.document import Document
from gui.widgets import messages, settings
from gui.widgets.actions import ActionSpec

SUFFIX = ".neuroloom"
FILTER = f"Neuroloom projects (*{SUFFIX})"
TEMPLATES = RESOURCES / "templates"
EXAMPLE = TEMPLATES / f"perceptron{SUFFIX}"
TEMPLATE_TITLES = {"cnn": "Convolutional network (CNN)", "gan_ring": "Ring of points (GAN)",
                   "lstm": "Recurrent network (LSTM)"}
"""By the stem of the file, where that is no word."""

ACTIONS = (
    ActionSpec("new", "&New", "Ctrl+N", "file-plus", "Start with an empty network."),
    ActionSpec("open", "&Open…", "Ctrl+O", "folder-open", "Open a project file."),
    ActionSpec("save", "&Save", "Ctrl+S", "save", "Save the project."),
    ActionSpec("save_as", "Save &As…", "Ctrl+Shift+S", "save-all", "Save the project under another name."),
)


class Files(QObject):
    """What the File menu does. recent_changed: the recent files are others. message(str): for the status bar."""

    recent_changed = Signal()
    message = Signal(str)

    def __init__(self, document: Document, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._window = document, window

    def handlers(self) -> dict[str, Callable[..., object]]:
        return {"new": self.new, "open": self.ask_and_open, "save": self.save, "save_as": self.save_as}

    @property
    def title(self) -> str:
        """The name of the document, as the window's title shows it."""
        return self._document.path.stem if self._document.path else "Untitled"

    def new(self) -> None:
        """An empty, unsaved document."""
        if self.may_leave():
            self._document.new()

    def new_from(self, template: Path) -> None:
        """An unsaved document like a template."""
        if not self.may_leave():
            return
        try:
            self._document.new(projectfile.load(template))
        except EngineError as error:
            messages.show_error(self._window, "The template was not opened", error)

    def ask_and_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a project", self._start_folder(), FILTER)
        if path:
            self.open(Path(path))

    def open(self, path: Path) -> bool:
        """Open a file; if it is refused, the document stays and the reason is told."""
        if not self.may_leave():
            return False
        try:
            self._document.open(path.absolute())
        except EngineError as error:
            messages.show_error(self._window, f"{path.name} was not opened", error)
            if not path.exists():
                settings.remove_recent_file(str(path))
                self.recent_changed.emit()
            return False
        self._remember(path.absolute())
        return True

    def save(self) -> bool:
        """Save to the document's file, asking for a name the first time. False: not saved, and the user knows."""
        return self._save(self._document.path) if self._document.path else self.save_as()

    def save_as(self) -> bool:
        suggestion = self._document.path or Path(self._start_folder()) / self._suggested_name()
        path, _ = QFileDialog.getSaveFileName(self._window, "Save the project", str(suggestion), FILTER)
        if not path:
            return False
        return self._save(Path(path) if path.endswith(SUFFIX) else Path(path + SUFFIX))

    def may_leave(self) -> bool:
        """The document may be replaced: it is saved, or the user saved or gave it up now."""
        if self._document.undo_stack.isClean():
            return True
        answer = messages.ask(
            self._window, "Unsaved changes", f"Save the changes to “{self.title}”?",
            "They are lost if you do not save them.", ("Save", "Discard"), destructive="Discard",
        )
        return self.save() if answer == "Save" else answer == "Discard"

    def _save(self, path: Path) -> bool:
        try:
            self._document.save(path)
        except EngineError as error:
            messages.show_error(self._window, f"{path.name} was not saved", error)
            return False
        self._remember(path)
        self.message.emit(f"Saved {path.name}")
        return True

    def _suggested_name(self) -> str:
        letters = (letter for letter in self._document.project.main if letter.isalnum() or letter in " -_")
        return ("".join(letters).strip() or "network") + SUFFIX

    def _remember(self, path: Path) -> None:
        settings.add_recent_file(str(path))
        settings.remember("folder", str(path.parent))
        self.recent_changed.emit()

    def _start_folder(self) -> str:
        remembered = settings.remembered("folder", "")
        folder = self._document.folder or (Path(remembered) if remembered else Path.home())
        return str(folder if folder.is_dir() else Path.home())


def templates() -> list[Path]:
    """The bundled templates, by name; the example first."""
    return sorted(TEMPLATES.glob(f"*{SUFFIX}"), key=lambda path: (path != EXAMPLE, path.stem))


def template_title(path: Path) -> str:
    """The name of a template as the menu shows it: "cnn" is "Convolutional network (CNN)"."""
    plain = path.stem.replace("-", " ").replace("_", " ").capitalize()
    return TEMPLATE_TITLES.get(path.stem, plain)

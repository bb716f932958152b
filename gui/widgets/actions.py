"""Actions as data: menus, toolbars, shortcuts and tooltips are computed from tables of `ActionSpec`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from gui.widgets import icons


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing the user can do.

    id        its name in code: "undo", "zoom_in"
    text      its menu text, with "&" before the letter of its mnemonic; an ellipsis if a question follows
    shortcut  its keys as Qt writes them, several separated by "; ": "F5; Ctrl+Return"
    icon      a Lucide name, "" for none
    help      one sentence for the tooltip and the status bar
    checkable it is on or off
    context   where the shortcut works: in the whole window, or only while the widget that owns it has the focus
    """

    id: str
    text: str
    shortcut: str = ""
    icon: str = ""
    help: str = ""
    checkable: bool = False
    context: Qt.ShortcutContext = Qt.ShortcutContext.WindowShortcut

    @property
    def keys(self) -> list[QKeySequence]:
        return [QKeySequence(keys) for keys in self.shortcut.split("; ")] if self.shortcut else []


def build(
    specs: Iterable[ActionSpec], handlers: Mapping[str, Callable[..., object]], owner: QWidget
) -> dict[str, QAction]:
    """The actions of a table by id, each with its handler, owned by `owner` and with shortcuts that work there.

    A handler of a checkable action takes whether the user switched it on; the others take nothing. Raises KeyError for
    a spec without a handler.
    """
    return {spec.id: _built(spec, handlers[spec.id], owner) for spec in specs}


def buttons(built: Iterable[QAction], parent: QWidget) -> list[QToolButton]:
    """A flat button for each action."""
    made = []
    for action in built:
        button = QToolButton(parent)
        button.setDefaultAction(action)
        button.setAutoRaise(True)
        button.setAccessibleName(action.iconText())
        made.append(button)
    return made


def _built(spec: ActionSpec, handler: Callable[..., object], owner: QWidget) -> QAction:
    action = QAction(spec.text, owner)
    action.setObjectName(spec.id)
    action.setIconText(name_of(spec))
    action.setCheckable(spec.checkable)
    if spec.icon:
        action.setIcon(icons.icon(spec.icon))
    action.setShortcuts(spec.keys)
    action.setShortcutContext(spec.context)
    action.setToolTip(tooltip(spec))
    action.setStatusTip(spec.help)
    if spec.checkable:
        action.triggered.connect(lambda is_on: handler(is_on))  # noqa: PLW0108 - PySide gives a partial no argument
    else:
        action.triggered.connect(lambda _checked=False: handler())
    owner.addAction(action)
    return action


def name_of(spec: ActionSpec) -> str:
    """The plain name: "Save As". It stays when the menu text says more, such as "Undo add Linear 1"."""
    return spec.text.replace("&", "").rstrip("…")


def tooltip(spec: ActionSpec) -> str:
    """Name, keys and help, as rich text."""
    name = name_of(spec)
    keys = f"&nbsp;&nbsp;({spec.keys[0].toString(QKeySequence.SequenceFormat.NativeText)})" if spec.keys else ""
    help_text = f"<br>{spec.help}" if spec.help else ""
    return f"<b>{name}</b>{keys}{help_text}"

"""The canvas's actions, declared once: menus, shortcuts, tooltips and the context menu are computed from here."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from gui.canvas.commands import Commands
from gui.widgets import actions
from gui.widgets.actions import ActionSpec

FOCUSED = Qt.ShortcutContext.WidgetWithChildrenShortcut


def _spec(name: str, text: str, shortcut: str, icon: str, help_text: str) -> ActionSpec:
    return ActionSpec(name, text, shortcut, icon, help_text, context=FOCUSED)


ACTIONS = (
    _spec("search", "&Add layer…", "Tab; Shift+A", "plus", "Search for a layer and add it at the pointer."),
    _spec("insert_layer", "&Insert layer…", "", "between-horizontal-start", "Search for a layer to put into the wire."),
    _spec("cut", "Cu&t", "Ctrl+X", "scissors", "Move the selected layers to the clipboard."),
    _spec("copy", "&Copy", "Ctrl+C", "copy", "Copy the selected layers and the wires among them."),
    _spec("paste", "&Paste", "Ctrl+V", "clipboard-paste", "Paste layers at the pointer."),
    _spec("duplicate", "D&uplicate", "Ctrl+D", "copy-plus", "Copy the selected layers beside themselves."),
    _spec("duplicate_wired", "Duplicate with &wires", "Ctrl+Shift+D", "",
          "Copy the selected layers and the wires into them."),
    _spec("delete", "&Delete", "Del; Backspace", "trash-2", "Delete the selected layers and wires."),
    _spec("dissolve", "Delete and &keep wires", "Ctrl+Del", "unlink",
          "Delete the selected layers and join the wires that ran through them."),
    _spec("connect_selected", "&Wire in a row", "W", "spline", "Wire the selected layers from left to right."),
    _spec("rename", "&Rename", "F2", "pencil", "Change the name of the selected layer."),
    _spec("select_all", "Select &all", "Ctrl+A", "square-dashed", "Select every layer."),
    _spec("clear_selection", "Select &nothing", "Ctrl+Shift+A", "", "Clear the selection."),
    _spec("fit_all", "&Fit all", "Home", "maximize", "Show the whole network."),
    _spec("fit_selection", "Fit &selection", "F", "scan", "Show the selected layers as large as they fit."),
    _spec("actual_size", "&100 %", "Ctrl+0", "", "Show layers at their natural size."),
    _spec("zoom_in", "Zoom &in", "Ctrl++; Ctrl+=", "zoom-in", "Make everything larger."),
    _spec("zoom_out", "Zoom &out", "Ctrl+-", "zoom-out", "Make everything smaller."),
)
"""Ids are methods of `Commands`."""

SEPARATOR = ""
ON_NODE = ("rename", "duplicate", "duplicate_wired", SEPARATOR, "cut", "copy", "paste", SEPARATOR, "connect_selected",
           "fit_selection", SEPARATOR, "delete", "dissolve")
ON_WIRE = ("insert_layer", SEPARATOR, "delete")
ON_CANVAS = ("search", "paste", "select_all", SEPARATOR, "fit_all", "actual_size")

NEED_NODES = frozenset(("cut", "copy", "duplicate", "duplicate_wired", "dissolve"))
"""What can be done only with nodes selected."""


def build(commands: Commands, owner: QWidget) -> dict[str, QAction]:
    """The actions by id, working while `owner` has the focus."""
    return actions.build(ACTIONS, {spec.id: getattr(commands, spec.id) for spec in ACTIONS}, owner)

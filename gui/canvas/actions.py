"""The canvas's actions, declared once: menus, shortcuts, tooltips and the context menu are computed from here."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.layers.networks import COMPOSITES
from gui.canvas.commands import Commands
from gui.canvas.networks import LOOPED, Networks
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

NETWORK_ACTIONS = (
    ActionSpec("new_network", "New &network", "Ctrl+T", "square-plus", "Add an empty network, in a tab of its own."),
    ActionSpec("rename_network", "Rename n&etwork", "Shift+F2", "pencil", "Change the name of the shown network."),
    ActionSpec("remove_network", "Re&move network", "", "trash-2", "Remove the shown network from the project."),
    ActionSpec("next_network", "Ne&xt network", "Ctrl+PgDown", "", "Show the network of the next tab."),
    ActionSpec("previous_network", "&Previous network", "Ctrl+PgUp", "", "Show the network of the tab before."),
    _spec("group_network", "&Group into network", "Ctrl+G", "group",
          "Make a network of the selected layers; it can be placed again, with the same weights."),
    _spec("group_block", "Group into &block", "Ctrl+Shift+G", "package",
          "Make a block of the selected layers; each copy has weights of its own."),
    _spec("ungroup", "&Ungroup", "Ctrl+Alt+G", "ungroup", "Put the layers of the selected network in its place."),
    _spec("enter", "&Open network", "Return; Enter", "square-arrow-right-enter",
          "Show what is inside the selected network. A double click does so, too."),
    _spec("step_through", "&Step through", "F7", "step-forward",
          "See the state of the selected Loop of the trained network, one time step at a time."),
    _spec("leave", "&Leave network", "Alt+Up", "square-arrow-right-exit",
          "Go back to where the shown network was opened from. Escape does so, too."),
)
"""Ids are methods of `Networks`."""

SEPARATOR = ""
ON_NODE = ("enter", "step_through", "rename", "duplicate", "duplicate_wired", SEPARATOR, "cut", "copy", "paste",
           SEPARATOR, "connect_selected", "fit_selection", SEPARATOR, "group_network", "group_block", "ungroup",
           SEPARATOR, "delete", "dissolve")
ON_WIRE = ("insert_layer", SEPARATOR, "delete")
ON_CANVAS = ("search", "paste", "select_all", SEPARATOR, "fit_all", "actual_size", SEPARATOR, "new_network", "leave")

NEED_NODES = frozenset(("cut", "copy", "duplicate", "duplicate_wired", "dissolve"))
"""What can be done only with nodes selected. What groups and ungroups says itself what is to be selected."""


def menu(built: Mapping[str, QAction], table: Iterable[str], owner: QWidget) -> QMenu:
    """The context menu with the actions of a table, deleted when it is closed."""
    made = QMenu(owner)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for name in table:
        made.addSeparator() if name == SEPARATOR else made.addAction(built[name])
    return made


def enable(built: Mapping[str, QAction], nodes: int, wires: int, networks: Networks) -> None:
    """Switch actions on and off, as so many nodes and wires are selected."""
    enabled = {
        **dict.fromkeys(NEED_NODES, nodes > 0), "delete": nodes + wires > 0, "insert_layer": wires == 1,
        "rename": nodes == 1, "connect_selected": nodes > 1, "enter": bool(networks.selected(COMPOSITES)),
        "step_through": bool(networks.selected(LOOPED)), "leave": bool(networks.trail.steps),
    }
    for name, is_enabled in enabled.items():
        built[name].setEnabled(is_enabled)


def build(commands: Commands, networks: Networks, owner: QWidget) -> dict[str, QAction]:
    """The actions by id, all but that for a new network working while `owner` has the focus."""
    return {**actions.build(ACTIONS, {spec.id: getattr(commands, spec.id) for spec in ACTIONS}, owner),
            **actions.build(NETWORK_ACTIONS, {spec.id: getattr(networks, spec.id) for spec in NETWORK_ACTIONS}, owner)}

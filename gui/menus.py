"""The menu bar, computed from a table of action ids."""

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

Entries = Sequence[str | QMenu | None]
"""Ids of actions, submenus, and None for a line."""


def fill_bar(bar: QMenuBar, menus: Mapping[str, Entries], actions: Mapping[str, QAction]) -> None:
    """Fill a menu bar. Raises KeyError for an id that is no action."""
    for title, entries in menus.items():
        fill(bar.addMenu(title), entries, actions)


def fill(menu: QMenu, entries: Entries, actions: Mapping[str, QAction]) -> None:
    menu.setToolTipsVisible(False)
    for entry in entries:
        if entry is None:
            menu.addSeparator()
        elif isinstance(entry, QMenu):
            menu.addMenu(entry)
        else:
            menu.addAction(actions[entry])

"""Data of every kind dragged from the desktop onto the window, by the mouse: XDND between two processes.

Run in a process of its own on an X display: python -m tests.stories.drops SHARED FOLDER [light|dark] [case...].
Pictures of what was opened, and opened.json with what was found, are written to FOLDER.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from gui import app
from gui.data.data_panel import DataPanel
from gui.main_window import MainWindow
from gui.widgets import theme
from tests.stories import desktop
from tests.stories.driver import Hand, scaled, tell
from tests.stories.sources import CASES

PATIENCE_SECONDS = 90


class Story:
    """Drops each data set somewhere else in the window, looks at it, and draws a starter network for it."""

    def __init__(self, window: MainWindow, paths: dict[str, Path], corner: QPoint, folder: Path) -> None:
        self.window, self.paths, self.corner, self.folder = window, paths, corner, folder
        self.opened: dict[str, Any] = {}

    def __call__(self, hand: Hand) -> None:
        hand.wait(lambda: self.window.docks["try"].widget().layout(), "all panels")
        for row, name in enumerate(self.paths):
            hand.see(self.window.document.new)
            goals = (self.window.canvas.viewport(), self.window.docks["palette"].widget(),
                     self.window.docks["inspector"].widget(), self.panel)
            self.drop(hand, row, goals[row % len(goals)])
            hand.wait(lambda: self.window.document.project.data, f"{name} in the window", PATIENCE_SECONDS)
            hand.wait(lambda: self.panel.isVisible() and not self.panel.is_reading, f"a look at {name}",
                      PATIENCE_SECONDS)
            self.opened[name] = hand.see(self.found)
            hand.click(self.panel.starter)
            hand.wait(lambda: self.window.document.graph.nodes, "the starter network")
            self.opened[name]["trainable"] = hand.see(lambda: not self.window.document.analysis.errors)
            hand.shoot(name)
            (self.folder / "opened.json").write_text(json.dumps(self.opened, indent=1))

    @property
    def panel(self) -> DataPanel:
        panel = self.window.docks["data"].widget()
        assert isinstance(panel, DataPanel)
        return panel

    def drop(self, hand: Hand, row: int, goal: QWidget) -> None:
        if hand.see(lambda: goal.visibleRegion().isEmpty()):
            goal = self.window.canvas.viewport()
        scale = hand.see(self.window.devicePixelRatioF)
        start = desktop.place_of(row, self.corner) * scale
        hand.drag(start, hand.see(lambda: scaled(goal.mapToGlobal(goal.rect().center()), goal)))

    def found(self) -> dict[str, Any]:
        """What the panel shows."""
        data = self.window.document.project.data
        assert data is not None
        return {
            "source": data.source, "told": self.panel.place.told, "message": self.panel.message.text(),
            "columns": {leaf.name: (leaf.kind, leaf.role) for leaf in data.leaves},
            "rows": sum(map(len, self.panel.samples.browser.rows.values())) if self.panel.samples.browser else 0,
            "findings": [finding.message for finding in self.panel.findings.findings],
        }


def main(arguments: list[str]) -> int:
    shared, folder = Path(arguments[0]), Path(arguments[1])
    colors = arguments[2] if len(arguments) > 2 else "light"
    paths = {}
    for name in arguments[3:] or CASES:
        (folder / "made" / name).mkdir(parents=True)
        paths[name] = CASES[name](shared, folder / "made" / name).path
    application = app.create_application([])
    theme.apply(application, colors)
    window = app.create_window(None)
    screen = window.screen().geometry()
    corner = QPoint(screen.width() - desktop.WIDTH, 0)
    place = [str(number) for number in (corner.x(), corner.y())]
    files = subprocess.Popen([sys.executable, "-m", "tests.stories.desktop", *place, *map(str, paths.values())])
    window.setGeometry(0, 0, corner.x(), screen.height())
    window.show()
    code = tell(Story(window, paths, corner, folder), window, folder)
    files.terminate()
    files.wait()
    window.session.close()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

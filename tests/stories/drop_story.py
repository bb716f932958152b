"""Every kind of data set, dragged from the desktop onto the window with a real mouse.

Run in a process of its own on an X display: python -m tests.stories.drop_story FOLDER SHARED [light|dark] [case...].
A picture of the window after every drop is written to FOLDER.
"""

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QPoint

from gui import app
from gui.main_window import MainWindow
from gui.widgets import theme
from tests.stories.driver import Hand, tell
from tests.stories.file_manager import ROW, WIDTH
from tests.stories.sources import CASES, Case


class Story:
    """Drops one case after the other and looks at what the window makes of it."""

    def __init__(self, window: MainWindow, cases: dict[str, Case]) -> None:
        self.window, self.cases = window, cases

    def __call__(self, hand: Hand) -> None:
        hand.wait(lambda: self.window.docks["data"].widget().layout(), "the Data panel")
        for row, (name, case) in enumerate(self.cases.items()):
            start = QPoint(WIDTH // 2, row * ROW + ROW // 2)
            hand.drag(start, hand.center(self.window.canvas))
            hand.wait(lambda case=case: self.is_shown(case), f"{name} in the project", 120)
            hand.shoot(name)

    def is_shown(self, case: Case) -> bool:
        """True once the project has the data set, with the columns that it should have."""
        data = self.window.document.project.data
        if data is None or data.located(None) != case.path:
            return False
        assert data.source == case.source
        found = {leaf.name: (leaf.kind, leaf.role) for leaf in data.leaves}
        wrong = {name: found.get(name) for name, told in case.columns.items() if found.get(name) != told}
        assert not wrong or case.settings, wrong
        return True


def main() -> int:
    folder, shared = (Path(argument).resolve() for argument in sys.argv[1:3])
    colors, *names = sys.argv[3:] or ["light"]
    cases = {}
    for name in names or CASES:
        (folder / "made" / name).mkdir(parents=True)
        cases[name] = CASES[name](shared, folder / "made" / name)
    application = app.create_application([])
    theme.apply(application, colors)
    window = app.create_window(None)
    window.setGeometry(WIDTH, 0, 1280, 800)
    window.show()
    manager = subprocess.Popen([sys.executable, "-m", "tests.stories.file_manager",
                                *(str(case.path) for case in cases.values())])
    try:
        return tell(Story(window, cases), window, folder)
    finally:
        manager.terminate()
        manager.wait()
        window.session.close()


if __name__ == "__main__":
    sys.exit(main())

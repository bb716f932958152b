"""Recovery: a process that is killed loses nothing that stood for a second."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine import projectfile
from gui import files, recovery
from gui.document import Document
from gui.recovery import Recovery
from tests.gui.dialogs import answer, messages_of, opened

ROOT = Path(__file__).resolve().parents[2]

EDITOR = """
import sys
from pathlib import Path
from gui import app
application = app.create_application([])
window = app.create_window(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
window.show()
window.canvas.add_layer("Dropout")
file = window.recovery.file
while not file.exists():
    application.processEvents()
print("written", flush=True)
application.exec()
"""


def killed_editor(home: Path, *arguments: str) -> None:
    """A real program with an unsaved edit, killed."""
    environment = {**os.environ, "NEUROLOOM_HOME": str(home)}
    with subprocess.Popen([sys.executable, "-c", EDITOR, *arguments], cwd=ROOT, env=environment,
                          stdout=subprocess.PIPE, text=True) as editor:
        assert editor.stdout is not None
        assert editor.stdout.readline() == "written\n"
        assert found_by_another() == [], "unsaved work of a living program is not offered"
        editor.send_signal(signal.SIGKILL)


def found_by_another() -> list[recovery.Found]:
    document = Document()
    keeper = Recovery(document)
    found = keeper.found()
    keeper.close()
    return found


def test_unsaved_work_survives_a_kill(qtbot: QtBot, neuroloom_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.neuroloom"
    path.write_bytes(files.EXAMPLE.read_bytes())
    killed_editor(neuroloom_home, str(path))
    document = Document()
    keeper = Recovery(document)
    (found,) = keeper.found()
    assert found.path == path
    keeper.restore(found)
    assert "Dropout" in {node.type for node in document.graph.nodes}
    assert document.path == path
    assert not document.undo_stack.isClean()
    assert projectfile.load(path) == projectfile.load(files.EXAMPLE)
    assert keeper.found() == [], "restored work is offered once"
    assert keeper.file.exists(), "restored work is unsaved, so it is kept again"
    keeper.close()
    assert not keeper.file.exists()


OUTCOMES = [("Restore", False), ("Discard", False), ("Decide later", True)]


@pytest.mark.parametrize(("pressed", "is_offered_again"), OUTCOMES)
def test_the_next_start_offers_it(qtbot: QtBot, neuroloom_home: Path, pressed: str, is_offered_again: bool) -> None:
    killed_editor(neuroloom_home)
    with opened(qtbot) as window:
        asked = answer(pressed)
        window.offer_recovery()
        assert "unexpectedly" in asked[0]
        assert ("Dropout" in {node.type for node in window.document.graph.nodes}) == (pressed == "Restore")
        assert bool(window.recovery.found()) == is_offered_again
        assert messages_of(window) == []


def test_saving_and_undoing_remove_it(qtbot: QtBot, tmp_path: Path) -> None:
    document = Document()
    keeper = Recovery(document)
    document.new(projectfile.load(files.EXAMPLE))
    document.edit("Note", document.project.replace(notes="changed"))
    qtbot.waitUntil(keeper.file.exists)
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: not keeper.file.exists())
    document.undo_stack.redo()
    qtbot.waitUntil(keeper.file.exists)
    document.save(tmp_path / "saved.neuroloom")
    qtbot.waitUntil(lambda: not keeper.file.exists())
    keeper.close()


def test_edits_in_a_row_do_not_put_it_off(qtbot: QtBot) -> None:
    document = Document()
    keeper = Recovery(document)
    document.new(projectfile.load(files.EXAMPLE))
    number = 0

    def edit_until_written() -> bool:
        nonlocal number
        number += 1
        document.edit("Note", document.project.replace(notes=str(number)))
        return keeper.file.exists()

    qtbot.waitUntil(edit_until_written)
    keeper.close()


def test_a_damaged_recovery_file_is_passed_over(qtbot: QtBot) -> None:
    folder = recovery.folder()
    folder.mkdir(parents=True)
    (folder / "1-aaaa.unsaved").write_bytes(b'{"path": "", "project": {"sch')
    assert found_by_another() == []


def test_a_full_disk_is_said_once_and_editing_goes_on(qtbot: QtBot, neuroloom_home: Path) -> None:
    folder = recovery.folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_bytes(b"a file where the folder should be")
    document = Document()
    keeper = Recovery(document)
    told: list[object] = []
    keeper.failed.connect(told.append)
    for note in ("one", "two"):
        document.edit("Note", document.project.replace(notes=note))
        keeper.write()
    assert len(told) == 1
    assert document.project.notes == "two"
    folder.unlink()
    keeper.close()

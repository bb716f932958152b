"""The platform under the program: known faults of its pieces, and what starting the window may load."""

import os
import subprocess
import sys

from PySide6.QtCore import QObject

from tests.contracts.source_tree import ROOT

START = """
import sys, threading
from PySide6.QtWidgets import QApplication
from gui import app
application = app.create_application([])
window = app.create_window(None)
window.show()
application.processEvents()
assert window.isVisible()
slow = {"torch", "onnx", "onnxruntime", "polars", "networkx", "sympy"}
heavy = sorted({name.split(".")[0] for name in sys.modules} & slow)
assert not heavy, f"starting the editor imports {heavy}"
window.close()
application.processEvents()
left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
assert not left, f"threads left: {left}"
"""


def test_reference_counts_of_none_do_not_drift() -> None:
    """PySide6 6.12.0 on Python 3.11 loses a reference to None per call, and aborts after some thousands."""
    before = sys.getrefcount(None)
    for _ in range(200):
        QObject().setObjectName("x")
    assert sys.getrefcount(None) > before - 100


def test_the_editor_starts_without_torch(tmp_path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "NEUROLOOM_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-W", "error", "-c", START], cwd=ROOT, env=environment, text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "QThread" not in done.stderr


def test_the_terminal_starts_without_torch_and_qt(tmp_path) -> None:
    program = ("import sys; sys.argv = ['neuroloom', 'check', 'resources/templates/perceptron.neuroloom', '--json']\n"
               "from gui.launch import main\n"
               "code = main()\n"
               "assert not code, code\n"
               "heavy = {name.split('.')[0] for name in sys.modules} & {'torch', 'PySide6', 'pyqtgraph'}\n"
               "assert not heavy, heavy")
    environment = {**os.environ, "NEUROLOOM_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr

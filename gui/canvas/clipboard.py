"""Layers on the clipboard: the project file format, so that they can be pasted into a mail and back."""

from PySide6.QtCore import QMimeData

from engine import projectfile
from engine.errors import ProjectError
from engine.graph import Graph
from engine.project import Project

NODES = "application/x-neuroloom-nodes"
LARGEST = 16 * 1024 * 1024
"""Bytes. Text on the clipboard can come from anywhere."""


def written(graph: Graph) -> QMimeData:
    """`graph` as our own format and as text."""
    data = projectfile.dumps(Project({"Clipboard": graph}))
    mime = QMimeData()
    mime.setData(NODES, data)
    mime.setText(data.decode())
    return mime


def read(mime: QMimeData | None) -> Graph:
    """The layers on the clipboard (None: it cannot be read), checked like a project file. Raises ProjectError."""
    mime = mime or QMimeData()
    data = bytes(mime.data(NODES).data()) if mime.hasFormat(NODES) else mime.text().encode(errors="replace")
    if not data.lstrip().startswith(b"{") or len(data) > LARGEST:
        raise ProjectError("The clipboard holds no layers.", "Copy layers on the canvas first.")
    return projectfile.loads(data, "the clipboard").graph

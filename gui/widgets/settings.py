"""What the window remembers between starts: layout, theme, recent files, folded categories. Nothing of a project."""

import json
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from engine import folders

MAX_RECENT = 10


def remembered(name: str, default: Any = None) -> Any:
    """A JSON value, or `default` if there is none or it cannot be read."""
    text = _file().value(name)
    try:
        return default if text is None else json.loads(str(text))
    except ValueError:
        return default


def remember(name: str, value: Any) -> None:
    file = _file()
    file.setValue(name, json.dumps(value))
    file.sync()


def remembered_bytes(name: str) -> QByteArray:
    """Bytes that Qt wrote, such as a layout; empty if there are none."""
    return QByteArray.fromBase64(QByteArray(str(remembered(name, "")).encode()))


def remember_bytes(name: str, value: QByteArray) -> None:
    remember(name, bytes(value.toBase64().data()).decode())


def recent_files() -> list[str]:
    """Project files, last used first."""
    paths = remembered("recent", [])
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def add_recent_file(path: str) -> None:
    remember("recent", [path, *(p for p in recent_files() if p != path)][:MAX_RECENT])


def remove_recent_file(path: str) -> None:
    remember("recent", [p for p in recent_files() if p != path])


def _file() -> QSettings:
    return QSettings(str(folders.config() / "window.ini"), QSettings.Format.IniFormat)

"""Where the program keeps its own files. NEUROLOOM_HOME, if set, holds them all (tests and portable installs)."""

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

_NAME = "neuroloom"


def config() -> Path:
    """Settings of the program."""
    return _folder("config", platformdirs.user_config_path)


def data() -> Path:
    """What the user made without choosing a place: runs of unsaved projects, fault reports."""
    return _folder("data", platformdirs.user_data_path)


def cache() -> Path:
    """What can be computed again."""
    return _folder("cache", platformdirs.user_cache_path)


def state() -> Path:
    """Recovery files and logs."""
    return _folder("state", platformdirs.user_state_path)


def _folder(kind: str, default: Callable[..., Path]) -> Path:
    home = os.environ.get("NEUROLOOM_HOME")
    return Path(home).expanduser() / kind if home else default(_NAME, appauthor=False)

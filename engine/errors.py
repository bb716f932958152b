"""Errors of operations: what failed, and what the user can do about it.

What is wrong with a *design* is never an exception: see ``engine.problems``.
"""


class EngineError(Exception):
    """An operation failed for a reason the user can act on. ``str(error)`` is the message, ready to show."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ProjectError(EngineError):
    """A project file cannot be read or written."""


class StorageError(EngineError):
    """A file cannot be read or durably written. What was on the disk before is still there, whole."""


class DataError(EngineError):
    """A data set cannot be found, read or prepared."""


class OptionError(EngineError):
    """A training option or a layer parameter has a value that it cannot take."""


class TrainingError(EngineError):
    """A run cannot start or cannot go on."""


class WeightsError(EngineError):
    """A weights file cannot be read or matches nothing."""


class RunError(EngineError):
    """A run folder is missing or damaged."""


class ExportError(EngineError):
    """A model could not be exported, or the exported file does not compute what the network computes."""

"""What to tell the user when a job breaks off: a message and a hint in plain words."""

import errno
import re

from engine.errors import EngineError

_ASKED_BYTES = re.compile(r"tried to allocate (\d+) bytes|Tried to allocate ([\d.]+ [KMGT]iB)")
_MEMORY_HINT = "Choose a smaller batch size or a smaller network, or close other programs."


def explained(error: Exception) -> tuple[str, str]:
    """Message and hint for any error of a job. What is not foreseen is called a fault of the program."""
    if isinstance(error, EngineError):
        return error.message, error.hint
    text = str(error)
    if _is_memory(error, text):
        asked = _ASKED_BYTES.search(text)
        amount = ""
        if asked:
            amount = f": {int(asked[1]) / 2**20:,.0f} MB more were asked for" if asked[1] else f": {asked[2]} more " \
                "were asked for"
        return f"The memory is full{amount}.", _MEMORY_HINT
    if text.startswith("Expected more than 1 value per channel"):
        return ("Batch normalisation cannot learn from a batch with one number per channel.",
                "Choose a batch size above 1, or take the BatchNorm layer out.")
    if isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        return f"{what}{error.strerror or error}.", "Check the disk and the folder of the run."
    first = text.splitlines()[0] if text else "no message"
    return (f"A fault of the program, not of your work: {type(error).__name__}: {first[:300]}",
            "The details are in the log. Please report them; the run's last checkpoint is intact.")


def _is_memory(error: Exception, text: str) -> bool:
    return (isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
            or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
            or "can't allocate memory" in text or "not enough memory" in text)

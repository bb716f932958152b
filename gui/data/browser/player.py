"""Plays a recording through a program of the computer, and says where it is."""

import os
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from engine import processes

_INTERVAL_MS = 30
NO_PLAYER = "No program that plays sound was found. Install alsa-utils (aplay) or pulseaudio-utils (paplay)."


class Player(QObject):
    """One recording at a time. moved(share): how much was played, negative when it is over. failed(message)."""

    moved = Signal(float)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: subprocess.Popen[bytes] | None = None
        self._file: Path | None = None
        self._start = self._seconds = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=_INTERVAL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def is_playing(self) -> bool:
        return self._process is not None

    def play(self, samples: NDArray[np.float32], rate: int, start: float = 0.0) -> None:
        """Play samples (n,) between -1 and 1 from a share of their length on; what was played before is stopped."""
        self.stop()
        try:
            self._file = _written(samples[int(start * len(samples)) :], rate)
            self._process = processes.start_player(self._file)
        except OSError as error:
            self.stop()
            self.failed.emit(f"The sound cannot be played: {error}.")
            return
        self._start, self._seconds = start, max(1, len(samples)) / rate
        self._clock.start()
        self._timer.start()
        self.moved.emit(start)

    def stop(self) -> None:
        """Be silent, at once."""
        self._end()

    def _poll(self) -> None:
        process = self._process
        if process is None or process.poll() is None:
            self.moved.emit(min(1.0, self._start + self._clock.elapsed() / 1000 / self._seconds))
            return
        told = self._end()
        if process.returncode:
            reason = told.splitlines()[-1] if told else f"the player ended with {process.returncode}"
            self.failed.emit(f"The sound cannot be played: {reason}")

    def _end(self) -> str:
        """End the process and delete its file; what it said."""
        self._timer.stop()
        process, file, self._process, self._file = self._process, self._file, None, None
        told = b""
        if process is not None:
            processes.kill(process)
            told = process.communicate()[1]
            self.moved.emit(-1.0)
        if file is not None:
            file.unlink(missing_ok=True)
        return told.decode(errors="replace").strip()


def _written(samples: NDArray[np.float32], rate: int) -> Path:
    """The samples as a temporary WAV file of 16 bits."""
    handle, name = tempfile.mkstemp(suffix=".wav", prefix="neuroloom-")
    with os.fdopen(handle, "wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(np.nan_to_num(samples), -1, 1) * 32767).astype("<i2").tobytes())
    return Path(name)

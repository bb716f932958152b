"""The spectrogram that people look at; what the network gets is made by its own preparation."""

import numpy as np
from numpy.typing import NDArray

_WINDOW = 512
_FRAMES = 400
"""Frames at most: more than a panel has pixels."""

_DECIBELS = 80.0


def spectrum(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """How loud each pitch is at each moment: samples (n,) -> (frames, 257) decibels, from the loudest at 0 to -80."""
    padded = np.pad(np.nan_to_num(samples), _WINDOW // 2)
    hop = max(_WINDOW // 4, len(samples) // _FRAMES)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::hop] * np.hanning(_WINDOW)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    decibels = 10 * np.log10(power / max(float(power.max()), 1e-20) + 1e-12)
    return np.maximum(decibels, -_DECIBELS).astype(np.float32)

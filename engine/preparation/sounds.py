"""Recordings: decoded to one channel at a fixed rate, and turned into spectrograms."""

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .parts import AnyArray, Part, Stored

Samples = NDArray[np.float32]

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus"})
RATES = range(100, 1_000_001)
MAX_CHANNELS = 64
BLOCK_SAMPLES = 1 << 22
"""Recordings are turned into spectrograms so many samples at a time."""

SMALLEST_POWER = 1e-10


def is_sound(head: bytes) -> bool:
    """By the first twelve bytes of a file: WAV, FLAC or OGG."""
    return head.startswith((b"fLaC", b"OggS")) or (head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE")


def duration(source: bytes | BinaryIO) -> float:
    """Seconds, as the header says. Raises DataError, whose message leaves the name out."""
    return facts(source)[0]


def facts(source: bytes | BinaryIO) -> tuple[float, int]:
    """Seconds and samples a second, as the header says. Raises DataError as `duration` does."""
    import soundfile

    try:
        with soundfile.SoundFile(_file(source)) as file:
            return float(file.frames / file.samplerate), int(file.samplerate)
    except (soundfile.SoundFileError, OSError, ValueError, ZeroDivisionError) as error:
        raise DataError(f"it is not a recording that can be read ({_reason(error)})") from None


def decode(source: bytes | BinaryIO, rate: int, seconds: float) -> Samples:
    """The first `seconds` of a recording, its channels mixed to one, at `rate` samples a second: float32 (samples,).

    No more than those seconds is ever in memory, whatever a header promises. Raises DataError, whose message leaves
    the file's name out.
    """
    import soundfile

    try:
        with soundfile.SoundFile(_file(source)) as file:
            if file.samplerate not in RATES or not 0 < file.channels <= MAX_CHANNELS:
                raise DataError(f"it has {file.channels} channels of {file.samplerate} samples a second")
            wanted = min(ceil(seconds * file.samplerate) + 1, max(0, file.frames))
            loud = file.read(wanted, dtype="float32", always_2d=True).mean(axis=1)
            own_rate = file.samplerate
    except (soundfile.SoundFileError, OSError, ValueError, MemoryError) as error:
        raise DataError(f"it is damaged, or no recording that can be read ({_reason(error)})") from None
    if not len(loud):
        raise DataError("it holds no sound")
    if not np.isfinite(loud).all():
        raise DataError("it holds numbers that are no sound")
    return resampled(loud, own_rate, rate)[: ceil(seconds * rate)]


def resampled(samples: Samples, own_rate: int, rate: int) -> Samples:
    """At another rate, by a polyphase filter."""
    if own_rate == rate:
        return samples
    from scipy.signal import resample_poly

    factor = Fraction(rate, own_rate).limit_denominator(1000)
    factor = factor if factor else Fraction(1, 1000)
    return np.asarray(resample_poly(samples, factor.numerator, factor.denominator), np.float32)


def shape(settings: Mapping[str, Any]) -> tuple[int, ...]:
    """One prepared sample's: (frames, bands), (frames, coefficients) or (1, samples)."""
    samples = _samples(settings)
    if settings["features"] == "waveform":
        return (1, samples)
    coefficients = settings["coefficients"] if settings["features"] == "mfcc" else settings["bands"]
    return (1 + samples // _hop(settings), min(settings["bands"], coefficients))


def encode(part: Part, recordings: Sequence[AnyArray]) -> Stored:
    """Recordings at the part's rate, float32 (samples,) each, as float32 (n, *shape), cut or padded with silence, and
    how many frames (or samples) of each are real."""
    settings, count = part.settings, _samples(part.settings)
    values = np.empty((len(recordings), *part.shape), np.float32)
    lengths = np.array([min(len(recording), count) for recording in recordings], np.int64).reshape(len(recordings))
    step = max(1, BLOCK_SAMPLES // count)
    for start in range(0, len(recordings), step):
        block = np.zeros((min(step, len(recordings) - start), count), np.float32)
        for row, recording in enumerate(recordings[start : start + step]):
            kept = np.asarray(recording, np.float32)[:count]
            block[row, : len(kept)] = kept
        values[start : start + step] = block[:, None] if settings["features"] == "waveform" else features(
            block, settings)
    if settings["features"] == "waveform":
        return Stored(values, np.maximum(lengths, 1))
    return Stored(values, 1 + lengths // _hop(settings))


def features(samples: AnyArray, settings: Mapping[str, Any]) -> Samples:
    """Spectra of recordings (n, samples): (n, frames, bands) in decibels, or their (n, frames, coefficients).

    As librosa computes them: power spectra of Hann windows centred on every hop, `mel_filters`, then
    10 log10(max(power, 1e-10)); the coefficients are the first of the orthonormal DCT-II over the bands.
    """
    from scipy import fft

    hop = _hop(settings)
    window = _window(settings)
    size = len(window)
    padded = np.pad(samples, ((0, 0), (size // 2, size // 2)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::hop]
    spectra = np.abs(fft.rfft(frames * window, axis=-1)) ** 2
    mel = spectra @ mel_filters(settings["rate"], size, settings["bands"]).T
    decibels: Samples = (10 * np.log10(np.maximum(mel, SMALLEST_POWER))).astype(np.float32)
    if settings["features"] == "log-mel":
        return decibels
    cepstra: Samples = fft.dct(decibels, type=2, norm="ortho", axis=-1)[..., : settings["coefficients"]]
    return cepstra


@lru_cache(maxsize=8)
def mel_filters(rate: int, size: int, bands: int) -> Samples:
    """Triangular filters (bands, 1 + size // 2) of equal area, evenly spread on the mel scale from 0 to rate / 2.

    The scale and the areas are those of M. Slaney's Auditory Toolbox (1998), librosa's default: linear below 1,000 Hz,
    logarithmic above.
    """
    edges = _hertz(np.linspace(0.0, _mel(rate / 2), bands + 2))
    bins = np.linspace(0, rate / 2, 1 + size // 2)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    filters = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return filters.astype(np.float32)


LINEAR_HERTZ = 200 / 3
"""Hertz of one mel below 1,000 Hz."""

CORNER = 1000.0
LOG_STEP = np.log(6.4) / 27


def _mel(hertz: float) -> float:
    if hertz < CORNER:
        return hertz / LINEAR_HERTZ
    return float(CORNER / LINEAR_HERTZ + np.log(hertz / CORNER) / LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    corner = CORNER / LINEAR_HERTZ
    return np.where(mel < corner, mel * LINEAR_HERTZ, CORNER * np.exp(LOG_STEP * (np.maximum(mel, corner) - corner)))


def _samples(settings: Mapping[str, Any]) -> int:
    return max(1, round(float(settings["rate"] * settings["seconds"])))


def _hop(settings: Mapping[str, Any]) -> int:
    return max(1, round(float(settings["rate"] * settings["hop"] / 1000)))


def _window(settings: Mapping[str, Any]) -> Samples:
    """A periodic Hann window in the middle of the next power of two samples."""
    count = max(2, round(settings["rate"] * settings["window"] / 1000))
    size = 1 << (count - 1).bit_length()
    window = np.zeros(size, np.float32)
    start = (size - count) // 2
    window[start : start + count] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(count) / count)
    return window


def _file(source: bytes | BinaryIO) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:120]

"""Recordings: decoded from files of every kind, resampled, and turned into spectrograms as the formulas say."""

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.errors import DataError
from engine.preparation import encode, finish, sample_shape
from engine.preparation.sounds import decode, duration, features, is_sound, mel_filters, resampled
from engine.project import Column
from tests.engine.preparing import made, prepared

DIGITS = {"rate": 8000, "seconds": 0.5, "features": "log-mel", "bands": 40, "coefficients": 13, "window": 25.0,
          "hop": 10.0, "normalize": "auto"}


def column(**chosen: Any) -> Column:
    settings = {**DIGITS, **chosen}
    return Column("sound", "audio", "input", sample_shape("audio", 0, settings), settings=settings)


def tone(hertz: float, seconds: float = 0.5, rate: int = 8000) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def written(samples: np.ndarray, rate: int = 8000, form: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=form, subtype=subtype)
    return file.getvalue()


@pytest.fixture
def digits(shared_data: Path) -> dict[str, bytes]:
    """Recordings of spoken digits by name."""
    with zipfile.ZipFile(shared_data / "fsdd" / "fsdd.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".wav")]
        return {name: archive.read(name) for name in names[::100]}


def slow_mel_filters(rate: int, size: int, bands: int) -> np.ndarray:
    """Slaney's filters written out: linear to 1,000 Hz (15 mel), then 27 mel for every factor of 6.4."""
    def hertz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)

    highest = rate / 2
    top = highest * 3 / 200 if highest < 1000 else 15 + 27 * np.log(highest / 1000) / np.log(6.4)
    edges = [hertz(top * index / (bands + 1)) for index in range(bands + 2)]
    filters = np.zeros((bands, 1 + size // 2))
    for band in range(bands):
        low, middle, high = edges[band : band + 3]
        for place in range(1 + size // 2):
            frequency = place * rate / size
            if low < frequency <= middle:
                filters[band, place] = (frequency - low) / (middle - low)
            elif middle < frequency < high:
                filters[band, place] = (high - frequency) / (high - middle)
            filters[band, place] *= 2 / (high - low)
    return filters


@pytest.mark.parametrize(("rate", "size", "bands"), [(8000, 256, 40), (16000, 512, 64), (44100, 2048, 128),
                                                     (1500, 64, 8)])
def test_mel_filters_are_those_of_the_formula(rate: int, size: int, bands: int) -> None:
    assert np.allclose(mel_filters(rate, size, bands), slow_mel_filters(rate, size, bands), atol=1e-7)


def slow_spectrogram(samples: np.ndarray) -> np.ndarray:
    """Every frame of a digit by itself, in float64: a window of 25 ms in 256 samples, every 10 ms."""
    window, size, hop = 200, 256, 80
    hann = np.zeros(size)
    hann[(size - window) // 2 : (size - window) // 2 + window] = 0.5 - 0.5 * np.cos(
        2 * np.pi * np.arange(window) / window)
    padded = np.concatenate([np.zeros(size // 2), samples, np.zeros(size // 2)])
    filters = slow_mel_filters(8000, size, 40)
    frames = []
    for start in range(0, len(samples) + 1, hop):
        power = np.abs(np.fft.rfft(padded[start : start + size] * hann)) ** 2
        frames.append(10 * np.log10(np.maximum(filters @ power, 1e-10)))
    return np.array(frames)


def test_spectrograms_are_those_of_the_formula(digits: dict[str, bytes]) -> None:
    part = made(column(normalize="none"), {"sound": []})
    for data in list(digits.values())[:5]:
        samples = decode(data, 8000, 0.5)
        found = encode(part, {"sound": [samples]}).values[0]
        whole = np.zeros(4000)
        whole[: len(samples)] = samples
        expected = slow_spectrogram(whole)
        assert found.shape == expected.shape == (51, 40)
        loud = expected > -60
        assert np.allclose(found[loud], expected[loud], atol=0.05)


def test_cepstra_are_the_cosine_transform_of_the_bands() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, (2, 4000)).astype(np.float32)
    bands = features(samples, DIGITS).astype(np.float64)
    found = features(samples, {**DIGITS, "features": "mfcc"})
    basis = np.cos(np.pi * np.arange(40)[:, None] * (np.arange(40) + 0.5) / 40) * np.sqrt(2 / 40)
    basis[0] /= np.sqrt(2)
    assert np.allclose(found, bands @ basis.T[:, :13], atol=1e-3)


def test_a_tone_lies_in_its_band_and_where_it_sounds() -> None:
    samples = np.concatenate([tone(1000, 0.25), np.zeros(2000, np.float32)])
    found = encode(made(column(normalize="none"), {"sound": []}), {"sound": [samples]}).values[0]
    centres = slow_mel_filters(8000, 256, 40).argmax(axis=1) * 8000 / 256
    assert abs(centres[found[10].argmax()] - 1000) < 60
    assert np.allclose(found[30:], -100)


@pytest.mark.parametrize(("kind", "shape"), [("log-mel", (51, 40)), ("mfcc", (51, 13)), ("waveform", (1, 4000))])
def test_shapes_and_lengths(digits: dict[str, bytes], kind: str, shape: tuple[int, ...]) -> None:
    sounds = [decode(data, 8000, 0.5) for data in digits.values()] + [np.zeros(5000, np.float32)]
    part = made(column(features=kind), {"sound": sounds})
    stored = encode(part, {"sound": sounds})
    assert stored.values.shape == (len(sounds), *shape)
    assert stored.values.dtype == np.float32
    assert stored.lengths is not None
    samples = np.minimum([len(sound) for sound in sounds], 4000)
    assert stored.lengths.tolist() == (samples if kind == "waveform" else 1 + samples // 80).tolist()
    values = prepared(part, {"sound": sounds})
    axes = (0, 1, 2) if kind == "waveform" else (0, 1)
    assert np.allclose(values.mean(axis=axes), 0, atol=1e-3)
    assert np.allclose(values.std(axis=axes), 1, atol=1e-3)


def test_more_coefficients_than_bands_are_as_many_as_the_bands() -> None:
    part = made(column(features="mfcc", bands=10, coefficients=13), {"sound": [tone(400)]})
    assert encode(part, {"sound": [tone(400)]}).values.shape == (1, 51, 10)


@pytest.mark.parametrize(("normalize", "low", "high"), [("0 to 1", 0, 1), ("-1 to 1", -1, 1)])
def test_sounds_in_a_range(normalize: str, low: float, high: float) -> None:
    part = made(column(normalize=normalize), {"sound": [tone(400), tone(2000)]})
    values = finish(part, encode(part, {"sound": [tone(400), tone(2000)]}).values)
    assert (values.min(), values.max()) == pytest.approx((low, high), abs=1e-5)


@pytest.mark.parametrize(("form", "subtype"), [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "FLOAT"),
                                               ("WAV", "PCM_U8"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")])
def test_files_of_every_kind(form: str, subtype: str) -> None:
    data = written(tone(500), form=form, subtype=subtype)
    assert is_sound(data[:12])
    assert duration(data) == pytest.approx(0.5)
    found = decode(data, 8000, 1.0)
    assert len(found) == 4000
    assert np.corrcoef(found, tone(500))[0, 1] > 0.99
    assert (decode(io.BytesIO(data), 8000, 1.0) == found).all()


def test_channels_are_mixed_and_only_the_wanted_seconds_are_read() -> None:
    both = np.stack([tone(500, 3), -tone(500, 3)], axis=1)
    assert np.abs(decode(written(both), 8000, 3.0)).max() < 1e-3
    assert len(decode(written(tone(500, 3)), 8000, 0.25)) == 2000
    assert len(decode(written(tone(500, 3)), 16000, 0.25)) == 4000


@pytest.mark.parametrize(("own", "wanted"), [(44100, 16000), (8000, 16000), (48000, 8000), (11025, 16000),
                                             (22051, 16000)])
def test_another_rate_keeps_the_pitch(own: int, wanted: int) -> None:
    found = resampled(tone(440, 1, own), own, wanted)
    assert len(found) == pytest.approx(wanted, rel=1e-3)
    spectrum = np.abs(np.fft.rfft(found * np.hanning(len(found))))
    assert np.fft.rfftfreq(len(found), 1 / wanted)[spectrum.argmax()] == pytest.approx(440, abs=2)


def test_every_truncation_and_many_changes_are_an_error_or_a_sound(digits: dict[str, bytes]) -> None:
    random = np.random.default_rng(0)
    whole = next(iter(digits.values()))
    broken = [whole[:size] for size in range(0, len(whole), len(whole) // 40)]
    for form in ("FLAC", "OGG"):
        data = written(tone(500), form=form)
        broken += [data[:size] for size in range(0, len(data), max(1, len(data) // 40))]
    for _ in range(200):
        changed = bytearray(whole)
        changed[random.integers(60)] = random.integers(256)
        broken.append(bytes(changed))
    refused = []
    for data in broken:
        try:
            found = decode(data, 8000, 0.5)
            assert 0 < len(found) <= 4000
            assert np.isfinite(found).all()
        except DataError as error:
            refused.append(error.message)
    assert len(refused) > 10
    assert all(message.startswith("it ") for message in refused)


def test_a_header_that_promises_hours_or_strange_rates_costs_nothing() -> None:
    data = bytearray(written(tone(500, 0.01)))
    place = data.index(b"data")
    struct.pack_into("<I", data, place + 4, 0x7FFFFFF0)
    assert len(decode(bytes(data), 8000, 1.0)) <= 8000
    struct.pack_into("<I", data, 24, 2_000_000_000)
    with pytest.raises(DataError, match="samples a second"):
        decode(bytes(data), 8000, 1.0)
    with pytest.raises(DataError, match="no recording"):
        decode(b"RIFF\x04\x00\x00\x00WAVEhello", 8000, 1.0)
    with pytest.raises(DataError, match="no sound"):
        decode(written(np.zeros(0, np.float32)), 8000, 1.0)
    with pytest.raises(DataError, match="are no sound"):
        decode(written(np.full(100, np.nan, np.float32), subtype="FLOAT"), 8000, 1.0)

"""Sounds in the data browser: heard through a program of the computer, followed by a play head, silenced at once."""

import stat
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine import processes
from engine.project import Column
from gui.data.browser.column_views import SoundView
from gui.data.browser.player import NO_PLAYER, Player
from gui.data.browser.spectrum import spectrum
from gui.widgets.waveform import envelope

RATE = 8000
TONE = np.sin(np.arange(2 * RATE) * 2 * np.pi * 440 / RATE).astype(np.float32)
PATIENCE_MS = 10_000


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named as the usual player, first on the path: it keeps what it is given and plays for long."""
    return _program(tmp_path, monkeypatch, 'cp "$1" "$0.wav.part" && mv "$0.wav.part" "$0.wav"\nexec sleep 60')


def _program(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    path = folder / "paplay"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "paplay.wav"


@pytest.fixture
def player(qtbot: QtBot) -> Iterator[Player]:
    made = Player()
    yield made
    made.stop()


def test_a_sound_is_played_from_where_it_was_clicked(qtbot: QtBot, player: Player, heard: Path) -> None:
    heads: list[float] = []
    player.moved.connect(heads.append)
    player.play(TONE, RATE, 0.5)
    qtbot.waitUntil(heard.exists, timeout=PATIENCE_MS)
    with wave.open(str(heard)) as file:
        assert file.getframerate() == RATE
        assert file.getnframes() == RATE
    qtbot.waitUntil(lambda: len(heads) > 3, timeout=PATIENCE_MS)
    assert heads[0] == 0.5
    assert heads[-1] > 0.5
    process, file_played = player._process, player._file
    assert process is not None
    assert file_played is not None
    player.stop()
    assert process.poll() is not None, "silent at once"
    assert not file_played.exists()
    assert heads[-1] < 0


def test_a_player_that_fails_is_told_with_its_reason(
    qtbot: QtBot, player: Player, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path, monkeypatch, "echo no sound card >&2\nexit 3")
    with qtbot.waitSignal(player.failed, timeout=PATIENCE_MS) as told:
        player.play(TONE, RATE)
    assert "no sound card" in told.args[0]
    assert not player.is_playing


def test_without_a_program_the_view_says_what_to_install(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not processes.can_play()
    view = SoundView(Column("sound", "audio", "input", (98, 64)))
    qtbot.addWidget(view)
    view.show()
    view.show_raw(TONE)
    assert not view.play.isEnabled()
    assert view.message.text() == NO_PLAYER


def test_the_button_plays_and_stops_and_a_click_plays_from_there(qtbot: QtBot, heard: Path) -> None:
    view = SoundView(Column("sound", "audio", "input", (98, 64), settings={"rate": RATE}))
    qtbot.addWidget(view)
    view.resize(360, 400)
    view.show()
    view.show_raw(TONE)
    assert view.size.text() == "2.00 s"
    assert not view.raw.pixmap().isNull()
    QTest.mouseClick(view.play, Qt.MouseButton.LeftButton)
    assert view.player.is_playing
    QTest.mouseClick(view.play, Qt.MouseButton.LeftButton)
    assert not view.player.is_playing
    QTest.mouseClick(view.wave, Qt.MouseButton.LeftButton, pos=QPoint(view.wave.width() * 3 // 4, 20))
    assert view.wave.head == pytest.approx(0.75, abs=0.05)
    view.stop()
    assert view.wave.head < 0


def test_a_spectrogram_shows_the_pitch_of_a_tone() -> None:
    shown = spectrum(TONE)
    loudest = shown[len(shown) // 2].argmax() * RATE / 512
    assert loudest == pytest.approx(440, abs=RATE / 512)
    assert shown.max() == pytest.approx(0, abs=0.01)
    assert shown.min() >= -80
    assert np.isfinite(spectrum(np.zeros(10, np.float32))).all()


def test_an_envelope_keeps_the_peaks() -> None:
    samples = np.zeros(100_001, np.float32)
    samples[77_777], samples[3] = 1, -1
    low, high = envelope(samples, 300)
    assert (low.min(), high.max()) == (-1, 1)
    assert len(envelope(samples[:5], 300)[0]) == 300

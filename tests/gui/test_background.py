"""Work in the background: results, errors, bugs and cancelled work reach the window as they should."""

import threading

import pytest
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from engine.errors import DataError
from gui.widgets.background import Background, Progress


@pytest.fixture
def background(qtbot: QtBot) -> Background:
    return Background()


def test_a_result_arrives_in_the_thread_of_the_window(qtbot: QtBot, background: Background) -> None:
    threads: list[threading.Thread] = []
    background.finished.connect(lambda _result: threads.append(threading.current_thread()))
    with qtbot.waitSignal(background.finished) as finished:
        background.start(lambda progress: threading.current_thread().name)
    assert finished.args == ["background"]
    assert threads == [threading.main_thread()]
    assert not background.is_busy


def test_an_error_is_told_with_its_hint(qtbot: QtBot, background: Background) -> None:
    def work(progress: Progress) -> None:
        raise DataError("The file is cut.", "Download it again.")

    with qtbot.waitSignal(background.failed) as failed:
        background.start(work)
    assert failed.args == ["The file is cut.", "Download it again."]


def test_a_bug_is_not_swallowed(qtbot: QtBot, background: Background) -> None:
    with capture_exceptions() as exceptions:
        background.start(lambda progress: 1 / 0)
        qtbot.waitUntil(lambda: not background.is_busy)
    assert [kind for kind, *_ in exceptions] == [ZeroDivisionError]


def test_newer_work_takes_the_place_of_older(qtbot: QtBot, background: Background) -> None:
    goes_on, was_ended = threading.Event(), threading.Event()
    results: list[object] = []
    background.finished.connect(results.append)

    def slow(progress: Progress) -> str:
        goes_on.wait()
        try:
            progress(0.5)
        finally:
            was_ended.set()
        return "old"

    background.start(slow)
    with qtbot.waitSignal(background.finished):
        background.start(lambda progress: "new")
    goes_on.set()
    qtbot.waitUntil(was_ended.is_set)
    assert results == ["new"]


def test_progress_is_told(qtbot: QtBot, background: Background) -> None:
    goes_on = threading.Event()

    def work(progress: Progress) -> None:
        progress(0.25)
        goes_on.wait()

    with qtbot.waitSignal(background.progressed, check_params_cb=lambda share: share == 0.25):
        background.start(work)
    with qtbot.waitSignal(background.finished):
        goes_on.set()

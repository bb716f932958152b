"""Suspicious labels in the Test panel: ranked by the worker, listed, and opened in the data browser."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.runs import SUSPICIOUS, Run
from gui.results.suspicious import MAX_SHOWN
from gui.results.test_panel import TestPanel
from gui.session import Session
from tests.gui.dialogs import active

PATIENCE_MS = 60_000


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> TestPanel:
    return active(qtbot, TestPanel(session), 1100, 360)


def ranked(qtbot: QtBot, panel: TestPanel, session: Session, run: Path) -> dict:
    """Show a run, choose the tab and press Rank."""
    session.show_run(run)
    panel._right.setCurrentWidget(panel.suspicious)
    QTest.mouseClick(panel.suspicious.rank, Qt.MouseButton.LeftButton)
    assert not panel.suspicious.rank.isEnabled()
    qtbot.waitUntil(panel.suspicious.rank.isEnabled, timeout=PATIENCE_MS)
    result = Run(run).suspicion()
    assert result is not None
    return result


@pytest.fixture
def pictures(trained_runs: dict[str, Path]) -> Path:
    folder = trained_runs["pictures"]
    (folder / SUSPICIOUS).unlink(missing_ok=True)
    return folder


def test_the_highest_losses_are_listed(qtbot: QtBot, panel: TestPanel, session: Session, pictures: Path) -> None:
    result = ranked(qtbot, panel, session, pictures)
    shown = panel.suspicious.list
    assert shown.isVisible()
    assert shown.topLevelItemCount() == MAX_SHOWN
    first = result["suspicious"][0]
    texts = [shown.topLevelItem(0).text(column) for column in range(1, 6)]
    sure = f"{first['confidence']:.0%}"
    assert texts == [first["truth"], first["predicted"], sure, first["split"], first["name"]]
    assert f"{result['samples']:,} samples" in panel.suspicious.message.text()

    session.show_run(pictures)
    assert shown.topLevelItemCount() == MAX_SHOWN, "known from the run folder"


def test_a_sample_opens_in_the_data_browser(
    qtbot: QtBot, panel: TestPanel, session: Session, pictures: Path
) -> None:
    result = ranked(qtbot, panel, session, pictures)
    rows = tuple(entry["row"] for entry in result["suspicious"][:MAX_SHOWN])
    item = panel.suspicious.list.topLevelItem(1)
    with qtbot.waitSignal(panel.browse) as heard:
        panel.suspicious.list.setCurrentItem(item)
        place = panel.suspicious.list.visualItemRect(item).center()
        viewport = panel.suspicious.list.viewport()
        QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert heard.args == [rows, f"{len(rows):,} highest losses", rows[1]]
    with qtbot.waitSignal(panel.browse) as heard:
        QTest.mouseClick(panel.suspicious.all, Qt.MouseButton.LeftButton)
    assert heard.args == [rows, f"{len(rows):,} highest losses", None]


def test_a_regression_has_them_and_no_mistakes(
    qtbot: QtBot, panel: TestPanel, session: Session, trained_runs: dict[str, Path]
) -> None:
    ranked(qtbot, panel, session, trained_runs["table"])
    assert panel.suspicious.list.topLevelItem(0).text(3) == ""
    assert not panel._right.isTabVisible(0)


def test_without_a_run_nothing_can_be_ranked(panel: TestPanel) -> None:
    assert not panel.suspicious.rank.isEnabled()
    assert not panel.suspicious.all.isEnabled()

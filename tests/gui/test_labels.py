"""Labels and tooltips show what files hold as it is."""

from pytestqt.qtbot import QtBot

from gui.widgets.labels import ElidedLabel, tip


def test_what_looks_like_markup_is_shown_as_it_is(qtbot: QtBot) -> None:
    assert tip("<b>bold</b> & plain") == "<qt>&lt;b&gt;bold&lt;/b&gt; &amp; plain</qt>"
    assert tip("a & b") == "a & b"
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText("<i>x</i>")
    assert label.text() == "<i>x</i>"
    assert label.toolTip() == "<qt>&lt;i&gt;x&lt;/i&gt;</qt>"

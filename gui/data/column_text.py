"""Columns in the words and icons that the window uses for them."""

from engine.kinds import KINDS
from engine.project import Column

TOKENS = ("text", "tokens", "shifted")

KIND_ICONS = {
    "number": "hash", "category": "tag", "boolean": "toggle-left", "date": "calendar", "image": "image",
    "mask": "square-dashed", "audio": "audio-waveform", "text": "type", "tokens": "list-ordered", "vector": "brackets",
    "series": "chart-line", "lengths": "ruler", "shifted": "move-right",
}
ROLE_TITLES = {
    "input": "Input", "target": "Target", "weight": "Weight", "group": "Group", "split": "Split", "ignore": "Ignored",
}
COMES_ALONG = "Comes along"
"""Lengths that are no input of their own are not ignored: the Input of their column brings them in."""

ROLE_HELP = (
    "Input: the network reads it. Target: the network learns to predict it. Weight: how much a sample counts. "
    "Group: rows with the same value stay on one side of a split. Split: it names the split. Ignored: not used."
)


def role_titles(column: Column) -> dict[str, str]:
    """What users call the roles of a column."""
    return {**ROLE_TITLES, "ignore": COMES_ALONG} if column.kind == "lengths" else ROLE_TITLES


def kind_title(kind: str) -> str:
    """What users call a kind: "Yes or no" for "boolean"."""
    return KINDS[kind].title if kind in KINDS else kind


def described(column: Column) -> str:
    """What a column is and how large, in a few words: "Image · 1 × 28 × 28", "Category · 10 classes"."""
    if column.kind in ("category", "mask") and column.classes:
        count = len(column.classes)
        facts = [f"{count:,} {'class' if count == 1 else 'classes'}"]
    else:
        facts = []
    if column.shape and column.kind != "category":
        facts.insert(0, _size(column.shape) + (" tokens" if column.kind in TOKENS else ""))
    return " · ".join((kind_title(column.kind), *facts))


def given(column: Column) -> str:
    """What the network gets of a column, in a sentence: "The network gets 28 × 28 class numbers below 3." """
    spec = column.spec
    size = _size(spec.sizes) if spec.sizes else "one"
    plural = "s" if spec.sizes else ""
    if spec.dtype == "int64":
        below = f" below {spec.classes:,}" if spec.classes else ""
        is_text = column.kind in TOKENS
        what = "token number" if is_text else "class number" if spec.classes else "whole number"
        return f"The network gets {size} {what}{plural}{below}."
    axes = f" ({' × '.join(spec.axes)})" if spec.axes else ""
    return f"The network gets {size} number{plural}{axes}."


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{size:,}" for size in shape)

"""What a network puts out, in the words and units of the data it was trained on."""

from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

import numpy as np

from .parts import AnyArray, Part
from .preparing import restored
from .texts import readable

Entry = dict[str, Any]
TOKENS = ("text", "tokens")


def probabilities(output: AnyArray, classes: int) -> AnyArray | None:
    """Class probabilities (n, classes, ...) from scores; None if `output` does not hold one score a class.

    A single score of two classes, as binary cross-entropy takes it, is that of the second class.
    """
    scores = np.asarray(output, np.float64)
    if scores.ndim >= 2 and scores.shape[1] == classes:
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    if classes == 2 and scores.size == len(scores):
        second = 1.0 / (1.0 + np.exp(-scores.reshape(len(scores))))
        return np.stack([1.0 - second, second], axis=1)
    return None


def decisions(part: Part, output: AnyArray) -> AnyArray | None:
    """The class or token numbers that scores (n, classes, ...) decide for, (n, ...); None where `output` holds none.
    Two classes may have a single score at each place, positive for the second."""
    if part.kind in TOKENS:
        return np.asarray(output.argmax(axis=1)) if output.ndim == 3 else None
    if part.kind not in ("category", "mask"):
        return None
    count = len(part.classes)
    if output.ndim >= 2 and output.shape[1] == count:
        return np.asarray(output.argmax(axis=1))
    if count == 2 and output.size == len(output) * int(np.prod(part.shape)):
        return (output.reshape(len(output), *part.shape) > 0).astype(np.int64)
    return None


def answers(part: Part | None, output: AnyArray) -> list[Entry]:
    """What each sample's output (n, ...) says; `part` is the target it was compared with, None if there is none.

    {"label", "probabilities": {class: share}} for classes, {"shares": {class: share}, "mask": rows of class numbers}
    for a class at every place, {"text"} for tokens, else {"value"}: numbers in the unit of the data.
    """
    decided = None if part is None else decisions(part, output)
    if part is None or decided is None:
        return _values(part, output)
    if part.kind in TOKENS:
        return [{"text": text} for text in readable(part, decided)]
    if decided.ndim > 1:
        return [{"shares": _shares(part.classes, places), "mask": places.tolist()} for places in decided]
    shares = probabilities(output, len(part.classes))
    assert shares is not None, "what decides has scores"
    return [{"label": part.classes[row.argmax()],
             "probabilities": dict(zip(part.classes, row.tolist(), strict=True))} for row in shares]


def entries(names: Sequence[str], outputs: Sequence[tuple[str, list[Entry]]],
            cut: Mapping[int, Entry] | None = None) -> list[Entry]:
    """One entry a sample from the answers of each output: {"name", ...} with those of the first, and with all of them
    by name in "outputs" if there are several. `cut`: by row what goes into "cut", see `Usage.new`."""
    found = []
    for row, name in enumerate(names):
        said = {output: column[row] for output, column in outputs}
        entry = {"name": name, **next(iter(said.values()))}
        if cut and row in cut:
            entry["cut"] = cut[row]
        found.append({**entry, "outputs": said} if len(said) > 1 else entry)
    return found


def cut_note(entries: Sequence[Entry]) -> str:
    """What people must know of texts that are too long for the network, "" if none is."""
    found = [entry["cut"] for entry in entries if "cut" in entry]
    if not found:
        return ""
    if len(entries) == 1:
        parts = " and ".join(f"the first {told['read']:,} of {told['tokens']:,} {told['unit']} of {column!r}"
                             for column, told in found[0].items())
    else:
        parts = f"the beginning of the texts of {len(found):,} of {len(entries):,} samples"
    return f"Only {parts} counted: the network reads no more."


def summary(entry: Entry) -> tuple[str, str]:
    """What an entry says, and how sure the network is ("" where it does not tell), for people."""
    if "label" in entry:
        return entry["label"], f"{max(entry['probabilities'].values()):.1%}"
    if "text" in entry:
        return entry["text"], _share_text(exp(entry["log_probability"])) if "log_probability" in entry else ""
    if "mask" in entry:
        shares = sorted(entry["shares"].items(), key=lambda item: -item[1])
        return ", ".join(f"{name} {share:.1%}" for name, share in shares if share > 0), ""
    return _numbers_text(entry["value"]), ""


def line(entry: Entry) -> tuple[str, ...]:
    """The name of a sample and what the network says of it, for people; of several outputs each with its name."""
    if "outputs" not in entry:
        return (entry["name"], *summary(entry))
    return (entry["name"], *(f"{output}: {' '.join(filter(None, summary(said)))}"
                             for output, said in entry["outputs"].items()))


def _values(part: Part | None, output: AnyArray) -> list[Entry]:
    if part is not None and part.kind not in ("category", "mask", *TOKENS):
        output = restored(part, output.reshape(len(output), *part.shape))
    return [{"value": row.item() if row.size == 1 else row.tolist()} for row in output]


def _shares(classes: Sequence[str], places: AnyArray) -> dict[str, float]:
    counts = np.bincount(places.reshape(-1), minlength=len(classes)) / max(1, places.size)
    return dict(zip(classes, counts.tolist(), strict=True))


def _share_text(share: float) -> str:
    """Long texts are never likely, but none is impossible."""
    return f"{share:.1%}" if share >= 0.0005 else "<0.1%"


def _numbers_text(value: Any) -> str:
    """A number, numbers with commas between, and brackets around what has more axes."""
    if not isinstance(value, list):
        return f"{value:.6g}"
    parts = (f"[{_numbers_text(part)}]" if isinstance(part, list) else _numbers_text(part) for part in value)
    return ", ".join(parts)

"""Truth against prediction, batch by batch: what is kept of a test for people to look at."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.preparation import Part, readable, restored
from engine.preparation.answers import TOKENS, answers, decisions, probabilities, summary

Array = NDArray[Any]

MAX_WRONG = 500
"""So many mistakes are listed, the worst first."""

MAX_PAIRS = 2_000
"""So many pairs of truth and prediction are kept of a regression: enough for a scatter plot."""

MAX_CONFUSED = 1_000
"""No confusion matrix is made of more classes."""

EMPTY: dict[str, Any] = {"output": "", "target": "", "classes": [], "confusion": [], "wrong": [], "wrong_count": 0,
                         "pairs": {"truth": [], "predicted": []}}
"""What does not apply to a kind of target stays like this."""


class Comparison(Protocol):
    """One output against its target."""

    def add(self, rows: Array, truth: Array, output: Array) -> None:
        """One batch: row numbers (n,), prepared targets (n, ...) and what the network put out (n, ...)."""

    def result(self, names: Sequence[str]) -> dict[str, Any]:
        """Plain values, see `engine.evaluation.evaluate`; `names` are those of the data set's rows."""


def comparison(part: Part, output: Array, count: int) -> Comparison | None:
    """How to compare `count` samples, told by a first batch of output; None where nothing can be said."""
    if (decided := decisions(part, output)) is not None:
        return Labels(part) if decided.ndim == 1 else Places(part)
    size = int(np.prod(part.shape))
    return Numbers(part, count) if part.kind not in ("category", "mask", *TOKENS) and (
        output.size == size * len(output)) else None


class Labels:
    """One class a sample."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._rows: list[Array] = []
        self._truth: list[Array] = []
        self._predicted: list[Array] = []
        self._confidence: list[Array] = []

    def add(self, rows: Array, truth: Array, output: Array) -> None:
        shares = probabilities(output, len(self._part.classes))
        assert shares is not None, "what decides has scores"
        self._rows.append(rows)
        self._truth.append(truth.reshape(len(rows)))
        self._predicted.append(shares.argmax(axis=1))
        self._confidence.append(shares.max(axis=1))

    def result(self, names: Sequence[str]) -> dict[str, Any]:
        classes = self._part.classes
        rows, truth, predicted, confidence = map(np.concatenate, (self._rows, self._truth, self._predicted,
                                                                  self._confidence))
        mistakes = np.flatnonzero(truth != predicted)
        order = mistakes[np.argsort(-confidence[mistakes], kind="stable")]
        return {
            "target": self._part.name, "classes": list(classes), "wrong_count": len(mistakes),
            "confusion": _confusion(truth, predicted, len(classes)).tolist() if len(classes) <= MAX_CONFUSED else [],
            "wrong": [{"row": int(rows[i]), "name": names[int(rows[i])], "truth": classes[truth[i]],
                       "predicted": classes[predicted[i]], "confidence": float(confidence[i])}
                      for i in order[:MAX_WRONG]],
        }


class Places:
    """A class at every pixel, or a token at every step; padding of tokens is not counted."""

    def __init__(self, part: Part) -> None:
        self._part = part
        is_small = 0 < len(part.classes) <= MAX_CONFUSED
        self._confusion = np.zeros((len(part.classes),) * 2, np.int64) if is_small else None
        self._right = self._count = self._wrong_count = 0
        self._wrong: list[tuple[float, int, str, str, float]] = []

    def add(self, rows: Array, truth: Array, output: Array) -> None:
        predicted = decisions(self._part, output)
        assert predicted is not None, "what was told by the first batch holds for all"
        counts = truth != 0 if self._part.kind in TOKENS else np.ones(truth.shape, bool)
        right = (predicted == truth) & counts
        self._right += int(right.sum())
        self._count += int(counts.sum())
        if self._confusion is not None:
            self._confusion += _confusion(truth.reshape(-1), predicted.reshape(-1), len(self._confusion))
        axes = tuple(range(1, truth.ndim))
        shares = right.sum(axis=axes) / np.maximum(counts.sum(axis=axes), 1)
        mistaken = np.flatnonzero(shares < 1)
        self._wrong_count += len(mistaken)
        worst = mistaken[np.argsort(shares[mistaken], kind="stable")][:MAX_WRONG]
        confidence = _confidence(output[worst], counts[worst])
        said = zip(self._said(truth[worst]), self._said(predicted[worst]), strict=True)
        self._wrong += [(float(shares[i]), int(rows[i]), true, found, sure)
                        for i, (true, found), sure in zip(worst, said, confidence.tolist(), strict=True)]
        self._wrong = sorted(self._wrong, key=lambda wrong: wrong[0])[:MAX_WRONG]

    def result(self, names: Sequence[str]) -> dict[str, Any]:
        return {
            "target": self._part.name, "classes": list(self._part.classes), "wrong_count": self._wrong_count,
            "confusion": [] if self._confusion is None else self._confusion.tolist(),
            "places": {"right": self._right, "count": self._count},
            "wrong": [{"row": row, "name": names[row], "truth": truth, "predicted": predicted, "confidence": sure}
                      for _, row, truth, predicted, sure in self._wrong],
        }

    def _said(self, numbers: Array) -> list[str]:
        """Tokens as a text, pixels as the share of each class."""
        if self._part.kind in TOKENS:
            return readable(self._part, numbers)
        scores = np.moveaxis(np.eye(len(self._part.classes), dtype=np.float32)[numbers], -1, 1)
        return [summary(entry)[0] for entry in answers(self._part, scores)]


class Numbers:
    """Numbers in the unit of the data, of samples that are spread evenly."""

    def __init__(self, part: Part, count: int) -> None:
        self._part = part
        self._chosen = np.linspace(0, count - 1, min(count, MAX_PAIRS)).astype(np.int64)
        self._seen = 0
        self._truth: list[Array] = []
        self._predicted: list[Array] = []

    def add(self, rows: Array, truth: Array, output: Array) -> None:
        places = self._chosen[(self._chosen >= self._seen) & (self._chosen < self._seen + len(rows))] - self._seen
        self._seen += len(rows)
        for kept, values in ((self._truth, truth), (self._predicted, output)):
            if sum(map(np.size, kept)) < MAX_PAIRS:
                kept.append(restored(self._part, values.reshape(len(rows), *self._part.shape)[places]).reshape(-1))

    def result(self, names: Sequence[str]) -> dict[str, Any]:
        truth, predicted = (np.concatenate(kept)[:MAX_PAIRS].tolist() for kept in (self._truth, self._predicted))
        return {"target": self._part.name, "pairs": {"truth": truth, "predicted": predicted}}


def _confusion(truth: Array, predicted: Array, count: int) -> Array:
    """Counts by true class (rows) and predicted class (columns)."""
    return np.bincount(truth * count + predicted, minlength=count * count).reshape(count, count)


def _confidence(output: Array, counts: Array) -> Array:
    """The mean probability of what was decided for, over the places that count: (n,)."""
    if output.ndim != counts.ndim + 1:
        sure = 1 / (1 + np.exp(-np.abs(output.astype(np.float64)).reshape(counts.shape)))
    else:
        powers = np.exp(output.astype(np.float64) - output.max(axis=1, keepdims=True))
        sure = 1 / powers.sum(axis=1)
    axes = tuple(range(1, counts.ndim))
    return np.asarray((sure * counts).sum(axis=axes) / np.maximum(counts.sum(axis=axes), 1))

"""From scores of tokens to texts: how a network that learned to write is used.

A decoder scores the next token of what is written so far. It is asked again and again, each time with one token more,
so that any network can be used that gives all scores of a text at once: a module, an ONNX session, an exported program.
What is written so far stands in the column for teacher forcing: a begin mark, then the tokens.

Greedy takes the best token at every step. Beam search keeps several texts and ranks them by their log-probability
over a penalty of their length (Wu et al. 2016, "Google's Neural Machine Translation System", equation 14). Sampling
draws. What a network says that was trained by CTC, a score for every step of its input, is decoded by the best path or
by prefix beam search (Graves 2012; Hannun et al. 2014, "First-Pass Large Vocabulary Continuous Speech Recognition").
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log1p
from typing import Any

import numpy as np

from ..derived import LENGTHS, origin
from .parts import AnyArray
from .texts import BEGIN_NUMBER, END_NUMBER

Compute = Callable[[Mapping[str, AnyArray]], Sequence[AnyArray]]
"""All outputs of a network, (n, ...) each, from its prepared input columns by name."""

Settings = Mapping[str, Any]
"""See `decoding.SETTINGS` beside this package."""

BATCH = 256
"""So many texts are written at a time."""

TIE = 1e-5
"""Scores that are closer are equal, and the first one counts: runtimes that sum in another order choose the same."""


@dataclass(frozen=True, slots=True)
class Loop:
    """How a network is asked again and again.

    column  that holds what is written so far, int64 (n, length)
    output  which of its outputs are the scores, (n, vocabulary, length)
    """

    column: str
    output: int
    length: int


@dataclass(frozen=True, slots=True)
class Written:
    """One text: its tokens, the end mark among them if it was reached, and what the network gives each."""

    tokens: tuple[int, ...]
    log_probabilities: tuple[float, ...]

    @property
    def log_probability(self) -> float:
        return sum(self.log_probabilities)


def decode(compute: Compute, columns: Mapping[str, AnyArray], loop: Loop, settings: Settings) -> list[Written]:
    """One text for each sample of `columns`, (n, ...) each: all that the network reads but what `loop` gives it."""
    count = len(next(iter(columns.values())))
    width = settings["beam"] if settings["decode"] == "beam" else 1
    step = max(1, BATCH // width)
    written: list[Written] = []
    for start in range(0, count, step):
        asking = _Asking(compute, {name: values[start : start + step] for name, values in columns.items()}, loop)
        limit = min(loop.length, settings["max_length"] or loop.length)
        if settings["decode"] == "sample":
            written += _sampled(asking, limit, settings, start)
        else:
            written += _searched(asking, limit, width, settings["length_penalty"])
    return written


def rewritten(compute: Compute, columns: Mapping[str, AnyArray], loop: Loop,
              written: Sequence[Written]) -> list[AnyArray]:
    """All outputs of the network where it reads these texts as its own, (n, ...) each."""
    tokens = np.zeros((len(written), loop.length), np.int64)
    for row, text in enumerate(written):
        tokens[row, : len(text.tokens)] = text.tokens
    pieces: list[Sequence[AnyArray]] = []
    for start in range(0, len(written), BATCH):
        rows = slice(start, start + BATCH)
        asking = _Asking(compute, {name: values[rows] for name, values in columns.items()}, loop)
        lengths = np.array([max(1, len(text.tokens)) for text in written[rows]], np.int64)
        pieces.append(asking.outputs(tokens[rows], np.arange(len(lengths)), lengths))
    return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]


@dataclass(frozen=True, slots=True)
class _Asking:
    """A network with the inputs of some samples."""

    compute: Compute
    columns: Mapping[str, AnyArray]
    loop: Loop

    @property
    def count(self) -> int:
        return len(next(iter(self.columns.values())))

    def outputs(self, tokens: AnyArray, rows: AnyArray, lengths: AnyArray) -> Sequence[AnyArray]:
        """What it computes after `tokens` (m, length) of the samples `rows` (m,), of which `lengths` (m,) steps are
        real: one more than tokens that count."""
        column = self.loop.column
        before = np.zeros((len(tokens), self.loop.length), np.int64)
        before[:, 1:] = tokens[:, :-1]
        before[before == END_NUMBER] = 0
        before[:, 0] = BEGIN_NUMBER
        own = {column: before, column + LENGTHS: lengths, origin(column) + LENGTHS: lengths}
        return self.compute({**{name: values[rows] for name, values in self.columns.items()}, **own})

    def next_scores(self, tokens: AnyArray, rows: AnyArray, step: int) -> AnyArray:
        """Log-probabilities (m, vocabulary) of the token at a step; never of padding or a begin mark."""
        outputs = self.outputs(tokens, rows, np.full(len(rows), step + 1, np.int64))
        scores = log_probabilities(outputs[self.loop.output][:, :, step])
        scores[:, [0, BEGIN_NUMBER]] = -inf
        return scores


def log_probabilities(scores: AnyArray) -> AnyArray:
    """Scores (..., classes) as logarithms of probabilities, float64."""
    scores = np.asarray(scores, np.float64)
    scores = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True)))


def best(values: AnyArray, count: int) -> tuple[AnyArray, AnyArray]:
    """The places (m, count) of the highest of `values` (m, k), the highest first, and the values there. Of equal ones
    the first counts; where there are no more, the value is -inf."""
    left, rows = np.array(values, np.float64), np.arange(len(values))
    places, found = np.zeros((len(values), count), np.int64), np.full((len(values), count), -inf)
    for number in range(min(count, left.shape[1])):
        places[:, number] = chosen = (left >= left.max(axis=1, keepdims=True) - TIE).argmax(axis=1)
        found[:, number] = left[rows, chosen]
        left[rows, chosen] = -inf
    return places, found


def _searched(asking: _Asking, limit: int, width: int, alpha: float) -> Iterator[Written]:
    """Beam search; greedy with a width of 1. Finished texts keep their place until better ones take it."""
    count, samples = asking.count, np.arange(asking.count)[:, None]
    tokens = np.zeros((count, width, asking.loop.length), np.int64)
    steps = np.zeros((count, width, asking.loop.length))
    totals = np.full((count, width), -inf)
    totals[:, 0] = 0.0
    lengths, is_done = np.zeros((count, width), np.int64), np.zeros((count, width), bool)
    for step in range(limit):
        rows, beams = np.nonzero(~is_done & (totals > -inf))
        if not len(rows):
            break
        following, scores = np.zeros((count, width, width), np.int64), np.full((count, width, width), -inf)
        following[rows, beams], scores[rows, beams] = best(asking.next_scores(tokens[rows, beams], rows, step), width)
        scores[:, :, 0] = np.where(is_done, 0.0, scores[:, :, 0])  # what is finished stays as it is
        sums = totals[:, :, None] + scores
        penalty = ((5 + lengths + ~is_done) / 6) ** alpha
        places, ranks = best((sums / penalty[:, :, None]).reshape(count, -1), width)
        parents, chosen = places // width, places % width
        token = following[samples, parents, chosen]
        was_done = is_done[samples, parents]
        tokens, steps = tokens[samples, parents], steps[samples, parents]
        tokens[:, :, step] = np.where(was_done, tokens[:, :, step], token)
        steps[:, :, step] = np.where(was_done, 0.0, scores[samples, parents, chosen])
        totals = np.where(ranks > -inf, sums[samples, parents, chosen], -inf)
        lengths = lengths[samples, parents] + ~was_done
        is_done = was_done | (token == END_NUMBER)
    for row in range(count):
        length = int(lengths[row, 0])
        yield Written(tuple(tokens[row, 0, :length].tolist()), tuple(steps[row, 0, :length].tolist()))


def _sampled(asking: _Asking, limit: int, settings: Settings, first: int) -> Iterator[Written]:
    """Each text is drawn from numbers of its own, so that it does not matter which others are written with it."""
    count = asking.count
    draws = np.stack([np.random.default_rng((settings["seed"], first + row)).random(limit) for row in range(count)])
    tokens, steps = np.zeros((count, asking.loop.length), np.int64), np.zeros((count, asking.loop.length))
    lengths, rows = np.zeros(count, np.int64), np.arange(count)
    for step in range(limit):
        scores = asking.next_scores(tokens[rows], rows, step)
        shares = np.exp(log_probabilities(_likeliest(scores, settings["top_k"]) / settings["temperature"]))
        ends = shares.cumsum(axis=1)
        drawn = (ends > draws[rows, step, None] * ends[:, -1:]).argmax(axis=1)
        tokens[rows, step], steps[rows, step] = drawn, scores[np.arange(len(rows)), drawn]
        lengths[rows] += 1
        rows = rows[drawn != END_NUMBER]
        if not len(rows):
            break
    for row, length in enumerate(lengths.tolist()):
        yield Written(tuple(tokens[row, :length].tolist()), tuple(steps[row, :length].tolist()))


def _likeliest(scores: AnyArray, count: int) -> AnyArray:
    """Scores (m, vocabulary) with -inf for all but the `count` highest; 0: as they are."""
    if not count:
        return scores
    places, found = best(scores, min(count, scores.shape[1]))
    kept = np.full_like(scores, -inf)
    np.put_along_axis(kept, places, found, axis=1)
    return kept


def decode_ctc(scores: AnyArray, lengths: AnyArray, settings: Settings) -> list[Written]:
    """One text for each sample of `scores` (n, time, classes), of which `lengths` (n,) steps are real. Class 0 is the
    blank. The first log-probability of a text is that of all of it: its tokens have none of their own."""
    found = []
    for row, length in zip(log_probabilities(scores), lengths.tolist(), strict=True):
        steps = row[:length]
        tokens, total = _prefixes(steps, settings["beam"]) if settings["decode"] == "beam" else _path(steps)
        found.append(Written(tokens, (total,)))
    return found


def _path(steps: AnyArray) -> tuple[tuple[int, ...], float]:
    """The best class at each of (time, classes) steps: repeated ones are one, blanks are none."""
    places, values = best(steps, 1)
    classes = places[:, 0]
    is_new = np.concatenate([[True], classes[1:] != classes[:-1]]) if len(classes) else np.zeros(0, bool)
    return tuple(classes[is_new & (classes != 0)].tolist()), float(values.sum())


def _prefixes(steps: AnyArray, width: int) -> tuple[tuple[int, ...], float]:
    """The text whose paths through (time, classes) steps are the likeliest together, of those that are kept.

    For every prefix two numbers: of its paths that end in a blank, and of those that end in its last token.
    """
    kept: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -inf)}
    tokens = best(steps[:, 1:], min(width, steps.shape[1] - 1))[0] + 1
    for step, likely in zip(steps.tolist(), tokens.tolist(), strict=True):
        found: dict[tuple[int, ...], list[float]] = {}
        for prefix, (blank, token) in kept.items():
            either = _added(blank, token)
            same = found.setdefault(prefix, [-inf, -inf])
            same[0] = _added(same[0], either + step[0])
            if prefix:
                same[1] = _added(same[1], token + step[prefix[-1]])
            for following in likely:
                before = blank if prefix and prefix[-1] == following else either
                if before > -inf:
                    longer = found.setdefault((*prefix, following), [-inf, -inf])
                    longer[1] = _added(longer[1], before + step[following])
        ranked = sorted(found.items(), key=lambda item: (-round(_added(*item[1]) / TIE), item[0]))
        kept = {prefix: (blank, token) for prefix, (blank, token) in ranked[:width]}
    prefix, (blank, token) = next(iter(kept.items()))
    return prefix, _added(blank, token)


def _added(one: float, other: float) -> float:
    """The logarithm of the sum of two probabilities."""
    high, low = max(one, other), min(one, other)
    return high if low == -inf else high + log1p(exp(low - high))

"""Decoding: every method against what exhaustive search says, on networks small enough for it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby, product
from math import exp, log

import numpy as np
import pytest

from engine.decoding import settings_of
from engine.errors import OptionError
from engine.preparation.decoding import Loop, Written, decode, decode_ctc, log_probabilities, rewritten
from engine.preparation.parts import AnyArray

VOCABULARY, LENGTH, END = 6, 4, 3
LOOP = Loop("answer shifted", 1, LENGTH)
Text = tuple[int, ...]


@cache
def scores_after(sample: int, before: Text) -> AnyArray:
    """Scores of the next token (vocabulary,): any function of the sample and of what is written before."""
    return np.random.default_rng((sample, *before)).normal(0, 2, VOCABULARY)


def network(columns: Mapping[str, AnyArray]) -> Sequence[AnyArray]:
    """Reads a sample's number and what is written; its second output are the scores (n, vocabulary, time)."""
    samples, before = columns["sample"], columns["answer shifted"]
    assert before.shape == (len(samples), LENGTH)
    assert (before[:, 0] == 2).all()
    scores = [[scores_after(int(sample), tuple(row[1 : step + 1])) for step in range(LENGTH)]
              for sample, row in zip(samples, before.tolist(), strict=True)]
    return samples[:, None], np.array(scores, np.float32).transpose(0, 2, 1)


def settings(**chosen: object) -> Mapping[str, object]:
    return settings_of(chosen)


def written(count: int = 20, **chosen: object) -> list[Written]:
    return decode(network, {"sample": np.arange(count)}, LOOP, settings(**chosen))


def all_texts() -> Iterator[Text]:
    """All that can be written: no padding, no begin mark, nothing behind an end mark."""
    for text in product((1, 3, 4, 5), repeat=LENGTH):
        end = text.index(END) + 1 if END in text else LENGTH
        yield text[:end]


def log_probability(sample: int, text: Text) -> float:
    return float(sum(log_probabilities(scores_after(sample, text[:step]).astype(np.float32))[token]
                     for step, token in enumerate(text)))


def test_greedy_takes_the_best_token_at_every_step() -> None:
    for sample, found in enumerate(written()):
        text: Text = ()
        while len(text) < LENGTH and END not in text:
            allowed = np.where(np.isin(np.arange(VOCABULARY), (0, 2)), -np.inf, scores_after(sample, text))
            text += (int(allowed.argmax()),)
        assert found.tokens == text
        assert found.log_probability == pytest.approx(log_probability(sample, text), abs=1e-5)


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
def test_a_wide_beam_finds_the_best_of_all_texts(penalty: float) -> None:
    def rank(sample: int, text: Text) -> float:
        return log_probability(sample, text) / ((5 + len(text)) / 6) ** penalty

    texts = set(all_texts())
    for sample, found in enumerate(written(8, decode="beam", beam=256, length_penalty=penalty)):
        assert found.tokens == max(texts, key=lambda text: rank(sample, text))
        assert found.log_probability == pytest.approx(log_probability(sample, found.tokens), abs=1e-5)


def test_a_beam_of_one_is_greedy_and_a_wider_one_is_seldom_worse() -> None:
    greedy = written(60)
    assert written(60, decode="beam", beam=1) == greedy
    wide = written(60, decode="beam", beam=8, length_penalty=0)
    gains = [better.log_probability - plain.log_probability for better, plain in zip(wide, greedy, strict=True)]
    assert min(gains) > -1e-6
    assert max(gains) > 0.1


def test_it_does_not_matter_which_samples_are_decoded_together() -> None:
    for chosen in ({"decode": "greedy"}, {"decode": "beam"}, {"decode": "sample", "seed": 5}):
        assert written(600, **chosen)[:300] == written(300, **chosen)


def test_samples_are_drawn_as_often_as_the_network_says() -> None:
    many = {"sample": np.zeros(20_000, np.int64)}
    found = decode(network, many, LOOP, settings(decode="sample", seed=1))
    assert found == decode(network, many, LOOP, settings(decode="sample", seed=1))
    assert found != decode(network, many, LOOP, settings(decode="sample", seed=2))
    scores = scores_after(0, ())
    shares = np.where(np.isin(np.arange(VOCABULARY), (0, 2)), 0, np.exp(scores))
    counts = np.bincount([text.tokens[0] for text in found], minlength=VOCABULARY) / len(found)
    assert counts == pytest.approx(shares / shares.sum(), abs=0.015)
    cold = decode(network, many, LOOP, settings(decode="sample", temperature=0.01))
    assert {text.tokens for text in cold} == {written(1)[0].tokens}
    assert {text.tokens for text in decode(network, many, LOOP, settings(decode="sample", top_k=1))} \
        == {written(1)[0].tokens}


def test_texts_are_no_longer_than_wanted() -> None:
    assert {len(text.tokens) for text in written(max_length=2)} <= {1, 2}
    with pytest.raises(OptionError, match="Beam must be"):
        settings(beam=0)


def test_of_equal_tokens_the_first_is_taken() -> None:
    def equal(columns: Mapping[str, AnyArray]) -> Sequence[AnyArray]:
        noise = np.random.default_rng(0).normal(0, 1e-6, (len(columns["sample"]), VOCABULARY, LENGTH))
        return columns["sample"], noise.astype(np.float32)

    sample = {"sample": np.zeros(1)}
    assert decode(equal, sample, LOOP, settings())[0].tokens == (1, 1, 1, 1)
    [found] = decode(equal, sample, LOOP, settings(decode="beam", length_penalty=0, beam=3))
    assert found.tokens == (3,), "an end is likelier than what goes on"


def test_what_was_written_is_read_again() -> None:
    columns = {"sample": np.arange(300)}
    found = decode(network, columns, LOOP, settings())
    samples, scores = rewritten(network, columns, LOOP, found)
    assert samples[:, 0].tolist() == list(range(300))
    assert scores.shape == (300, VOCABULARY, LENGTH)
    for row, text in enumerate(found):
        steps = log_probabilities(scores[row].T)[range(len(text.tokens)), text.tokens]
        assert steps == pytest.approx(text.log_probabilities, abs=1e-5)


def test_lengths_of_what_is_written_grow_with_it() -> None:
    seen = []

    def reads_lengths(columns: Mapping[str, AnyArray]) -> Sequence[AnyArray]:
        seen.append(columns["answer lengths"].tolist())
        assert (columns["answer shifted lengths"] == columns["answer lengths"]).all()
        return network(columns)

    decode(reads_lengths, {"sample": np.arange(1)}, LOOP, settings(max_length=2))
    assert seen == [[1], [2]][: len(seen)]


def paths(steps: AnyArray) -> dict[Text, float]:
    """The probability of every text that (time, classes) log-probabilities allow, all its paths together."""
    found: dict[Text, float] = {}
    for path in product(range(steps.shape[1]), repeat=len(steps)):
        text = tuple(token for token, _ in groupby(path) if token)
        found[text] = found.get(text, 0.0) + exp(sum(steps[step, token] for step, token in enumerate(path)))
    return found


def test_ctc_beams_sum_all_paths_of_a_text() -> None:
    scores = np.random.default_rng(3).normal(0, 1.5, (12, 5, 4))
    lengths = np.array([5, 4, 3] * 4)
    beams = decode_ctc(scores, lengths, settings(decode="beam", beam=200))
    for row, (found, length) in enumerate(zip(beams, lengths.tolist(), strict=True)):
        known = paths(log_probabilities(scores[row, :length]))
        best = max(known, key=lambda text: known[text])
        assert found.tokens == best
        assert found.log_probability == pytest.approx(log(known[best]))


def test_ctc_greedy_reads_the_best_path() -> None:
    path = [0, 2, 2, 0, 2, 1, 1, 0, 3]
    scores = np.eye(4)[path][None] * 9
    assert decode_ctc(scores, np.array([9]), settings())[0].tokens == (2, 2, 1, 3)
    assert decode_ctc(scores, np.array([3]), settings())[0].tokens == (2,)
    assert decode_ctc(scores, np.array([1]), settings(decode="beam"))[0].tokens == ()

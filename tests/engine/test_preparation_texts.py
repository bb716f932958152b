"""Texts and tokens: a vocabulary of the training texts alone, real texts to numbers and back."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from engine.preparation import Part, Preparation, encode, prepared, readable
from engine.preparation.texts import cut, specials, words
from engine.project import Column
from tests.engine.preparing import made

TEXTS = ["The cat sat.", "The dog sat on the cat!", "A cat", ""]


@pytest.fixture
def reviews(shared_data: Path) -> list[str]:
    with gzip.open(shared_data / "vader-sentiment" / "movieReviewSnippets.csv.gz", "rt", encoding="utf-8") as file:
        return [line.rstrip("\n").split(",", 2)[-1] for line in islice(file, 1, 2001)]


def text(length: int = 8, **chosen: object) -> Column:
    return Column("text", "text", "input", (length,), settings={"max_length": length, **chosen})


def tokens(part: Part, numbers: Iterable[int]) -> list[str]:
    """The token behind each number."""
    words = {number: word for word, number in part.state["tokenizer"]["model"]["vocab"].items()}
    return [words[number] for number in numbers if number in words]


def encoded(part: Part, *texts: str) -> list[list[int]]:
    return encode(part, {part.name: list(texts)}).values.tolist()


def test_words_are_numbered_by_how_often_training_says_them() -> None:
    part = made(text(), {"text": TEXTS}, slice(2))
    assert tokens(part, range(6)) == ["[PAD]", "[UNK]", "the", "cat", "sat", "!"]
    [first, last] = encoded(part, "the CAT sat", "A bird sat")
    assert first == [2, 3, 4, 0, 0, 0, 0, 0]
    assert last[:3] == [1, 1, 4], "what only held-back texts say is unknown"
    stored = encode(part, {"text": TEXTS})
    assert stored.values.dtype == np.int32
    assert stored.lengths.tolist() == [4, 7, 2, 1]


@pytest.mark.parametrize(("chosen", "whole", "long", "told"), [
    ({}, "the cat sat on a", "the cat sat on a dog", {"tokens": 6, "read": 5, "unit": "words"}),
    ({"marks": True}, "the cat sat", "the cat sat on", {"tokens": 4, "read": 3, "unit": "words"}),
    ({"tokens": "character"}, "a cat", "a cat.", {"tokens": 6, "read": 5, "unit": "characters"}),
    ({"tokens": "byte-pair", "vocabulary": 15}, "dog", "dog" * 9, {"tokens": 27, "read": 5, "unit": "tokens"}),
])
def test_what_is_cut_is_told(chosen: dict[str, object], whole: str, long: str, told: dict[str, object]) -> None:
    part = made(text(5, **chosen), {"text": TEXTS})
    raw = ["", "cat", whole, long]
    assert cut(part, raw, encode(part, {"text": raw}).lengths) == {3: told}


def test_what_is_cut_of_whole_numbers_is_told() -> None:
    column = Column("ids", "tokens", "input", (3,), settings={"max_length": 3, "vocabulary": 9})
    raw = [np.arange(count) for count in (2, 3, 7)]
    part = made(column, {"ids": raw})
    found = cut(part, raw, encode(part, {"ids": raw}).lengths)
    assert found == {2: {"tokens": 7, "read": 3, "unit": "tokens"}}


def test_capitals_marks_and_the_longest_text() -> None:
    part = made(text(5, lowercase=False, marks=True), {"text": TEXTS})
    assert specials(part) == 4
    [row] = encoded(part, "The cat sat on the dog")
    assert row[0] == 2
    assert row[-1] == 3
    assert tokens(part, row[1:4]) == ["The", "cat", "sat"]
    assert readable(part, np.array([[2, *row[1:4], 3, row[1]]])) == ["The cat sat"]


@pytest.mark.parametrize("kind", ["word", "character", "byte-pair"])
def test_numbers_stay_below_the_size_of_the_vocabulary(reviews: list[str], kind: str) -> None:
    for size in (2, 3, 40, 300, 1000):
        part = made(text(64, tokens=kind, vocabulary=size), {"text": reviews}, slice(300), chunk=100)
        numbers = encode(part, {"text": reviews[:400]}).values
        assert 0 <= numbers.min() <= numbers.max() < size
        assert len(tokens(part, range(size + 100))) <= size


@pytest.mark.parametrize("kind", ["character", "byte-pair"])
def test_real_texts_come_back_as_they_were(reviews: list[str], kind: str) -> None:
    part = made(text(2000, tokens=kind, vocabulary=2000), {"text": reviews}, chunk=500)
    numbers = encode(part, {"text": reviews[:50]}).values
    for before, after in zip(reviews, readable(part, numbers), strict=False):
        assert after == before.lower()


def test_the_vocabulary_is_that_of_counting(reviews: list[str]) -> None:
    import re

    part = made(text(64, vocabulary=200), {"text": reviews}, chunk=100)
    counts = Counter(word for review in reviews for word in re.findall(r"\w+|[^\w\s]+", review.lower()))
    common = [word for word, count in counts.most_common(180) if count > counts.most_common(199)[-1][1]]
    assert set(common) <= set(tokens(part, range(200)))
    numbered = [counts[word] for word in tokens(part, range(2, 200))]
    assert numbered == sorted(numbered, reverse=True)


def test_words_that_look_like_special_tokens_are_words() -> None:
    part = made(text(tokens="character"), {"text": ["[PAD]", "[UNK]x"]})
    assert encode(part, {"text": ["[PAD]"]}).lengths.tolist() == [5]


def test_a_vocabulary_without_texts_knows_nothing() -> None:
    for kind in ("word", "character", "byte-pair"):
        part = made(text(tokens=kind), {"text": ["", ""]})
        hello, nothing = encoded(part, "hello", "")
        assert set(hello) <= {0, 1}
        assert not any(nothing)


def test_a_tokenizer_survives_json(reviews: list[str]) -> None:
    part = made(text(32, tokens="byte-pair", vocabulary=500), {"text": reviews}, slice(200), chunk=50)
    again = Preparation.from_json(json.loads(json.dumps(Preparation((part,)).to_json()))).part("text")
    assert again == part
    assert (encode(again, {"text": reviews}).values == encode(part, {"text": reviews}).values).all()


def test_token_sequences_are_numbered_by_frequency() -> None:
    column = Column("ids", "tokens", "input", (4,), settings={"max_length": 4, "vocabulary": 4})
    sequences = [np.array([7, 7, 900]), np.array([-5, 900, 7]), np.array([], np.int64), np.array([1, 7, 900, 900, 7])]
    part = made(column, {"ids": sequences}, slice(2))
    assert part.state["known"] == [7, 900]
    stored = encode(part, {"ids": sequences})
    assert stored.values.tolist() == [[2, 2, 3, 0], [1, 3, 2, 0], [0, 0, 0, 0], [1, 2, 3, 3]]
    assert stored.lengths.tolist() == [3, 3, 1, 4]
    assert readable(part, stored.values)[:2] == ["7 7 900", "? 900 7"]


def target(kind: str, length: int = 5, **chosen: object) -> Column:
    return Column("answer", kind, "target", (length,), settings={"max_length": length, "marks": True, **chosen})


def test_a_target_with_marks_ends_with_one_and_begins_with_one_when_moved() -> None:
    part = made(target("text"), {"answer": TEXTS})
    stored = encode(part, {"answer": ["the cat", "the cat sat on the dog", ""]})
    the, cat, sat, on = (part.state["tokenizer"]["model"]["vocab"][word] for word in ("the", "cat", "sat", "on"))
    assert stored.values.tolist() == [[the, cat, 3, 0, 0], [the, cat, sat, on, 3], [3, 0, 0, 0, 0]]
    assert stored.shifted.tolist() == [[2, the, cat, 0, 0], [2, the, cat, sat, on], [2, 0, 0, 0, 0]]
    assert stored.lengths.tolist() == [3, 5, 1]
    assert readable(part, stored.values) == ["the cat", "the cat sat on", ""]
    assert words(part, [2, the, 1, 3, 0]) == ["[BEGIN]", "the", "[UNK]", "[END]", "[PAD]"]
    columns = prepared([part], {"answer": ["the cat"]})
    assert columns["answer shifted"].tolist() == [[2, the, cat, 0, 0]]
    assert columns["answer lengths"] == columns["answer shifted lengths"] == [3]
    assert all(values.dtype == np.int64 for values in columns.values())


def test_token_sequences_have_marks_too() -> None:
    sequences = [np.array([7, 7, 9]), np.array([7]), np.array([], np.int64)]
    part = made(target("tokens"), {"answer": sequences})
    stored = encode(part, {"answer": [*sequences, np.array([5, 9])]})
    assert stored.values.tolist() == [[4, 4, 5, 3, 0], [4, 3, 0, 0, 0], [3, 0, 0, 0, 0], [1, 5, 3, 0, 0]]
    assert stored.shifted.tolist() == [[2, 4, 4, 5, 0], [2, 4, 0, 0, 0], [2, 0, 0, 0, 0], [2, 1, 5, 0, 0]]
    assert readable(part, stored.values) == ["7 7 9", "7", "", "? 9"]
    assert words(part, [4, 5, 1, 3]) == ["7", "9", "[UNK]", "[END]"]


def test_marks_of_earlier_versions_mean_what_they_meant() -> None:
    now = Preparation((made(target("text"), {"answer": TEXTS}),))
    before = Preparation.from_json({**now.to_json(), "format": 2})
    stored = encode(before.part("answer"), {"answer": ["the cat"]})
    assert stored.shifted is None
    assert stored.values[0].tolist()[::3] == [2, 3]
    assert readable(before.part("answer"), stored.values) == ["the cat"]
    assert Preparation.from_json(json.loads(json.dumps(before.to_json()))) == before

"""Truth against prediction: labels, classes at every pixel, texts and numbers, however the batches are cut."""

import json
from typing import Any

import numpy as np
import pytest

from engine.comparison import MAX_PAIRS, MAX_WRONG, comparison
from engine.preparation import Part, encode
from engine.project import Column
from tests.engine.preparing import made

NAMES = [f"row {number}" for number in range(2000)]


def result(part: Part, truth: np.ndarray, output: np.ndarray, batch: int = 7) -> dict[str, Any]:
    found = comparison(part, output[:batch], len(truth))
    assert found is not None
    for start in range(0, len(truth), batch):
        rows = np.arange(start, min(start + batch, len(truth)))
        found.add(rows, truth[rows], output[rows])
    plain: dict[str, Any] = json.loads(json.dumps(found.result(NAMES)))
    return plain


def mask(*classes: str) -> Part:
    return made(Column("mask", "mask", "target", (4, 5), classes=classes), {"mask": np.zeros((2, 4, 5), np.int64)})


def test_pixels_are_counted_by_true_and_predicted_class() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, (20, 4, 5))
    output = random.normal(size=(20, 3, 4, 5)).astype(np.float32)
    found = result(mask("sky", "tree", "house"), truth, output)
    predicted = output.argmax(1)
    assert found["places"] == {"right": int((predicted == truth).sum()), "count": 400}
    assert [[int(((truth == a) & (predicted == b)).sum()) for b in range(3)] for a in range(3)] == found["confusion"]
    assert found["wrong_count"] == 20
    worst = found["wrong"][0]["row"]
    assert (predicted[worst] == truth[worst]).sum() == (predicted == truth).sum(axis=(1, 2)).min()
    assert "sky" in found["wrong"][0]["truth"]
    assert "%" in found["wrong"][0]["predicted"]


def test_one_score_a_pixel_is_that_of_the_second_class() -> None:
    truth = np.random.default_rng(0).integers(0, 2, (6, 4, 5))
    scores = (truth * 2 - 1).astype(np.float32)[:, None]
    found = result(mask("background", "foreground"), truth, scores)
    assert found["places"] == {"right": 120, "count": 120}
    assert (found["wrong"], found["wrong_count"]) == ([], 0)


def test_texts_are_compared_token_by_token_without_padding() -> None:
    texts = ["a b c", "c b", "a", "b a c a"]
    part = made(Column("answer", "text", "target", (4,), settings={"max_length": 4}), {"answer": texts})
    truth = encode(part, {"answer": texts}).values.astype(np.int64)
    predicted = truth.copy()
    predicted[0, 1] = 1
    predicted[2, 3] = 2
    output = np.moveaxis(np.eye(8, dtype=np.float32)[predicted], -1, 1) * 9
    found = result(part, truth, output, batch=2)
    assert found["places"] == {"right": 9, "count": 10}
    assert found["confusion"] == []
    [wrong] = found["wrong"]
    assert (wrong["row"], wrong["name"], wrong["truth"]) == (0, "row 0", "a b c")
    assert wrong["predicted"] == "a [UNK] c"
    assert wrong["confidence"] == pytest.approx(1, abs=0.01)


def test_labels_are_ranked_by_confidence_and_not_more_than_can_be_looked_at() -> None:
    part = made(Column("label", "category", "target", classes=("a", "b")), {"label": np.array([0, 1])})
    random = np.random.default_rng(0)
    truth, output = random.integers(0, 2, 2000), random.normal(size=(2000, 2)).astype(np.float32)
    found = result(part, truth, output, batch=300)
    assert found["wrong_count"] == int((output.argmax(1) != truth).sum()) > MAX_WRONG == len(found["wrong"])
    confidence = [wrong["confidence"] for wrong in found["wrong"]]
    assert confidence == sorted(confidence, reverse=True)


def test_pairs_of_numbers_are_spread_evenly_and_in_the_unit_of_the_data() -> None:
    values = np.random.default_rng(0).normal(50, 9, 5000)
    part = made(Column("price", "number", "target"), {"price": values}, chunk=1000)
    prepared = ((values - part.state["mean"][0]) / part.state["scale"][0]).astype(np.float32)
    found = result(part, prepared, prepared[:, None], batch=512)
    assert len(found["pairs"]["truth"]) == MAX_PAIRS
    assert found["pairs"]["truth"] == pytest.approx(found["pairs"]["predicted"])
    assert found["pairs"]["truth"][-1] == pytest.approx(values[-1], rel=1e-5)


def test_what_cannot_be_compared_is_left_out() -> None:
    part = made(Column("label", "category", "target", classes=("a", "b", "c")), {"label": np.array([0, 1])})
    assert comparison(part, np.zeros((4, 7), np.float32), 4) is None
    number = made(Column("price", "number", "target"), {"price": np.arange(3.0)})
    assert comparison(number, np.zeros((4, 2), np.float32), 4) is None

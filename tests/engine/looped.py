"""Projects with Loops over a cell that is drawn by hand, for tests of stepping."""

from pathlib import Path
from typing import Any

import numpy as np

from engine.data import sources
from engine.graph import Graph
from engine.project import ColumnChoice, Data, Project
from tests.engine.compositions import entering, project
from tests.engine.plans import layer, wires

WIDTH, STATE, TIME = 4, 5, 8
TEXTS = {"tokens": "character", "vocabulary": 8, "max_length": TIME}


def gru(inputs: int = WIDTH, size: int = STATE) -> Graph:
    """r = sigmoid(reset [x, h]); z = sigmoid(update [x, h]); n = tanh(new [x, r h]); h = n + z (h - n)."""
    nodes = [
        layer("x", "Input", (0, 0), shape=(inputs,)), layer("h", "Input", (0, 1), shape=(size,)),
        layer("both", "Concat", (1, 0)),
        layer("reset", "Linear", (2, 0), out_features=size), layer("r", "Sigmoid", (3, 0)),
        layer("update", "Linear", (2, 1), out_features=size), layer("z", "Sigmoid", (3, 1)),
        layer("kept", "Multiply", (4, 0)), layer("x_kept", "Concat", (5, 0)),
        layer("new", "Linear", (6, 0), out_features=size), layer("n", "Tanh", (7, 0)),
        layer("way", "Subtract", (8, 0)), layer("part", "Multiply", (9, 0)), layer("next", "Add", (10, 0)),
        layer("h_out", "Output", (11, 0)), layer("gate", "Output", (11, 1)),
    ]
    graph = Graph(tuple(nodes), wires(
        "x both.inputs", "h both.inputs", "both reset", "reset r", "both update", "update z", "r kept.inputs",
        "h kept.inputs", "x x_kept.inputs", "kept x_kept.inputs", "x_kept new", "new n", "h way", "n way.other",
        "z part.inputs", "way part.inputs", "n next.inputs", "part next.inputs", "next h_out", "z gate"))
    return graph.update("h_out", name="h")


def words(folder: Path, samples: int) -> Data:
    """Words of a and b, and which of the two they end with."""
    random = np.random.default_rng(8)
    texts = ["".join(random.choice(list("ab"), random.integers(2, TIME + 1))) for _ in range(samples)]
    (folder / "words.tsv").write_text("\n".join(["word\tlast", *(f"{text}\tis {text[-1]}" for text in texts)]))
    return sources.inspect(folder / "words.tsv", chosen={
        "word": ColumnChoice("text", "input", TEXTS), "last": ColumnChoice("category", "target")})


def reader(folder: Path, samples: int = 120, **options: Any) -> Project:
    """Embedding, a Loop over the cell, and a class by the state after the last step."""
    folder.mkdir(parents=True, exist_ok=True)
    data = words(folder, samples)
    graph = Graph(
        (entering("word", data, "word"), layer("embedding", "Embedding", (1, 0), num_embeddings=8, embedding_dim=WIDTH),
         layer("loop", "Loop", (2, 0), graph="Cell"), layer("scores", "Linear", (3, 0), out_features=2),
         layer("out", "Output", (4, 0)), entering("last", data, "last", (3, 1)), layer("loss", "CrossEntropy", (4, 1))),
        wires("word embedding", "embedding loop.x", "loop.h_out scores", "scores out", "scores loss.prediction",
              "last loss.target"))
    return project({"Reader": graph, "Cell": gru()}, data, **{"epochs": 2, "lr": 0.01, **options})


def twice(folder: Path, samples: int = 60, **options: Any) -> Project:
    """Two Loops of one cell, the second begins with the state of the first, within an encoder that is placed twice; the
    cell is used once more by itself. The encoder takes numbers (6, 4)."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(9)
    values = random.normal(size=(samples, 6, WIDTH)).astype(np.float32)
    np.savez(folder / "series.npz", x=values, y=(values[:, 0, 0] > 0).astype(np.int64))
    data = sources.inspect(folder / "series.npz")
    name = data.columns[0].name
    encoder = Graph(
        (layer("series", "Input", shape=(6, WIDTH)), layer("first", "Loop", (1, 0), graph="Cell"),
         layer("second", "Loop", (2, 0), graph="Cell"), layer("start", "Slice", (1, 1), dim=1, start=0, stop=1),
         layer("flat", "Flatten", (2, 1)), layer("once", "Network", (3, 0), graph="Cell"),
         layer("code", "Output", (4, 0))),
        wires("series first.x", "series second.x", "first.h_out second.h", "series start", "start flat", "flat once.x",
              "second.h_out once.h", "once.h_out code"))
    main = Graph(
        (entering("series", data, name), layer("turned", "Tanh", (1, 1)),
         layer("one", "Network", (2, 0), graph="Encoder"), layer("other", "Network", (2, 1), graph="Encoder"),
         layer("joined", "Concat", (3, 0)),
         layer("scores", "Linear", (4, 0), out_features=2), layer("out", "Output", (5, 0)),
         entering("label", data, data.columns[1].name, (4, 1)), layer("loss", "CrossEntropy", (5, 1))),
        wires("series turned", "series one.series", "turned other.series", "one.code joined.inputs",
              "other.code joined.inputs", "joined scores", "scores out", "scores loss.prediction", "label loss.target"))
    return project({"Twice": main, "Encoder": encoder, "Cell": gru()}, data, **{"epochs": 1, **options})

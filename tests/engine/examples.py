"""Small real projects that train in seconds, for tests of what comes after training."""

import csv
import gzip
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import sources
from engine.graph import Edge, Graph
from engine.layers import CATALOGUE
from engine.options import with_option
from engine.project import RESOURCES, ColumnChoice, Project

BUNDLED = RESOURCES / "data" / "fashion-mnist-small"
TRAIN, TEST = 600, 300


def small_fashion(folder: Path) -> Path:
    """The first samples of the bundled Fashion-MNIST as a data set of its own: plain IDX files and class names."""
    folder.mkdir(parents=True)
    for split, count in (("train", TRAIN), ("t10k", TEST)):
        for kind, size in (("images-idx3", 28 * 28), ("labels-idx1", 1)):
            data = gzip.decompress((BUNDLED / f"{split}-{kind}-ubyte.gz").read_bytes())
            header = 16 if kind.startswith("images") else 8
            cut = data[:4] + struct.pack(">I", count) + data[8:header] + data[header : header + count * size]
            (folder / f"{split}-{kind}-ubyte").write_bytes(cut)
    (folder / "classes.txt").write_bytes((BUNDLED / "classes.txt").read_bytes())
    return folder


def house_prices(path: Path) -> Path:
    """A table with numbers and a category; the price follows from them, with some noise."""
    random = np.random.default_rng(7)
    area, rooms = random.uniform(30, 200, 400), random.integers(1, 7, 400)
    towns = random.choice(["Aalen", "Ulm"], 400)
    price = 2_000 * area + 10_000 * rooms + 50_000 * (towns == "Ulm") + random.normal(0, 5_000, 400)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("area", "rooms", "town", "price"))
        writer.writerows(zip(area.round(1), rooms, towns, price.round(), strict=True))
    return path


def chain(data_path: Path, *steps: tuple[str, Mapping[str, Any]], loss: str = "CrossEntropy",
          target: str = "", **options: Any) -> Project:
    """A project on that data: its input through the layers in `steps` into an Output and a loss."""
    data = sources.inspect(data_path, chosen={target: ColumnChoice(role="target")} if target else None)
    [entering] = (column for column in data.columns if column.role == "input")
    [truth] = (column for column in data.columns if column.role == "target")
    graph = Graph()
    last = first = graph.new_node("Input", {**CATALOGUE["Input"].defaults(), "column": entering.name,
                                            "shape": entering.shape})
    graph = graph.add(first)
    for type, params in steps:
        node = graph.new_node(type, {**CATALOGUE[type].defaults(), **params})
        graph = graph.add(node).connect(Edge(last.id, "output", node.id, "input"))
        last = node
    values = {"values": "classes", "classes": len(truth.classes)} if truth.classes else {"values": "numbers"}
    answer = graph.new_node("Input", {**CATALOGUE["Input"].defaults(), "column": truth.name, **values})
    graph = graph.add(answer)
    judge = graph.new_node(loss, CATALOGUE[loss].defaults())
    graph = graph.add(judge).connect(Edge(last.id, "output", judge.id, "prediction"))
    graph = graph.connect(Edge(answer.id, "output", judge.id, "target"))
    end = graph.new_node("Output", {})
    graph = graph.add(end).update(end.id, name="scores").connect(Edge(last.id, "output", end.id, "input"))
    project = Project({"Example": graph}, data)
    for name, value in {"epochs": 2, "batch_size": 32, "threads": 1, **options}.items():
        project = project.replace(options=with_option(project.options, name, value))
    return project


def perceptron(data: Path, **options: Any) -> Project:
    return chain(data, ("Flatten", {}), ("Linear", {"out_features": 32}), ("ReLU", {}),
                 ("Linear", {"out_features": 10}), **options)


def cnn(data: Path, **options: Any) -> Project:
    return chain(data, ("Conv2d", {"out_channels": 4}), ("BatchNorm2d", {}), ("ReLU", {}), ("MaxPool2d", {}),
                 ("Dropout", {}), ("Flatten", {}), ("Linear", {"out_features": 10}), **options)


def lstm(data: Path, **options: Any) -> Project:
    return chain(data, ("Reshape", {"shape": (28, 28)}), ("LSTM", {"hidden_size": 16, "bidirectional": True}),
                 ("Linear", {"out_features": 10}), **options)


def regression(table: Path, **options: Any) -> Project:
    return chain(table, ("Linear", {"out_features": 1}), loss="MSE", **{"epochs": 20, "lr": 0.05, **options})


def yes_or_no(table: Path, **options: Any) -> Project:
    """Two outputs, a score and its sigmoid, judged by one loss and a placed metric: is the town Ulm?"""
    project = chain(table, ("Linear", {"out_features": 1}), loss="BCEWithLogits", target="town",
                    **{"epochs": 10, "lr": 0.05, **options})
    graph = project.graph
    [judge] = (node for node in graph.nodes if node.type == "BCEWithLogits")
    f1, sigmoid = (graph.new_node(type, CATALOGUE[type].defaults()) for type in ("F1", "Sigmoid"))
    graph = graph.add(f1, sigmoid)
    for wire in graph.into(judge.id):
        graph = graph.connect(Edge(wire.source, wire.source_port, f1.id, wire.target_port))
    [scores] = graph.into(judge.id, "prediction")
    graph = graph.connect(Edge(scores.source, scores.source_port, sigmoid.id, "input"))
    end = graph.new_node("Output", {})
    graph = graph.add(end).update(end.id, name="chance").connect(Edge(sigmoid.id, "output", end.id, "input"))
    return project.with_graph(project.main, graph)

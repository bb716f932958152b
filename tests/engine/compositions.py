"""Seven compositions on small made-up data: what is trained here is trained by hand in `handwritten`."""

import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import sources
from engine.graph import Graph, Node
from engine.options import OPTIMIZERS, chosen, with_option
from engine.plan import Phase
from engine.project import Column, ColumnChoice, Data, Project
from engine.starter import input_params
from tests.engine.plans import layer, wires

SAMPLES = 420
"""302 to train on, in batches of 32: ten steps an epoch, the last of 14."""

STEPS = 50
OPTIONS = {"epochs": 5, "batch_size": 32, "threads": 1, "seed": 3, "device": "cpu"}
TEXTS = {"tokens": "character", "vocabulary": 12, "max_length": 8}
LETTERS = {"tokens": "character", "vocabulary": 8, "max_length": 5}
SOUNDS = {"rate": 8000, "bands": 16, "seconds": 0.4}


def project(graphs: Mapping[str, Graph], data: Data, *plan: Phase, **options: Any) -> Project:
    """The first graph is the one that is used."""
    made = Project(dict(graphs), data, plan=plan)
    for name, value in {**OPTIONS, **options}.items():
        made = made.replace(options=with_option(made.options, name, value))
    return made


def column(data: Data, name: str) -> Column:
    found = data.column(name)
    assert found is not None, [known.name for known in data.columns]
    return found


def entering(node_id: str, data: Data, name: str, place: tuple[int, int] = (0, 0)) -> Node:
    """An Input that brings in a column."""
    return layer(node_id, "Input", place, **input_params(column(data, name)))


def taking(node_id: str, data: Data, name: str, place: tuple[int, int] = (0, 0)) -> Node:
    """An Input for something like that column: whoever places the graph says what it is."""
    return layer(node_id, "Input", place, **{**input_params(column(data, name)), "column": ""})


# A perceptron


def perceptron(folder: Path, samples: int = SAMPLES, **options: Any) -> Project:
    data = groups(folder, samples)
    graph = Graph(
        (entering("features", data, "features"), layer("hidden", "Linear", (1, 0), out_features=32),
         layer("relu", "ReLU", (2, 0)), layer("scores", "Linear", (3, 0), out_features=4),
         layer("out", "Output", (4, 0)), entering("label", data, "label", (3, 1)),
         layer("loss", "CrossEntropy", (4, 1))),
        wires("features hidden", "hidden relu", "relu scores", "scores out", "scores loss.prediction",
              "label loss.target"))
    return project({"Perceptron": graph}, data, lr=0.01, **options)


def groups(folder: Path, samples: int) -> Data:
    """Points in four groups, with the number of the group."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 4, samples)
    centres = random.normal(size=(4, 12))
    points = centres[labels] + random.normal(0, 0.8, (samples, 12))
    np.savez(folder / "groups.npz", x=points.astype(np.float32), y=labels)
    return sources.inspect(folder / "groups.npz")


# A GAN: two networks, two objectives, two optimizers


def gan(folder: Path, samples: int = SAMPLES, **options: Any) -> Project:
    data = ring(folder, samples)
    adam = chosen(OPTIMIZERS, "Adam", {"lr": 1e-3, "beta1": 0.5})
    return project(
        {"Generator": _stack("noise", 8, "ReLU", "point", 2),
         "Discriminator": _stack("point", 2, "LeakyReLU", "score", 1),
         "Train discriminator": _train_discriminator(data), "Train generator": _train_generator()}, data,
        Phase("Discriminator", "Train discriminator", {"Discriminator": 1.0}, adam),
        Phase("Generator", "Train generator", {"Generator": 1.0}, adam), **options)


def ring(folder: Path, samples: int) -> Data:
    """Points around eight places on a circle."""
    random = np.random.default_rng(2)
    angles = random.integers(0, 8, samples) * np.pi / 4
    points = 2 * np.stack([np.cos(angles), np.sin(angles)], 1) + random.normal(0, 0.02, (samples, 2))
    np.save(folder / "points.npy", points.astype(np.float32))
    return sources.inspect(folder / "points.npy")


def _stack(entering: str, inputs: int, activation: str, made: str, outputs: int) -> Graph:
    return Graph(
        (layer(entering, "Input", shape=(inputs,)), layer("first", "Linear", (1, 0), out_features=64),
         layer("bend_1", activation, (2, 0)), layer("second", "Linear", (3, 0), out_features=64),
         layer("bend_2", activation, (4, 0)), layer("last", "Linear", (5, 0), out_features=outputs),
         layer(f"{made}_out", "Output", (6, 0))),
        wires(f"{entering} first", "first bend_1", "bend_1 second", "second bend_2", "bend_2 last", f"last {made}_out"))


def _train_discriminator(data: Data) -> Graph:
    return Graph(
        (entering("real", data, "features"), layer("noise", "Noise", (0, 1), shape=(8,)),
         layer("made", "Network", (1, 1), graph="Generator"), layer("cut", "Detach", (2, 1)),
         layer("on_real", "Network", (3, 0), graph="Discriminator"),
         layer("on_made", "Network", (3, 1), graph="Discriminator"),
         layer("yes", "Constant", (3, 2), value=1.0, shape=(1,)),
         layer("no", "Constant", (3, 3), value=0.0, shape=(1,)),
         layer("loss_real", "BCEWithLogits", (4, 0)), layer("loss_made", "BCEWithLogits", (4, 1))),
        wires("real on_real.point", "noise made.noise", "made.point_out cut", "cut on_made.point",
              "on_real.score_out loss_real.prediction", "yes loss_real.target",
              "on_made.score_out loss_made.prediction", "no loss_made.target"))


def _train_generator() -> Graph:
    return Graph(
        (layer("noise", "Noise", shape=(8,)), layer("made", "Network", (1, 0), graph="Generator"),
         layer("judged", "Network", (2, 0), graph="Discriminator"),
         layer("yes", "Constant", (2, 1), value=1.0, shape=(1,)), layer("loss", "BCEWithLogits", (3, 0))),
        wires("noise made.noise", "made.point_out judged.point", "judged.score_out loss.prediction",
              "yes loss.target"))


# A variational autoencoder: two losses of one objective


def vae(folder: Path, samples: int = SAMPLES, **options: Any) -> Project:
    data = waves(folder, samples)
    encoder = Graph(
        (taking("series", data, "features"), layer("hidden", "Linear", (1, 0), out_features=32),
         layer("relu", "ReLU", (2, 0)), layer("mean", "Linear", (3, 0), out_features=3),
         layer("spread", "Linear", (3, 1), out_features=3), layer("mean_out", "Output", (4, 0)),
         layer("spread_out", "Output", (4, 1))),
        wires("series hidden", "hidden relu", "relu mean", "relu spread", "mean mean_out", "spread spread_out"))
    decoder = Graph(
        (layer("code", "Input", shape=(3,)), layer("hidden", "Linear", (1, 0), out_features=32),
         layer("relu", "ReLU", (2, 0)), layer("series", "Linear", (3, 0), out_features=16),
         layer("series_out", "Output", (4, 0))),
        wires("code hidden", "hidden relu", "relu series", "series series_out"))
    autoencoder = Graph(
        (entering("series", data, "features"), layer("encoder", "Network", (1, 0), graph="Encoder"),
         layer("code", "RandomNormal", (2, 0)), layer("decoder", "Network", (3, 0), graph="Decoder"),
         layer("copied", "MSE", (4, 0)), layer("usual", "GaussianKL", (4, 1), weight=0.05),
         layer("out", "Output", (4, 2))),
        wires("series encoder.series", "encoder.mean_out code.mean", "encoder.spread_out code.log_variance",
              "code decoder.code", "decoder.series_out copied.prediction", "series copied.target",
              "encoder.mean_out usual.mean", "encoder.spread_out usual.log_variance", "decoder.series_out out"))
    return project({"Autoencoder": autoencoder, "Encoder": encoder, "Decoder": decoder}, data, **options)


def waves(folder: Path, samples: int) -> Data:
    """Sixteen numbers that hang together: waves of a random phase and height."""
    random = np.random.default_rng(3)
    phases, heights = random.uniform(0, 6, (samples, 1)), random.uniform(0.5, 2, (samples, 1))
    np.savez(folder / "waves.npz", x=(heights * np.sin(phases + np.arange(16) / 3)).astype(np.float32))
    return sources.inspect(folder / "waves.npz")


# An encoder and a decoder with attention, trained by teacher forcing


def translation(folder: Path, samples: int = SAMPLES, **options: Any) -> Project:
    data = reversals(folder, samples)
    encoder = Graph(
        (taking("tokens", data, "source"), layer("embedding", "Embedding", (1, 0), num_embeddings=12, embedding_dim=16),
         layer("lstm", "LSTM", (2, 0), hidden_size=32, output="all steps"), layer("steps", "Output", (3, 0))),
        wires("tokens embedding", "embedding lstm", "tokens.lengths lstm.lengths", "lstm steps"))
    decoder = Graph(
        (layer("memory", "Input", (0, 0), shape=(8, 32), lengths=True),
         taking("tokens", data, "target shifted", (0, 1)),
         layer("embedding", "Embedding", (1, 1), num_embeddings=12, embedding_dim=16),
         layer("lstm", "LSTM", (2, 1), hidden_size=32, output="all steps"),
         layer("attention", "MultiheadAttention", (3, 0), num_heads=2), layer("joined", "Concat", (4, 1), dim=2),
         layer("mixed", "Linear", (5, 1), out_features=32), layer("tanh", "Tanh", (6, 1)),
         layer("scores", "Linear", (7, 1), out_features=12), layer("turned", "Permute", (8, 1)),
         layer("scores_out", "Output", (9, 0)), layer("map_out", "Output", (9, 1))),
        wires("tokens embedding", "embedding lstm", "tokens.lengths lstm.lengths", "lstm attention.query",
              "memory attention.key", "memory.lengths attention.lengths", "lstm joined.inputs",
              "attention joined.inputs", "joined mixed", "mixed tanh", "tanh scores", "scores turned",
              "turned scores_out", "attention.weights map_out"))
    whole = Graph(
        (entering("source", data, "source"), entering("written", data, "target shifted", (0, 1)),
         layer("encoder", "Network", (1, 0), graph="Encoder"), layer("decoder", "Network", (2, 0), graph="Decoder"),
         layer("out", "Output", (3, 0)), layer("attention", "Output", (3, 1)),
         entering("target", data, "target", (2, 2)), layer("loss", "CrossEntropy", (3, 2))),
        wires("source encoder.tokens", "source.lengths encoder.tokens.lengths", "encoder.steps decoder.memory",
              "source.lengths decoder.memory.lengths", "written decoder.tokens",
              "written.lengths decoder.tokens.lengths", "decoder.scores_out out", "decoder.map_out attention",
              "decoder.scores_out loss.prediction",
              "target loss.target", "target.lengths loss.lengths"))
    return project({"Translation": whole, "Encoder": encoder, "Decoder": decoder}, data, lr=0.005, **options)


def reversals(folder: Path, samples: int) -> Data:
    """Digits, and the same backwards."""
    random = np.random.default_rng(4)
    texts = ["".join(map(str, random.integers(0, 5, random.integers(2, 8)))) for _ in range(samples)]
    lines = [f"{text}\t{text[::-1]}" for text in texts]
    (folder / "digits.tsv").write_text("\n".join(["source\ttarget", *lines]))
    chosen = {"source": ColumnChoice("text", "input", TEXTS), "target": ColumnChoice("text", "target", TEXTS)}
    return sources.inspect(folder / "digits.tsv", chosen=chosen)


# Sounds to letters by CTC, with lengths through a stride


def speech(folder: Path, samples: int = SAMPLES, **options: Any) -> Project:
    data = tones(folder, samples)
    reach = {"kernel_size": (5,), "stride": (2,), "padding": (2,)}
    graph = Graph(
        (entering("sound", data, "file"), layer("channels_first", "Permute", (1, 0)),
         layer("heard", "Conv1d", (2, 0), out_channels=24, **reach),
         layer("relu", "ReLU", (3, 0)), layer("time_first", "Permute", (4, 0)),
         layer("steps", "ConvLengths", (4, 1), kernel_size=5, stride=2, padding=2),
         layer("lstm", "LSTM", (5, 0), hidden_size=24, output="all steps"),
         layer("scores", "Linear", (6, 0), out_features=8), layer("out", "Output", (7, 0)),
         entering("letters", data, "letters", (6, 2)), layer("loss", "CTC", (7, 1))),
        wires("sound channels_first", "channels_first heard", "heard relu", "relu time_first",
              "sound.lengths steps.lengths", "time_first lstm", "steps lstm.lengths", "lstm scores", "scores out",
              "scores loss.prediction",
              "letters loss.target", "steps loss.lengths", "letters.lengths loss.target_lengths"))
    return project({"Speech": graph}, data, lr=0.005, **options)


def tones(folder: Path, samples: int) -> Data:
    """Recordings of one to three tones of various length, and a letter for each."""
    random = np.random.default_rng(5)
    lines = ["file,letters"]
    for number in range(samples):
        letters = random.integers(0, 3, random.integers(1, 4))
        sound = np.concatenate([np.sin(2 * np.pi * (500 + 700 * letter) * np.arange(random.integers(600, 1000)) / 8000)
                                for letter in letters])
        with wave.open(str(folder / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes((8000 * sound).astype("<i2").tobytes())
        lines.append(f"{number}.wav,{''.join('abc'[letter] for letter in letters)}")
    (folder / "metadata.csv").write_text("\n".join(lines))
    return sources.inspect(folder, chosen={"file": ColumnChoice(settings=SOUNDS),
                                           "letters": ColumnChoice("text", "target", LETTERS)})


# One body with two heads: two losses of one objective, or two objectives with an optimizer each


def body() -> Graph:
    """It has statistics, too."""
    return Graph(
        (layer("features", "Input", shape=(6,)), layer("first", "Linear", (1, 0), out_features=24),
         layer("norm", "BatchNorm1d", (2, 0)), layer("relu", "ReLU", (3, 0)),
         layer("second", "Linear", (4, 0), out_features=16), layer("tanh", "Tanh", (5, 0)),
         layer("found", "Output", (6, 0))),
        wires("features first", "first norm", "norm relu", "relu second", "second tanh", "tanh found"))


def two_heads(folder: Path, samples: int = SAMPLES, **options: Any) -> Project:
    data = houses(folder, samples)
    graph = Graph(
        (entering("features", data, "features"), layer("body", "Network", (1, 0), graph="Body"),
         layer("price", "Linear", (2, 0), out_features=1), layer("age", "Linear", (2, 1), out_features=1),
         layer("price_out", "Output", (3, 0)), layer("age_out", "Output", (3, 1)),
         entering("true_price", data, "price", (2, 2)), entering("true_age", data, "age", (2, 3)),
         layer("price_loss", "MSE", (3, 2)), layer("age_loss", "L1", (3, 3), weight=0.5)),
        wires("features body.features", "body.found price", "body.found age", "price price_out", "age age_out",
              "price price_loss.prediction", "true_price price_loss.target", "age age_loss.prediction",
              "true_age age_loss.target"))
    return project({"Heads": graph, "Body": body()}, data, **options)


def two_tasks(folder: Path, samples: int = SAMPLES, **options: Any) -> Project:
    """The second task trains in every other step, with an optimizer of another kind."""
    data = houses(folder, samples)
    momentum = chosen(OPTIMIZERS, "SGD", {"lr": 0.02, "momentum": 0.9})
    return project(
        {"Price": _task(data, "price"), "Age": _task(data, "age"), "Body": body()}, data,
        Phase("Price", "Price", {"Body": 1.0, "Price": 1.0}),
        Phase("Age", "Age", {"Body": 1.0, "Age": 1.0}, momentum, every=2), **options)


def _task(data: Data, name: str) -> Graph:
    return Graph(
        (entering("features", data, "features"), layer("body", "Network", (1, 0), graph="Body"),
         layer("head", "Linear", (2, 0), out_features=1), layer("out", "Output", (3, 0)),
         entering("truth", data, name, (2, 1)), layer("loss", "MSE", (3, 1))),
        wires("features body.features", "body.found head", "head out", "head loss.prediction", "truth loss.target"))


def houses(folder: Path, samples: int) -> Data:
    """Six features, and two numbers that follow from them."""
    random = np.random.default_rng(6)
    features = random.normal(size=(samples, 6)).round(3)
    price = (features[:, 0] * 50 + features[:, 1] ** 2 * 20 + 200).round(2)
    age = (np.abs(features[:, 2]) * 30 + features[:, 3] * 5).round(2)
    rows = [",".join(map(str, (*row, a, b))) for row, a, b in zip(features, price, age, strict=True)]
    (folder / "houses.csv").write_text("\n".join(["a,b,c,d,e,f,price,age", *rows]))
    return sources.inspect(folder / "houses.csv",
                           chosen={name: ColumnChoice(role="target") for name in ("price", "age")})


# Fine-tuning: the body of an earlier run, frozen at first, then moved gently; gradients are clipped


def fine_tuning(folder: Path, start: Path, samples: int = SAMPLES, thaw: int = STEPS // 2, **options: Any) -> Project:
    """`start`: a run that trained such a body; `thaw`: the step from which the body moves, too. 0: never."""
    data = kinds(folder, samples)
    graph = Graph(
        (entering("features", data, "features"), layer("body", "Network", (1, 0), graph="Body"),
         layer("dropout", "Dropout", (2, 0), p=0.2), layer("head", "Linear", (3, 0), out_features=3),
         layer("out", "Output", (4, 0)), entering("label", data, "label", (3, 1)),
         layer("loss", "CrossEntropy", (4, 1))),
        wires("features body.features", "body.found dropout", "dropout head", "head out", "head loss.prediction",
              "label loss.target"))
    adam = chosen(OPTIMIZERS, "Adam", {"lr": 0.01})
    plan = [Phase("Head", "Tuned", {"Tuned": 1.0, "Body": 0.0}, adam, stop=thaw, clip=0.5)]
    if thaw:
        plan.append(Phase("All", "Tuned", {"Tuned": 1.0, "Body": 0.1}, adam, start=thaw, clip=0.5))
    return project({"Tuned": graph, "Body": body()}, data, *plan, **options).replace(starts={"Body": str(start)})


def kinds(folder: Path, samples: int) -> Data:
    """Six features, and one of three names that follows from them."""
    random = np.random.default_rng(7)
    features = random.normal(size=(samples, 6))
    scores = np.stack([features[:, 0], features[:, 1] ** 2 - 0.5, np.abs(features[:, 2]) - 0.5], 1)
    np.savez(folder / "kinds.npz", x=features.astype(np.float32), y=scores.argmax(1))
    return sources.inspect(folder / "kinds.npz")

"""Predict new files with this network.

    python predict.py photo.png other.jpg        one line a picture
    python predict.py table.csv --json           the same as JSON, with probabilities
    python predict.py samples.npz -o out.json --json

Needs torch, numpy, safetensors and Pillow, see requirements.txt. config.json says how raw values are prepared.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

HERE = Path(__file__).resolve().parent
BATCH = 256
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


class InputError(ValueError):
    """A file does not hold what this network takes."""


class Model:
    """The trained network with the preparation of its inputs and the meaning of its outputs."""

    def __init__(self, network: torch.nn.Module, config: dict[str, Any]) -> None:
        self.network = network
        self.config = config
        self.parts = {part["column"]["name"]: part for part in config["preparation"]["prepared"]}

    def read(self, paths: Sequence[Path]) -> tuple[list[str], list[np.ndarray]]:
        """Names of all samples in the files, and the prepared inputs in the order in which the network takes them."""
        names: list[str] = []
        found: dict[str, list[np.ndarray]] = {name: [] for name in self.config["inputs"]}
        for path in paths:
            raw, labels = self._read_file(path)
            names += labels
            for name, parts in found.items():
                if name not in raw:
                    raise InputError(f"{path} has no values for the input {name!r}.")
                parts.append(prepare(self.parts[name], raw[name]))
        return names, [np.concatenate(parts) for parts in found.values()]

    def outputs(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What the network computes for prepared inputs (n, *shape), one array (n, ...) an output."""
        rows: list[tuple[torch.Tensor, ...]] = []
        with torch.inference_mode():
            for start in range(0, len(inputs[0]), BATCH):
                result = self.network(*(torch.from_numpy(array[start : start + BATCH]) for array in inputs))
                rows.append(result if isinstance(result, tuple) else (result,))
        return [torch.cat(parts).numpy() for parts in zip(*rows, strict=True)]

    def predict(self, paths: Sequence[Path]) -> list[dict[str, Any]]:
        """One entry a sample: {"name", "label", "probabilities"} or {"name", "value"}."""
        names, inputs = self.read(paths)
        columns = [self._meaning(spec, values) for spec, values in
                   zip(self.config["outputs"], self.outputs(inputs), strict=True)]
        entries = []
        for row, name in enumerate(names):
            meanings = [column[row] for column in columns]
            entry = {"name": name, **meanings[0]}
            if len(meanings) > 1:
                entry["outputs"] = {spec["name"]: meaning
                                    for spec, meaning in zip(self.config["outputs"], meanings, strict=True)}
            entries.append(entry)
        return entries

    def _meaning(self, spec: dict[str, Any], values: np.ndarray) -> list[dict[str, Any]]:
        part = self.parts.get(spec["target"])
        classes = part["column"]["classes"] if part else []
        shares = probabilities(values, len(classes)) if classes else None
        if shares is not None and shares.ndim == 2:
            best = shares.argmax(axis=1)
            return [{"label": classes[winner], "probabilities": dict(zip(classes, row.tolist(), strict=True))}
                    for winner, row in zip(best, shares, strict=True)]
        values = values.astype(np.float64)
        if part:
            values = values * part["divide"] * part["scale"][0] + np.resize(part["mean"], values.shape[1:])
        return [{"value": row.item() if row.size == 1 else row.tolist()} for row in values]

    def _read_file(self, path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
        """Raw values by input, and a name for each sample."""
        suffix = path.suffix.lower()
        if suffix in IMAGES:
            name = next((n for n in self.config["inputs"] if self.parts[n]["column"]["kind"] == "image"), None)
            if name is None:
                raise InputError(f"{path} is a picture, and this network does not take pictures.")
            return {name: read_image(path, self.parts[name]["column"]["shape"])[None]}, [path.name]
        if suffix == ".npz":
            return self._read_npz(path)
        if suffix in (".csv", ".tsv", ".txt"):
            return self._read_csv(path)
        raise InputError(f"{path} is not a picture, a CSV table or an NPZ file.")

    def _read_npz(self, path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
        """Arrays that are named as the inputs are; a single input also takes the only array of its shape."""
        raw = {}
        with np.load(path) as arrays:
            for name in self.config["inputs"]:
                column = self.parts[name]["column"]
                fitting = {key: as_samples(arrays[key], column) for key in arrays.files}
                fitting = {key: values for key, values in fitting.items() if values is not None}
                if name not in fitting and len(fitting) != 1:
                    raise InputError(f"{path} has no array named {name!r} with samples of {tuple(column['shape'])}.")
                raw[name] = fitting[name] if name in fitting else fitting.popitem()[1]
        return raw, sample_names(path, len(raw[name]))

    def _read_csv(self, path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            rows = list(csv.DictReader(file, delimiter=max(",;\t|", key=first.count), skipinitialspace=True))
        raw = {name: read_table(rows, self.parts[name], path) for name in self.config["inputs"]}
        return raw, sample_names(path, len(rows))


def load(folder: Path = HERE) -> Model:
    """The network of this folder, ready to predict."""
    sys.path.insert(0, str(folder))
    import model as module

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    network = getattr(module, config["network"])()
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return Model(network.eval(), config)


def prepare(part: dict[str, Any], raw: np.ndarray) -> np.ndarray:
    """Raw values as the network reads them: float32 (n, *shape), or class numbers int64 (n,)."""
    column = part["column"]
    if column["kind"] == "category":
        return raw.astype(np.int64)
    fill, mean, scale = (np.array(part[key]) for key in ("fill", "mean", "scale"))
    if column["kind"] == "image":
        fill, mean, scale = (values.reshape(-1, 1, 1) for values in (fill, mean, scale))
    elif not column["shape"]:
        fill, mean, scale = (values.reshape(()) for values in (fill, mean, scale))
    values = raw.astype(np.float32 if raw.dtype == np.uint8 else np.float64)
    values = values / values.dtype.type(part["divide"])
    if raw.dtype.kind == "f":
        values = np.where(np.isfinite(values), values, fill)
    return ((values - mean.astype(values.dtype)) / scale.astype(values.dtype)).astype(np.float32)


def probabilities(scores: np.ndarray, classes: int) -> np.ndarray | None:
    """Class probabilities (n, classes, ...); a single score of two classes is that of the second one."""
    scores = scores.astype(np.float64)
    if scores.ndim >= 2 and scores.shape[1] == classes:
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    if classes == 2 and scores.size == len(scores):
        second = 1 / (1 + np.exp(-scores.reshape(-1)))
        return np.stack([1 - second, second], axis=1)
    return None


def read_image(path: Path, shape: Sequence[int]) -> np.ndarray:
    """Bytes (channels, height, width): upright, on white, grey or RGB, resized to what the network was trained on."""
    from PIL import Image, ImageOps

    channels, height, width = shape
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened)
        if image.mode.startswith("I"):  # 16 bits a pixel
            deep = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
            image = Image.fromarray(((deep + 128) // 257).astype(np.uint8))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("L" if channels == 1 else "RGB")
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(image).reshape(height, width, channels).transpose(2, 0, 1)


def as_samples(values: np.ndarray, column: dict[str, Any]) -> np.ndarray | None:
    """(n, *shape), also where pictures came as (n, height, width) or with channels last; None if it does not fit."""
    shape = tuple(column["shape"])
    if values.ndim and values.shape[1:] == shape:
        return values
    if column["kind"] == "image" and shape[0] == 1 and values.shape[1:] == shape[1:]:
        return values[:, None]
    if column["kind"] == "image" and values.shape[1:] == (*shape[1:], shape[0]):
        return values.transpose(0, 3, 1, 2)
    return None


def read_table(rows: Iterable[dict[str, str]], part: dict[str, Any], path: Path) -> np.ndarray:
    """The raw values of one input from the cells of a table; what is no number becomes NaN and is filled later."""
    column = part["column"]
    features = part["features"] or ([{"column": column["name"], "value": None}] if not column["shape"] else [])
    if not features:
        raise InputError(f"The input {column['name']!r} cannot be read from a table such as {path}.")
    table = []
    for row in rows:
        cells = []
        for feature in features:
            if feature["column"] not in row:
                raise InputError(f"{path} has no column named {feature['column']!r}.")
            cell = (row[feature["column"]] or "").strip()
            if column["kind"] == "category":
                cells.append(column["classes"].index(cell) if cell in column["classes"] else int(cell))
            else:
                cells.append(number(cell) if feature["value"] is None else float(cell == feature["value"]))
        table.append(cells if column["shape"] else cells[0])
    return np.array(table, np.float64).reshape(len(table), *column["shape"])


def sample_names(path: Path, count: int) -> list[str]:
    return [path.name] if count == 1 else [f"{path.name} {row + 1}" for row in range(count)]


def number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def line(entry: dict[str, Any]) -> str:
    if "label" in entry:
        return f"{entry['name']}\t{entry['label']}\t{max(entry['probabilities'].values()):.1%}"
    return f"{entry['name']}\t{entry['value']}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Predict new files with this network.")
    parser.add_argument("files", nargs="+", type=Path, help="pictures, CSV tables or NPZ files")
    parser.add_argument("--json", action="store_true", help="print JSON, with probabilities")
    parser.add_argument("-o", "--output", type=Path, help="write this file instead of printing")
    args = parser.parse_args()
    missing = [str(path) for path in args.files if not path.is_file()]
    if missing:
        parser.error(f"there is no file named {missing[0]}")
    try:
        entries = load().predict(args.files)
    except InputError as error:
        sys.exit(str(error))
    text = json.dumps({"predictions": entries}) if args.json else "\n".join(map(line, entries))
    if args.output:
        args.output.write_text(f"{text}\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()

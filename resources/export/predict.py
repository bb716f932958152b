"""Predict new files with this network.

    python predict.py photo.png other.jpg        one line a picture
    python predict.py table.csv --json           the same as JSON, with probabilities
    python predict.py samples.npz -o out.json --json

Needs torch, numpy, safetensors and Pillow, see requirements.txt. config.json says how raw values are prepared.
"""

import argparse
import csv
import io
import json
import re
import sys
import warnings
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

HERE = Path(__file__).resolve().parent
BATCH = 256
LARGEST = 1e18  # numbers beyond it count as missing
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF8", b"RIFF")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
USUAL_NAMES = ("x", "image", "images", "data", "features", "feature", "inputs", "input", "samples")
SEPARATORS = "\t;|,"
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-", "#n/a")
NUMBER = re.compile(r"[-+]?((\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|inf|infinity)", re.IGNORECASE | re.ASCII)
DECIMAL_COMMA = re.compile(r"([-+]?\d*),(\d+)", re.ASCII)


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
        if part and part["column"]["kind"] != "category":
            values = restored(part, values.reshape(len(values), *part["column"]["shape"]))
        return [{"value": row.item() if row.size == 1 else row.tolist()} for row in values]

    def _read_file(self, path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
        """Raw values by input, and a name for each sample. What a file is, its first bytes tell."""
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(PICTURES):
            name = next((n for n in self.config["inputs"] if self.parts[n]["column"]["kind"] == "image"), None)
            if name is None:
                raise InputError(f"{path} is a picture, and this network does not take pictures.")
            return {name: read_image(path, self.parts[name]["column"]["shape"])[None]}, [path.name]
        if start.startswith(b"PK"):
            raw = {name: read_array(path, name, self.parts[name]["column"]) for name in self.config["inputs"]}
        elif any(self.parts[name]["column"]["kind"] == "image" for name in self.config["inputs"]):
            raise InputError(f"{path} is not a picture (PNG, JPEG, BMP, GIF, WebP) or an NPZ file.")
        elif b"\0" in start or start.startswith((b"\x1f\x8b", b"\x28\xb5", b"BZ", b"\xfd7")):
            raise InputError(f"{path} is not a table (CSV) or an NPZ file.")
        else:
            raw = {name: read_table(path, self.parts[name]) for name in self.config["inputs"]}
        counts = {len(values) for values in raw.values()}
        if len(counts) > 1:
            raise InputError(f"The inputs in {path} have different numbers of samples: {sorted(counts)}.")
        [count] = counts
        return raw, [path.name] if count == 1 else [f"{path.name} {row + 1}" for row in range(count)]


def load(folder: Path = HERE) -> Model:
    """The network of this folder, ready to predict."""
    sys.path.insert(0, str(folder))
    import model as module

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    network = getattr(module, config["network"])()
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return Model(network.eval(), config)


def along(part: dict[str, Any], key: str) -> np.ndarray:
    """One number per channel or feature, shaped so that it lines up with samples (n, *shape)."""
    values = np.array(part[key], np.float64)
    if part["column"]["kind"] == "image":
        return values.reshape(-1, 1, 1)
    return values if part["column"]["shape"] else values.reshape(())


def prepare(part: dict[str, Any], raw: np.ndarray) -> np.ndarray:
    """Raw values as the network reads them: float32 (n, *shape), or class numbers int64 (n,)."""
    if part["column"]["kind"] == "category":
        return raw.astype(np.int64)
    mean, scale = along(part, "mean"), along(part, "scale")
    if raw.dtype == np.uint8:
        values = raw.astype(np.float32) / np.float32(part["divide"])
        return (values - mean.astype(np.float32)) / scale.astype(np.float32)
    values = (raw / part["divide"]).astype(np.float64)
    values = np.where(np.abs(values) <= LARGEST, values, along(part, "fill"))
    return ((values - mean) / scale).astype(np.float32)


def restored(part: dict[str, Any], prepared: np.ndarray) -> np.ndarray:
    """The inverse of `prepare`: numbers in the unit of the data, pictures as bytes if they came as bytes."""
    values = (prepared.astype(np.float64) * along(part, "scale") + along(part, "mean")) * part["divide"]
    return np.clip(np.rint(values), 0, 255).astype(np.uint8) if part["divide"] == 255 else values


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
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as opened:
                image = ImageOps.exif_transpose(opened)
    except Exception as error:  # noqa: BLE001 -- Pillow says in a dozen ways that a picture is damaged
        reason = str(error).rstrip(".") or type(error).__name__
        raise InputError(f"{path} cannot be read as a picture: {reason}.") from None
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


def read_array(path: Path, name: str, column: dict[str, Any]) -> np.ndarray:
    """The array of an NPZ file for one input: of its name, the only one of its shape, or the one with a usual name."""
    shape = tuple(column["shape"])
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = {key: as_samples(arrays[key]) for key in arrays.files}
    except (ValueError, OSError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} cannot be read as an NPZ file: {error}.") from None
    fitting = {key: array for key, array in found.items()
               if array.ndim and array.dtype.kind in "buif" and array.shape[1:] == shape and len(array)}
    usual = [key for key in fitting if key.lower() in USUAL_NAMES]
    chosen = [name] if name in fitting else list(fitting) if len(fitting) == 1 else usual
    if len(chosen) != 1:
        raise InputError(f"{path} holds {len(fitting)} arrays of samples {shape}, which the network reads as {name!r}. "
                         f"Keep one such array in the file, or name it {name!r}.")
    if column["kind"] == "category" and not np.isin(fitting[chosen[0]], range(len(column["classes"]))).all():
        raise InputError(f"{path} has values of {name!r} that are not class numbers below {len(column['classes'])}.")
    return fitting[chosen[0]]


def as_samples(values: np.ndarray) -> np.ndarray:
    """(n, height, width) bytes as pictures (n, 1, height, width); colours, where they come last, put first."""
    if values.dtype == np.uint8 and values.ndim == 3:
        return values[:, None]
    if values.dtype == np.uint8 and values.ndim == 4 and values.shape[1] not in (1, 3) and values.shape[3] in (1, 3):
        return values.transpose(0, 3, 1, 2)
    return values


def read_table(path: Path, part: dict[str, Any]) -> np.ndarray:
    """The raw values of one input from a delimited text file; cells that are empty become NaN and are filled later."""
    column, features = part["column"], part["features"]
    if column["kind"] == "category" or len(column["shape"]) > 1:
        raise InputError(f"The input {column['name']!r} cannot be read from a table such as {path}: use an NPZ file.")
    wanted = [feature["column"] for feature in features]
    names, rows, lines = read_rows(path, wanted)
    if not features:
        count = column["shape"][0] if column["shape"] else 1
        if len(names) != count:
            raise InputError(f"{path} has {len(names)} columns; the network reads {count} numbers.")
        features = [{"column": name, "value": None} for name in names]
    table = np.empty((len(rows), len(features)))
    for index, feature in enumerate(features):
        if feature["column"] not in names:
            raise InputError(f"{path} lacks the column {feature['column']!r} that the network was trained on. "
                             f"Its columns: {', '.join(names[:30])}.")
        place = names.index(feature["column"])
        cells = [row[place].strip() if place < len(row) else "" for row in rows]
        cells = ["" if cell.lower() in MISSING else cell for cell in cells]
        if feature["value"] is None:
            table[:, index] = numbers(cells, path, feature["column"], lines)
        else:
            table[:, index] = [cell == feature["value"] for cell in cells]
    return table.reshape(len(rows), *column["shape"])


def read_rows(path: Path, wanted: Sequence[str]) -> tuple[list[str], list[list[str]], list[int]]:
    """Names of the columns, the rows that are not empty, and the line of the file that each one ends in."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\0" in text or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{path} is not a table in UTF-8: save it as text, in a spreadsheet as \"CSV UTF-8\".")
    sample = [line for line in text[: 1 << 16].splitlines()[:200] if line.strip()]
    separator = max(SEPARATORS, key=lambda sign: (consistency(sample, sign), -SEPARATORS.index(sign)))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        found = [(row, reader.line_num) for row in reader if any(row)]
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table: {error}.") from None
    names = [f"column {index + 1}" for index in range(len(found[0][0]))] if found else []
    is_named = any(name != f"column {index + 1}" for index, name in enumerate(wanted))
    first = [cell.strip() for cell in found[0][0]] if found else []
    has_header = is_named and not set(wanted).isdisjoint(first)
    if not wanted:  # columns go by their order: all of them are numbers below a header
        has_header = not any(cell.lower() in MISSING or NUMBER.fullmatch(cell.replace(",", ".")) for cell in first)
    if has_header:
        names, found = unique(first), found[1:]
    if not found:
        raise InputError(f"{path} has no rows.")
    if ragged := next((line for row, line in found if len(row) > len(names)), 0):
        raise InputError(f"Line {ragged:,} of {path} has more cells than the first line, which has {len(names)}.")
    return names, [row for row, _ in found], [line for _, line in found]


def consistency(rows: list[str], separator: str) -> float:
    """How well a separator fits: the share of lines with the commonest number of cells, 0 if that is one."""
    try:
        widths = Counter(len(row) for row in csv.reader(rows, delimiter=separator) if row)
    except csv.Error:
        return 0.0
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return count / widths.total() if width > 1 else 0.0


def unique(cells: list[str]) -> list[str]:
    """Column names; empty ones get their number, repeated ones a count."""
    names: list[str] = []
    for index, cell in enumerate(cells):
        name = plain = cell[:200] or f"column {index + 1}"
        count = 2
        while name in names:
            name, count = f"{plain} {count}", count + 1
        names.append(name)
    return names


def numbers(cells: list[str], path: Path, name: str, lines: Sequence[int]) -> list[float]:
    """Cells as numbers, also with decimal commas if the whole column has them; NaN where empty. Refuses other texts."""
    with_points = [DECIMAL_COMMA.sub(r"\1.\2", cell) if DECIMAL_COMMA.fullmatch(cell) else cell for cell in cells]
    if all(NUMBER.fullmatch(cell) for cell in with_points if cell):
        cells = with_points
    for cell, line in zip(cells, lines, strict=True):
        if cell and not NUMBER.fullmatch(cell):
            raise InputError(f"Column {name!r} of {path} holds numbers, but line {line:,} says {cell[:60]!r}. "
                             "Correct the cell or empty it.")
    return [float(cell) if cell else float("nan") for cell in cells]


def line(entry: dict[str, Any]) -> str:
    if "label" in entry:
        return f"{entry['name']}\t{entry['label']}\t{max(entry['probabilities'].values()):.1%}"
    return f"{entry['name']}\t{json.dumps(entry['value'])}"


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

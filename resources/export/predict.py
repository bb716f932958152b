"""Predict new files with this network.

    python predict.py photo.png other.jpg        one line a sample
    python predict.py recording.wav --json       the same as JSON, with probabilities
    python predict.py table.csv -o out.json      written to a file
    python predict.py photo.png -o mask.png      a picture of the answer (or .npy), where the answer is one

A file is a picture, a recording, a text, a folder of them, a table (CSV) or arrays (NPZ), as the network was trained
on. The libraries it needs are in requirements.txt; how raw values are prepared is in config.json and runtime/.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

HERE = Path(__file__).resolve().parent
BATCH = 256
sys.path.insert(0, str(HERE))

from runtime.errors import DataError  # noqa: E402 -- from this folder
from runtime.preparation import Preparation, prepared, read_new  # noqa: E402
from runtime.preparation.answers import answers, entries  # noqa: E402
from runtime.preparation.parts import LENGTHS  # noqa: E402
from runtime.preparation.saving import contents, text  # noqa: E402


class Model:
    """The trained network with the preparation of its inputs and the meaning of its outputs."""

    def __init__(self, network: torch.nn.Module, config: dict[str, Any]) -> None:
        self.network = network
        self.config = config
        self.preparation = Preparation.from_json(config["preparation"])

    def read(self, paths: Sequence[Path]) -> tuple[tuple[str, ...], list[np.ndarray]]:
        """Names of all samples in the files, and the prepared inputs in the order in which the network takes them."""
        wanted = self.config["inputs"]
        raw, names = read_new(self.preparation, paths, [name.removesuffix(LENGTHS) for name in wanted])
        columns = prepared(self.preparation, raw)
        return names, [columns[name] for name in wanted]

    def outputs(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What the network computes for prepared inputs (n, *shape), one array (n, ...) an output."""
        rows: list[tuple[torch.Tensor, ...]] = []
        with torch.inference_mode():
            for start in range(0, len(inputs[0]), BATCH):
                result = self.network(*(torch.from_numpy(array[start : start + BATCH]) for array in inputs))
                rows.append(result if isinstance(result, tuple) else (result,))
        return [torch.cat(parts).numpy() for parts in zip(*rows, strict=True)]

    def predict(self, paths: Sequence[Path]) -> list[dict[str, Any]]:
        """One entry a sample: {"name", "label", "probabilities"}, {"name", "value"}, {"name", "text"} or {"name",
        "shares", "mask"}; with several outputs all of them by name in "outputs"."""
        names, inputs = self.read(paths)
        targets = {part.name: part for part in self.preparation.parts}
        found = zip(self.config["outputs"], self.outputs(inputs), strict=True)
        return entries(names, [(spec["name"], answers(targets.get(spec["target"]), values)) for spec, values in found])


def load(folder: Path = HERE) -> Model:
    """The network of this folder, ready to predict."""
    import model as module

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    network = getattr(module, config["network"])()
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return Model(network.eval(), config)


def main() -> None:
    parser = argparse.ArgumentParser(description="Predict new files with this network.")
    parser.add_argument("files", nargs="+", type=Path, help="pictures, recordings, texts, tables or arrays")
    parser.add_argument("--json", action="store_true", help="print JSON, with probabilities")
    parser.add_argument("-o", "--output", type=Path, help="write this file instead of printing (.json, .npy, .png)")
    args = parser.parse_args()
    try:
        found = load().predict(args.files)
        if args.output:
            for path, content in contents(found, args.output, args.json).items():
                path.write_bytes(content)
        else:
            print(text(found, args.json))
    except DataError as error:
        sys.exit(f"{error.message} {error.hint}".strip())


if __name__ == "__main__":
    main()

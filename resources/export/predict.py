"""Predict new files with this network.

    python predict.py photo.png other.jpg        one line a sample
    python predict.py recording.wav --json       the same as JSON, with probabilities
    python predict.py table.csv -o out.json      written to a file
    python predict.py photo.png -o mask.png      a picture of the answer (or .npy), where the answer is one
    python predict.py text.txt --decode beam     how a text is written, where the network writes one
    python predict.py --samples 100 -o out.npy   new samples, where the network makes them of noise

A file is a picture, a recording, a text, a folder of them, a table (CSV) or arrays (NPZ), as the network was trained
on. The libraries it needs are in requirements.txt; how raw values are prepared is in config.json and runtime/.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from runtime.decoding import add_arguments, given, settings_of  # noqa: E402 -- from this folder
from runtime.errors import DataError  # noqa: E402
from runtime.preparation.answers import cut_note, entries  # noqa: E402
from runtime.preparation.saving import contents, described, sample_contents, text  # noqa: E402
from runtime.preparation.usage import Usage  # noqa: E402


class Model:
    """The trained network with the preparation of its inputs and the meaning of its outputs."""

    def __init__(self, network: torch.nn.Module, config: dict[str, Any]) -> None:
        self.network = network
        self.config = config
        self.usage = Usage.from_json(config)

    def read(self, paths: Sequence[Path]) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
        """Names of all samples in the files, and their prepared columns (n, *shape) by name."""
        return self.usage.new(paths)[:2]

    def outputs(self, columns: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """What the network computes from prepared columns, one array (n, ...) an output."""
        with torch.inference_mode():
            result = self.network(*(torch.from_numpy(columns[name]) for name in self.usage.inputs))
        return [output.numpy() for output in (result if isinstance(result, tuple) else (result,))]

    def predict(self, paths: Sequence[Path], **decoding: Any) -> list[dict[str, Any]]:
        """One entry a sample: {"name", "label", "probabilities"}, {"name", "value"}, {"name", "text"} or {"name",
        "shares", "mask"}; with several outputs all of them by name in "outputs"; of texts that are too long for the
        network also "cut". `decoding`: how a text is written, such as decode="beam"."""
        settings = settings_of({**self.config["decoding"].get("settings", {}), **decoding})
        names, columns, cut = self.usage.new(paths, settings["seed"])
        return entries(names, self.usage.said(self.outputs, columns, settings), cut)

    def made(self, count: int, seed: int = 0) -> dict[str, np.ndarray]:
        """So many samples that the network makes of noise: each output, (count, ...)."""
        return self.usage.made(self.outputs, count, seed)


def load(folder: Path = HERE) -> Model:
    """The network of this folder, ready to predict."""
    import model as module

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    parts: dict[str, torch.nn.Module] = {}
    for part in config["parts"]:
        parts[part["name"]] = getattr(module, part["network"])(*(parts[name] for name in part["parts"]))
    network = list(parts.values())[-1]
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return Model(network.eval(), config)


def main() -> None:
    parser = argparse.ArgumentParser(description="Predict new files with this network.")
    parser.add_argument("files", nargs="*", type=Path, help="pictures, recordings, texts, tables or arrays")
    parser.add_argument("--samples", metavar="N", type=int, help="make so many samples of noise, without files")
    parser.add_argument("--json", action="store_true", help="print JSON, with probabilities")
    parser.add_argument("-o", "--output", type=Path, help="write this file instead of printing (.json, .npy, .png)")
    add_arguments(parser)
    args = parser.parse_args()
    try:
        if args.samples is not None:
            made = load().made(args.samples, args.seed or 0)
            found, said = sample_contents(made, args.output) if args.output else {}, json.dumps(described(made))
        else:
            answers = load().predict(args.files, **given(args))
            found = contents(answers, args.output, args.json) if args.output else {}
            said = text(answers, args.json)
            if note := cut_note(answers):
                print(note, file=sys.stderr)
        for path, content in found.items():
            path.write_bytes(content)
        if not found:
            print(said)
    except DataError as error:
        sys.exit(f"{error.message} {error.hint}".strip())


if __name__ == "__main__":
    main()

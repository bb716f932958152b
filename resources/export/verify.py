"""Runs an exported model on real samples in a fresh process, as its users will: without Neuroloom.

Usage: python -I verify.py request.json. The request names the file, the samples and where to put the outputs.
"""

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SINGLES = 8
"""So many samples are also run one at a time: the batch size must be free. As many texts are written."""

Columns = Mapping[str, np.ndarray]
Runner = Callable[[Columns], Sequence[Any]]


class WithoutNeuroloom:
    """Import hook: what only runs beside Neuroloom is not an export."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in ("engine", "gui"):
            raise ImportError(f"the export imports {name}, a part of Neuroloom")


def main(request: dict[str, Any]) -> None:
    sys.dont_write_bytecode = True  # the exported folder stays as it was written
    sys.meta_path.insert(0, WithoutNeuroloom())
    run, samples = OPENERS[request["format"]](request)
    count = len(next(iter(samples.values())))
    singles = [run({name: array[row : row + 1] for name, array in samples.items()})
               for row in range(min(SINGLES, count))]
    found = {f"all_{i}": np.asarray(output) for i, output in enumerate(run(samples))}
    found |= {f"single_{i}": np.concatenate(rows) for i, rows in enumerate(zip(*singles, strict=True))}
    np.savez(request["outputs"], **found)
    if request["decodings"]:
        first = {name: array[:SINGLES] for name, array in samples.items()}
        Path(request["texts"]).write_text(json.dumps(texts(request, run, first)), encoding="utf-8")


def texts(request: dict[str, Any], run: Runner, samples: Columns) -> list[dict[str, list[list[int]]]]:
    """The tokens that the model writes for each sample, by output, with each of the wanted settings."""
    sys.path.append(request["runtime"])
    usage = importlib.import_module("runtime.preparation.usage").Usage.from_json(request["usage"])
    return [{output: [text.tokens for text in found]
             for output, found in usage.written(run, samples, settings).items()}
            for settings in request["decodings"]]


def open_source(request: dict[str, Any]) -> tuple[Runner, Columns]:
    """The folder's own predict.py reads the raw samples, prepares them and runs the network."""
    sys.path.insert(0, request["path"])
    predict = importlib.import_module("predict")
    model = predict.load()
    columns = prepared(request)
    if model.usage.read:
        columns |= {name: values for name, values in model.read([Path(request["raw"])])[1].items()
                    if name not in model.usage.noise}
    return model.outputs, columns


def open_onnx(request: dict[str, Any]) -> tuple[Runner, Columns]:
    import onnxruntime

    session = onnxruntime.InferenceSession(request["path"], providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    if names != request["inputs"] or [entry.name for entry in session.get_outputs()] != request["names"]:
        raise SystemExit(f"the inputs and outputs are named {names}, not {request['inputs']}")
    return lambda columns: session.run(None, {name: columns[name] for name in names}), prepared(request)


def open_pt2(request: dict[str, Any]) -> tuple[Runner, Columns]:
    import torch

    with Path(request["path"]).open("rb") as file:
        network = torch.export.load(file).module()
    return torch_runner(network, request["inputs"]), prepared(request)


def open_state_dict(request: dict[str, Any]) -> tuple[Runner, Columns]:
    import torch
    from safetensors.torch import load_file

    if request["path"].endswith((".pt", ".pth")):
        weights = torch.load(request["path"], weights_only=True)
    else:
        weights = load_file(request["path"])
    spec = importlib.util.spec_from_file_location("model", request["module"])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    parts: dict[str, Any] = {}
    for part in request["parts"]:
        parts[part["name"]] = getattr(module, part["network"])(*(parts[name] for name in part["parts"]))
    network = list(parts.values())[-1]
    network.load_state_dict(weights)
    return torch_runner(network.eval(), request["inputs"]), prepared(request)


OPENERS = {"source": open_source, "onnx": open_onnx, "pt2": open_pt2, "state_dict": open_state_dict}


def prepared(request: dict[str, Any]) -> dict[str, np.ndarray]:
    with np.load(request["prepared"]) as arrays:
        return {name: arrays[name] for name in arrays.files}


def torch_runner(network: Any, names: Sequence[str]) -> Runner:
    import torch

    def run(columns: Columns) -> list[np.ndarray]:
        with torch.inference_mode():
            outputs = network(*(torch.from_numpy(columns[name]) for name in names))
        outputs = outputs if isinstance(outputs, tuple | list) else (outputs,)
        return [output.numpy() for output in outputs]

    return run


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))

"""The source format: a folder with everything that is needed to use the network, and nothing of Neuroloom."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import PIL
import safetensors
import torch
from safetensors.torch import save_file

from engine import __version__
from engine.export.model import Model
from engine.project import RESOURCES

MADE_BY = "Neuroloom"
REQUIREMENTS = {"torch": torch, "numpy": numpy, "safetensors": safetensors, "Pillow": PIL}


def write(model: Model, path: Path) -> tuple[str, ...]:
    """Write the folder: model.py, model.safetensors, config.json, predict.py, README.md, requirements.txt."""
    path.mkdir()
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.network.state_dict().items()}
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    (path / "model.py").write_text(model.source.text, encoding="utf-8")
    (path / "config.json").write_text(json.dumps(config(model), indent=2, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(RESOURCES / "export" / "predict.py", path / "predict.py")
    (path / "README.md").write_text("\n".join(_card(model)) + "\n", encoding="utf-8")
    requirements = (f"{name}>={_release(module.__version__)}" for name, module in REQUIREMENTS.items())
    (path / "requirements.txt").write_text("\n".join(requirements) + "\n", encoding="utf-8")
    return ("Run it with: python predict.py FILE...",)


def is_exported(folder: Path) -> bool:
    """Whether a folder is an earlier export, which may be replaced."""
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("made_by") == MADE_BY


def config(model: Model) -> dict[str, Any]:
    """What predict.py needs to know; documented by its names."""
    classes = model.classes()
    return {
        "made_by": MADE_BY, "version": __version__, "network": model.source.network,
        "inputs": list(model.source.inputs),
        "outputs": [{"name": name, "target": model.source.target_of.get(name, ""), "classes": classes.get(name, [])}
                    for name in model.source.outputs],
        "preparation": model.preparation.to_json(),
    }


def _card(model: Model) -> Iterator[str]:
    """A model card: what the network is for, how to use it, how well it does and how it came about."""
    yield from (f"# {model.source.network}", "", "A neural network made with Neuroloom. It runs without it.", "")
    yield from ("## Use", "", "    pip install -r requirements.txt", f"    python predict.py {_example(model)}", "",
                "Add `--json` for probabilities in a form that other programs read. In Python:", "",
                "    import predict", "    model = predict.load()",
                "    names, inputs = model.read([path])", "    outputs = model.outputs(inputs)", "")
    yield from ("## Inputs and outputs", "", "| | name | shape | meaning |", "|---|---|---|---|")
    for name in model.source.inputs:
        column = model.preparation.part(name).column
        yield f"| input | {name} | {_shape(column.shape)} | {column.kind}, prepared as config.json says |"
    classes = model.classes()
    for name, values in zip(model.source.outputs, model.expected, strict=True):
        meaning = f"scores of {', '.join(classes[name])}" if name in classes else "numbers"
        yield f"| output | {name} | {_shape(values.shape[1:])} | {meaning} |"
    yield ""
    if model.evaluation:
        yield from ("## Results", "", f"On {model.evaluation['samples']:,} samples of the {model.evaluation['split']} "
                    f"split, measured with the {model.evaluation['checkpoint']} checkpoint:", "",
                    "| measure | value |", "|---|---|", f"| loss | {model.evaluation['loss']:.4f} |")
        yield from (f"| {name} | {value:.4f} |" for name, value in model.evaluation["metrics"].items())
        yield ""
    options = model.project.options
    yield from ("## Training", "", f"- weights: {sum(w.numel() for w in model.network.parameters()):,}",
                f"- optimizer: {_component(options.optimizer)}", f"- scheduler: {_component(options.scheduler)}")
    yield from (f"- {name}: {options[name]}" for name in ("epochs", "batch_size", "seed"))
    if model.project.notes.strip():
        yield from ("", "## Notes", "", model.project.notes.strip())


def _example(model: Model) -> str:
    kinds = {model.preparation.part(name).column.kind for name in model.source.inputs}
    return "photo.png" if kinds == {"image"} else "table.csv"


def _shape(sizes: tuple[int, ...]) -> str:
    return "(" + ", ".join(("batch", *map(str, sizes))) + ")"


def _component(component: Any) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in component.params.items())
    return f"{component.type}({settings})" if settings else str(component.type)


def _release(text: str) -> str:
    """ "2.13.0+cpu" as "2.13"."""
    return ".".join(text.split("+", maxsplit=1)[0].split(".")[:2])

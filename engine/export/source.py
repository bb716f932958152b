"""The source format: a folder with everything that is needed to use the network, and nothing of Neuroloom."""

import json
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from engine import __version__, decoding, derived, errors, params, preparation
from engine.export.model import Model
from engine.preparation import Part
from engine.preparation.texts import BEGIN_NUMBER
from engine.project import RESOURCES

MADE_BY = "Neuroloom"
REQUIREMENTS = ("torch", "numpy", "safetensors")
NEEDED_BY = {"image": ("PIL",), "mask": ("PIL",), "text": ("tokenizers",), "audio": ("soundfile", "scipy")}
"""Libraries that a column of a kind needs beside those."""

DISTRIBUTIONS = {"PIL": "Pillow"}
"""What a library is called where it is installed from, if not by its own name."""

RUNTIME = "runtime"
"""The folder with the program's own preparation, as it is."""

BESIDE = (errors, derived, params, decoding)
"""The modules that the preparation needs beside it."""


def write(model: Model, path: Path) -> tuple[str, ...]:
    """Write the folder: model.py, model.safetensors, config.json, predict.py, runtime/, README.md, requirements.txt."""
    path.mkdir()
    save_file(model.weights(), path / "model.safetensors", metadata={"format": "pt"})
    (path / "model.py").write_text(model.source.text, encoding="utf-8")
    (path / "config.json").write_text(json.dumps(config(model), indent=2, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(RESOURCES / "export" / "predict.py", path / "predict.py")
    (path / "README.md").write_text("\n".join(_card(model)) + "\n", encoding="utf-8")
    copy_runtime(path / RUNTIME)
    lines = (f"{DISTRIBUTIONS.get(name, name)}>={_release(import_module(name).__version__)}"
             for name in _requirements(model))
    (path / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return (f"Run it with: python predict.py {'--samples N' if model.usage.noise else 'FILE...'}",)


def copy_runtime(folder: Path) -> None:
    """The preparation that the network was trained with, as a package that needs nothing else of the program."""
    (folder / "preparation").mkdir(parents=True)
    (folder / "__init__.py").write_text('"""How Neuroloom prepares data: a part of the program, copied."""\n',
                                        encoding="utf-8")
    for module in BESIDE:
        shutil.copy(str(module.__file__), folder)
    for file in sorted(Path(str(preparation.__file__)).parent.glob("*.py")):
        shutil.copyfile(file, folder / "preparation" / file.name)


def _requirements(model: Model) -> Iterator[str]:
    """The libraries that predict.py needs for this network."""
    kinds = {leaf.kind for part in _parts(model) for leaf in (part, *part.leaves)}
    yield from REQUIREMENTS
    yield from dict.fromkeys(name for kind, names in NEEDED_BY.items() if kind in kinds for name in names)


def _parts(model: Model) -> list[Part]:
    """What the network reads, and what it is compared with."""
    return list(model.preparation.origins((*model.source.inputs, *model.source.target_of.values())))


def is_exported(folder: Path) -> bool:
    """Whether a folder is an earlier export, which may be replaced."""
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("made_by") == MADE_BY


def config(model: Model) -> dict[str, Any]:
    """What predict.py needs to know; documented by its names."""
    usage, classes = model.usage.to_json(), model.classes()
    for output in usage["outputs"]:
        output["classes"] = classes.get(output["name"], [])
    return {
        "made_by": MADE_BY, "version": __version__, "network": model.source.network, "parts": model.parts(),
        "decoding": model.decoding(), **usage,
    }


def _card(model: Model) -> Iterator[str]:
    """A model card: what the network is for, how to use it, how well it does and how it came about."""
    yield from (f"# {model.source.network}", "", "A neural network made with Neuroloom. It runs without it.", "")
    yield from ("## Use", "", "    pip install -r requirements.txt", f"    python predict.py {_example(model)}", "",
                "Add `--json` for probabilities in a form that other programs read. In Python:", "",
                "    import predict", "    model = predict.load()", f"    {_called(model)}", "")
    yield from ("## Inputs and outputs", "", "| | name | shape | meaning |", "|---|---|---|---|")
    for name in model.source.inputs:
        yield f"| input | {name} | {_shape(model.samples[name].shape[1:])} | {_meaning(model, name)} |"
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


def _meaning(model: Model, name: str) -> str:
    """What an input is."""
    loop = model.usage.loop
    if name in model.usage.noise:
        return f"{model.usage.noise[name].draw} noise"
    if part := model.preparation.finishing(name):
        return f"{part.kind}, prepared as config.json says"
    if loop and name == loop.column:
        return f"what is written so far: {BEGIN_NUMBER}, then the tokens"
    return "how many steps are real"


def _called(model: Model) -> str:
    return "entries = model.predict([path])" if model.usage.read else "outputs = model.made(100, seed=1)"


def _example(model: Model) -> str:
    if not model.usage.read:
        return "--samples 100 -o samples.npz"
    kinds = {part.kind for part in _parts(model) if part.name in model.source.inputs}
    alone = {"image": "photo.png", "audio": "recording.wav", "text": "text.txt"}
    return alone.get(next(iter(kinds)), "table.csv") if len(kinds) == 1 else "table.csv"


def _shape(sizes: tuple[int, ...]) -> str:
    return "(" + ", ".join(("batch", *map(str, sizes))) + ")"


def _component(component: Any) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in component.params.items())
    return f"{component.type}({settings})" if settings else str(component.type)


def _release(text: str) -> str:
    """ "2.13.0+cpu" as "2.13"."""
    return ".".join(text.split("+", maxsplit=1)[0].split(".")[:2])

"""Starting from the weights in a file: safetensors, or torch's own format without running anything from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.errors import WeightsError
from engine.runs import weights_file

_NESTS = ("state_dict", "model_state_dict", "model", "network", "net")
_SHOWN = 5


@dataclass(frozen=True)
class Report:
    """What became of the weights of a network and of a file, by name.

    matched     taken over: same name, same shape
    reshaped    same name, other shape: "conv.weight: (16, 1, 3, 3) here, (8, 1, 3, 3) in the file"
    missing     in the network only; they keep their random start
    unused      in the file only
    """

    path: Path
    matched: tuple[str, ...]
    reshaped: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many weights the network has."""
        return len(self.matched) + len(self.reshaped) + len(self.missing)

    def text(self) -> str:
        """For people: the counts, and the first names of what did not match."""
        return " ".join((f"Weights from {self.path.name}: {len(self.matched)} of {self.total} taken over.",
                         *self.misfits()))

    def misfits(self) -> tuple[str, ...]:
        """The first names of what does not match, a line for each reason."""
        return tuple(f"{label}: {_listed(names)}." for label, names in (
            ("other shape", self.reshaped), ("not in the file", self.missing), ("in the file only", self.unused))
            if names)


def load_weights(own: Mapping[str, Tensor], path: Path, inside: str = "") -> Report:
    """Copy from the file every weight whose name and shape match one of `own`. Nothing is copied if it raises what
    `match_weights` raises."""
    report, found = match_weights(own, path, inside)
    with torch.no_grad():
        for name in report.matched:
            own[name].copy_(found[name])
    return report


def match_weights(own: Mapping[str, Tensor], path: Path, inside: str = "") -> tuple[Report, Mapping[str, Tensor]]:
    """Which weights of the file fit `own` by name and shape, and the weights under the names of `own`. The file may be
    of a larger network that holds this one, under the name `inside` or another, or of the part `inside` of this one; a
    run's folder stands for its best checkpoint.

    Raises WeightsError if it cannot be read, if nothing matches, or if it holds values that are not finite.
    """
    found = _best_part(_read(path), own, inside)
    return _matched(own, found, path), found


def check_weights(own: Mapping[str, Tensor], path: Path, inside: str = "") -> Report:
    """What `match_weights` would report. A file is read again only when it has changed. Raises the same."""
    try:
        status = weights_file(path).stat()
    except OSError:
        return match_weights(own, path, inside)[0]
    return _matched(own, _best_part(_outline(path, status.st_size, status.st_mtime_ns), own, inside), path)


@lru_cache(maxsize=16)
def _outline(path: Path, _size: int, _changed: int) -> dict[str, Tensor]:
    """Tensors like those of a file that take no memory, and hold a value only where the file's are not finite."""
    return {name: value.to("meta") if torch.isfinite(value.to(torch.get_default_dtype())).all() else
            torch.tensor(torch.nan).expand(value.shape) for name, value in _read(path).items()}


def _matched(own: Mapping[str, Tensor], found: Mapping[str, Tensor], path: Path) -> Report:
    matched, reshaped, missing = list[str](), list[str](), list[str]()
    for name, weight in own.items():
        if name not in found:
            missing.append(name)
        elif found[name].shape != weight.shape:
            reshaped.append(f"{name} ({tuple(weight.shape)} here, {tuple(found[name].shape)} in the file)")
        elif not found[name].is_meta and not torch.isfinite(found[name].to(weight.dtype)).all():
            raise WeightsError(f"{path.name} holds values that are not numbers, in {name}.", "Choose another file.")
        else:
            matched.append(name)
    report = Report(path, tuple(matched), tuple(reshaped), tuple(missing), tuple(n for n in found if n not in own))
    if not matched:
        raise WeightsError(" ".join((f"No weight of this network is in {path.name}:", *report.misfits())),
                           "Choose a file that was saved from a network with the same layers, or none.")
    return report


def _read(path: Path) -> dict[str, Tensor]:
    path = weights_file(path)
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}.", "Choose another file, or none to start at random.")
    try:
        content: Any = load_file(path) if path.suffix == ".safetensors" else \
            torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path.name} cannot be read: {error}", "Choose a whole weights file.") from error
    except Exception as error:  # torch.load raises many kinds, for damage as well as for forbidden content
        raise WeightsError(
            f"{path.name} is not a file of plain weights.",
            "Save only the state_dict with torch.save, or as safetensors. Files that would run code are never loaded.",
        ) from error
    for nest in _NESTS:
        if isinstance(content, dict) and isinstance(content.get(nest), dict):
            content = content[nest]
    if not isinstance(content, dict):
        raise WeightsError(f"{path.name} holds no named weights.", "Save the network's state_dict.")
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor) and _is_plain(value)}


def _is_plain(value: Tensor) -> bool:
    """Whether it holds real numbers, each in its place."""
    return value.layout == torch.strided and not value.is_meta and not value.is_complex()


def _best_part(found: dict[str, Tensor], own: Mapping[str, Tensor], inside: str) -> Mapping[str, Tensor]:
    """The weights of the file below the name where most of them fit: what stands for the network under its own name, if
    the file has that; else the file itself, any other part, or the file as the part `inside` of a larger network."""
    parts: dict[str, dict[str, Tensor]] = {"": found}
    for name, value in found.items():
        words = name.split(".")
        for count in range(1, len(words)):
            parts.setdefault(".".join(words[:count]), {})[".".join(words[count:])] = value
    named = [part for path, part in parts.items()
             if inside and f".{path}".endswith(f".{inside}") and not own.keys().isdisjoint(part)]
    candidates = named or [*parts.values(), {f"{inside}.{name}": value for name, value in found.items()}]
    return max(candidates, key=lambda part: sum(
        name in own and own[name].shape == value.shape for name, value in part.items()))


def _listed(names: tuple[str, ...]) -> str:
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{rest}"

"""The formats a trained network can be exported to. Cheap to import: a writer is loaded when it writes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.export.model import Model


TORCH_SUFFIXES = (".pt", ".pth")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSpec:
    """One format.

    suffix  of the file that is written; "" for a folder
    others  suffixes that the file may have as well
    write   (model, path) -> notes for the user; writes only below `path`, raises ExportError
    """

    type: str
    label: str
    doc: str
    suffix: str
    write: "Callable[[Model, Path], tuple[str, ...]]"
    others: tuple[str, ...] = ()

    @property
    def is_folder(self) -> bool:
        return not self.suffix


def _write_source(model: "Model", path: Path) -> tuple[str, ...]:
    from engine.export.source import write

    return write(model, path)


def _write_onnx(model: "Model", path: Path) -> tuple[str, ...]:
    from engine.export.onnx_file import write

    return write(model, path)


def _write_pt2(model: "Model", path: Path) -> tuple[str, ...]:
    from engine.export.pt2 import write

    return write(model, path)


def _write_state_dict(model: "Model", path: Path) -> tuple[str, ...]:
    from engine.export.state_dict import write

    return write(model, path)


FORMATS: dict[str, ExportSpec] = {
    spec.type: spec
    for spec in (
        ExportSpec(
            type="source", label="Python source", suffix="", write=_write_source,
            doc="A folder with plain PyTorch source, safetensors weights and a predict.py that runs as it is.",
        ),
        ExportSpec(
            type="onnx", label="ONNX", suffix=".onnx", write=_write_onnx,
            doc="One file for ONNX Runtime, browsers, phones, C++, C# and others; any batch size.",
        ),
        ExportSpec(
            type="pt2", label="torch.export", suffix=".pt2", write=_write_pt2,
            doc="One file for torch.export.load, without Python source; any batch size.",
        ),
        ExportSpec(
            type="state_dict", label="State dict", suffix=".safetensors", others=TORCH_SUFFIXES,
            write=_write_state_dict,
            doc="The weights alone, by name: safetensors, or torch's own format if the file ends in .pt.",
        ),
    )
}

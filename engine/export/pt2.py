"""The torch.export format: one .pt2 file that runs without its Python source."""

import warnings
from pathlib import Path

import torch

from engine.errors import ExportError
from engine.export.model import Model


def write(model: Model, path: Path) -> tuple[str, ...]:
    """Write the file, for any batch size. Raises ExportError."""
    inputs = model.examples()
    try:
        with warnings.catch_warnings():
            # torch notes that recurrent layers keep their weights in a list as well; they are registered all the same
            warnings.filterwarnings("ignore", message=r"The tensor attributes .*_flat_weights")
            program = torch.export.export(
                model.network, inputs, dynamic_shapes=tuple({0: torch.export.Dim("batch")} for _ in inputs)
            )
    except (RuntimeError, TypeError, ValueError, torch._dynamo.exc.TorchDynamoException) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ExportError(f"torch.export cannot express this network: {reason}") from error
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                node.meta.pop("stack_trace", None)  # holds paths of this machine
    with path.open("wb") as file:
        torch.export.save(program, file, extra_files={f"{name}.json": text for name, text in model.facts().items()})
    return ("Batch size free. Opening a .pt2 file runs code of its own: open only files that you trust.",)

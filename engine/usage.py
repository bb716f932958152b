"""How a run's network is used: what its source, its preparation and its graph say together. No torch."""

from typing import TYPE_CHECKING

from engine.graph import Graph

if TYPE_CHECKING:
    from engine.codegen import Source
    from engine.preparation import Preparation
    from engine.preparation.usage import Usage
    from engine.runs import Run


def usage_of(source: "Source", preparation: "Preparation", graph: Graph) -> "Usage":
    """`graph` is that of the network."""
    from engine.preparation.usage import Noise, Usage

    nodes = {node.name: node for node in graph.nodes if node.type == "Input"}
    noise = {}
    for name in source.inputs:
        if not preparation.origins((name,)):
            params = nodes[name].params
            classes = params["classes"] if params["values"] == "classes" else 0
            noise[name] = Noise(tuple(params["shape"]), source.noise.get(name, "normal"), classes)
    return Usage(preparation, source.inputs, source.outputs, source.target_of, source.loss_of, noise)


def usage_of_run(run: "Run") -> "Usage":
    """Raises RunError, ProjectError, TrainingError or DataError for a run that cannot be used."""
    return usage_of(run.source(), run.preparation(), run.project.graph)

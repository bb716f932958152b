"""Networks of the project inside other networks. Ports, shapes and costs come from the placed graph: see
engine.analysis.composites."""

from engine.layers.spec import LayerSpec, Params
from engine.params import Int, Text

_GRAPH = Text(name="graph", default="", argument=False, help="The network of this project that is placed here.")

LAYERS = (
    LayerSpec(
        type="Network", category="Networks", icon="network", constructor="", inputs=(), outputs=(), params=(_GRAPH,),
        doc="Another network of the project. All its placements share one set of weights.",
        aliases=("Subnetwork", "Shared weights", "Siamese", "Submodule", "Model"),
    ),
    LayerSpec(
        type="Block", category="Networks", icon="package", constructor="", inputs=(), outputs=(),
        doc="A copy of another network of the project with weights of its own, once or several times in a row.",
        params=(_GRAPH, Int(name="repeat", default=1, minimum=1, maximum=1000, argument=False,
                            help="Copies in a row, each with weights of its own.")),
        aliases=("Group", "Repeat", "Stack of layers", "Macro"),
    ),
    LayerSpec(
        type="Loop", category="Networks", icon="repeat", constructor="", inputs=(), outputs=(), params=(_GRAPH,),
        doc="Another network of the project, run once for every step of a sequence. An Input and an Output of the same "
            "name are a state that goes from step to step.",
        aliases=("Recurrent", "RNN cell", "For each step", "Scan", "Time distributed"),
    ),
)

COMPOSITES = frozenset(spec.type for spec in LAYERS)
SHARING = frozenset(("Network", "Loop"))
"""Those whose placements share the weights of the placed network."""


def copies(params: Params) -> int:
    """How many copies in a row a node places; 1 also where a file says nonsense."""
    repeat = params.get("repeat", 1)
    if isinstance(repeat, float) and repeat.is_integer():
        return int(repeat)
    return repeat if isinstance(repeat, int) else 1

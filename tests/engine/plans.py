"""Projects of several networks in a few words, for tests of the training plan."""

from itertools import pairwise

from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.project import Project

COLUMN, ROW = 220.0, 120.0


def layer(node_id: str, type: str, place: tuple[int, int] = (0, 0), **params: object) -> Node:
    """A node called like its id, with defaults, in a column and row."""
    spec = CATALOGUE.get(type)
    defaults = spec.defaults() if spec else {}
    return Node(node_id, type, node_id, {**defaults, **params}, (COLUMN * place[0], ROW * place[1]))


def wires(*texts: str) -> tuple[Edge, ...]:
    """"a b.target": from the output of a to the port target of b; "a.port b" from another port. The port is "input"
    where it is not said."""
    made = []
    for text in texts:
        source, target = text.split()
        start, _, start_port = source.partition(".")
        end, _, end_port = target.partition(".")
        made.append(Edge(start, start_port or "output", end, end_port or "input"))
    return tuple(made)


def network(inputs: int, *layers: tuple[str, dict], name: str = "in") -> Graph:
    """Input of so many features -> layers -> Output; ids are "in", "linear_1" and so on, "out"."""
    nodes = [layer(name, "Input", shape=(inputs,), column="x")]
    for place, (type, params) in enumerate(layers, 1):
        count = sum(node.type == type for node in nodes) + 1
        nodes.append(layer(f"{type.lower()}_{count}", type, (place, 0), **params))
    nodes.append(layer("out", "Output", (len(nodes), 0)))
    return Graph(tuple(nodes), wires(*(f"{a.id} {b.id}" for a, b in pairwise(nodes))))


def generator() -> Graph:
    return network(2, ("Linear", {"out_features": 8}), ("ReLU", {}), ("Linear", {"out_features": 2}), name="z")


def discriminator() -> Graph:
    return network(2, ("Linear", {"out_features": 8}), ("ReLU", {}), ("Linear", {"out_features": 1}))


def train_discriminator(*, cut: str = "Detach") -> Graph:
    """Real points and made ones to the discriminator; `cut` stands between the made ones and it."""
    return Graph(
        (layer("noise", "Input", (0, 1), column="noise", shape=(2,)),
         layer("real", "Input", (0, 0), column="x", shape=(2,)),
         layer("made", "Network", (1, 1), graph="Generator"), layer("cut", cut, (2, 1)),
         layer("on_real", "Network", (3, 0), graph="Discriminator"),
         layer("on_made", "Network", (3, 1), graph="Discriminator"),
         layer("yes", "Input", (3, 2), column="yes", shape=(1,)), layer("no", "Input", (3, 3), column="no", shape=(1,)),
         layer("loss_real", "BCEWithLogits", (4, 0)), layer("loss_made", "BCEWithLogits", (4, 1))),
        wires("noise made.z", "made.out cut", "real on_real.in", "cut on_made.in",
              "on_real.out loss_real.prediction", "yes loss_real.target",
              "on_made.out loss_made.prediction", "no loss_made.target"))


def train_generator() -> Graph:
    """Made points should pass for real ones."""
    return Graph(
        (layer("noise", "Input", (0, 0), column="noise", shape=(2,)),
         layer("made", "Network", (1, 0), graph="Generator"),
         layer("judged", "Network", (2, 0), graph="Discriminator"),
         layer("yes", "Input", (2, 1), column="yes", shape=(1,)), layer("loss", "BCEWithLogits", (3, 0))),
        wires("noise made.z", "made.out judged.in", "judged.out loss.prediction", "yes loss.target"))


def gan() -> Project:
    """The usual drawing, without a plan."""
    return Project({"Generator": generator(), "Discriminator": discriminator(),
                    "Train discriminator": train_discriminator(), "Train generator": train_generator()})


def head(name: str) -> Graph:
    """An objective with a layer of its own behind the shared Body."""
    return Graph(
        (layer("x", "Input", (0, 0), column="x", shape=(2,)), layer("body", "Network", (1, 0), graph="Body"),
         layer("head", "Linear", (2, 0), out_features=1), layer("y", "Input", (2, 1), column=name, shape=()),
         layer("loss", "MSE", (3, 0))),
        wires("x body.in", "body.out head", "head loss.prediction", "y loss.target"))


def two_heads() -> Project:
    return Project({"Body": network(2, ("Linear", {"out_features": 4}), ("ReLU", {})),
                    "Price": head("price"), "Age": head("age")})

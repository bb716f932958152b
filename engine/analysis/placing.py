"""Where repairs put new nodes on the canvas, in scene units."""

from engine.graph import Edge, Graph, Node

COLUMN = 220.0
"""Distance of neighbouring columns; a node is about 160 x 60."""

ROW = 110.0
WIDTH, HEIGHT = 170.0, 80.0

Position = tuple[float, float]


def free_position(graph: Graph, wanted: Position) -> Position:
    """`wanted`, or the next place below it where no node lies."""
    x, y = wanted
    taken = sorted(node.position[1] for node in graph.nodes if abs(node.position[0] - x) < WIDTH)
    for other in taken:
        if abs(other - y) < HEIGHT:
            y = other + ROW
    return x, y


def inserted(graph: Graph, edge: Edge, node: Node, input_port: str, output_port: str) -> Graph:
    """The graph with `node` in the middle of a wire, in a column between the two nodes.

    If they are too close for that, the target and all that lies right of it moves right.
    """
    source, target = graph.node(edge.source), graph.node(edge.target)
    (left, top), (right, bottom) = source.position, target.position
    middle = (top + bottom) / 2
    if left <= right < left + 2 * COLUMN:
        shift, before = left + 2 * COLUMN - right, graph.upstream((edge.source,))
        graph = graph.move({
            other.id: (other.position[0] + shift, other.position[1])
            for other in graph.nodes if other.position[0] >= right and other.id not in before
        })
        place = (left + COLUMN, middle)
    else:
        place = ((left + right) / 2, middle)
    moved = Node(node.id, node.type, node.name, node.params, free_position(graph, place))
    return graph.insert_on(edge, moved, input_port, output_port)

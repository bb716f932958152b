"""Analysis of a 1,000-node graph after one edit, against analysing it from nothing."""

import random
import statistics
import time

from engine import analysis
from engine.graph import Edge, Graph
from engine.layers import CATALOGUE
from tests.benchmarks import table


def chain(layers: int) -> Graph:
    """An image, then convolutions with skip connections, norms and activations."""
    graph = Graph()

    def add(kind: str, **params: object):
        nonlocal graph
        node = graph.new_node(kind, {**CATALOGUE[kind].defaults(), **params}, (220.0 * len(graph.nodes), 0.0))
        graph = graph.add(node)
        return node

    last = add("Input", column="image", shape=(16, 32, 32))
    skip = last
    while len(graph.nodes) < layers:
        for kind, params in (("Conv2d", {"out_channels": 16, "kernel_size": (3, 3), "padding": (1, 1)}),
                             ("BatchNorm2d", {}), ("ReLU", {})):
            node = add(kind, **params)
            graph = graph.connect(Edge(last.id, "output", node.id, "input"))
            last = node
        merge = add("Add")
        port = CATALOGUE["Add"].inputs[0].name
        for source in (last, skip):
            graph = graph.connect(Edge(source.id, "output", merge.id, port), exclusive=False)
        last = skip = merge
    return graph


def main(arguments: list[str]) -> None:
    rows = []
    for size in (100, 1_000, 5_000):
        graph = chain(size)
        start = time.process_time()
        analysis.analyze(graph)
        first = time.process_time() - start
        convolutions = [node.id for node in graph.nodes if node.type == "Conv2d"]
        choose, times = random.Random(1), []
        for i in range(30):
            edited = graph.set_params(choose.choice(convolutions), {"dilation": (1 + i % 2, 1)})
            start = time.process_time()
            analysis.analyze(edited)
            times.append(time.process_time() - start)
        median, worst = statistics.median(times), max(times)
        rows.append((f"{len(graph.nodes):,} nodes", first * 1e3, median * 1e3, worst * 1e3, median / first))
    table.show("Analysis after one edit (CPU ms)", ("graph", "from nothing", "after edit", "worst", "ratio"), rows,
               "1,000 nodes after one edit under 16 ms")


if __name__ == "__main__":
    main([])

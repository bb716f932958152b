"""Whether anything enters: data the training, and data or noise the network that is used."""

from collections.abc import Iterator

from engine.analysis.library import Library, placed
from engine.analysis.placing import COLUMN, free_position
from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.plan import phases
from engine.problems import Problem, ProjectRepair
from engine.project import Project


def problems(project: Project, library: Library) -> Iterator[Problem]:
    """Only what can be computed is judged: until then the graphs say what is missing."""
    trained = tuple(dict.fromkeys(phase.objective for phase in phases(project)))
    if all(map(library.is_sound, trained)) and not any(_reads(library, name) for name in trained):
        yield Problem(severity="error", code="nothing-read", message="The training reads nothing of the data.",
                      hint=f"Wire an Input of a column to what the loss of {trained[0]} is computed from: batches are "
                           "made of the data, whatever is learned.", graph=trained[0])
    elif library.is_sound(project.main) and (drawn := _drawn_alone(library, project.main)):
        yield _drawn_inside(project, drawn, is_placed=project.main not in trained)


def with_noise_outside(project: Project, name: str) -> Project:
    """With an Input in place of every Noise of a graph, and a Noise wired to it wherever the graph is placed."""
    drawn = [node for node in project.graphs[name].nodes if node.type == "Noise"] if name in project.graphs else []
    for node in drawn:
        inside = project.graphs[name].update(
            node.id, type="Input", params={**CATALOGUE["Input"].defaults(), "shape": node.params["shape"]})
        project = project.with_graph(name, inside)
    for other, graph in project.graphs.items():
        for placing in (node for node in graph.nodes if placed(node) == name):
            for node in drawn:
                project = project.with_graph(other, _fed(project.graphs[other], placing, node))
    return project


def _fed(graph: Graph, placing: Node, noise: Node) -> Graph:
    """With a Noise wired to the port that a node has for it."""
    new = graph.new_node(noise.type, noise.params)
    x, y = placing.position
    new = Node(new.id, new.type, new.name, new.params, free_position(graph, (x - COLUMN, y)))
    return graph.add(new).connect(Edge(new.id, "output", placing.id, noise.id))


def _reads(library: Library, name: str) -> bool:
    """Whether what an objective computes starts from an Input."""
    analysis = library.analysis(name)
    return bool(analysis.inputs or analysis.targets)


def _drawn_alone(library: Library, name: str) -> tuple[str, ...]:
    """The Noise nodes of a network that nothing else enters."""
    analysis = library.analysis(name)
    if analysis.inputs or not analysis.outputs:
        return ()
    return tuple(node.id for node in library.graphs[name].nodes if node.type == "Noise")


def _drawn_inside(project: Project, drawn: tuple[str, ...], *, is_placed: bool) -> Problem:
    main, repairs = project.main, list[ProjectRepair]()
    hint = "Select what makes the samples, without the Noise, make a network of it, and move its tab to the front."
    if is_placed:
        hint = "Let an Input take the place of the Noise, and wire a Noise to it where the network is placed."
        repairs.append(ProjectRepair("Draw the noise outside", lambda now: with_noise_outside(now, main)))
    return Problem(
        severity="warning", code="noise-inside", node=min(drawn), graph=main, hint=hint, project_repairs=tuple(repairs),
        message=f"{main} draws its noise itself, so that nobody can say how many samples it shall make: trained like "
                "this, it can be neither used nor exported.")

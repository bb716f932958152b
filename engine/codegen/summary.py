"""What the parts of an emitted program are called, and what its inputs and outputs mean."""

from collections.abc import Iterator

from engine.codegen.outline import Outline, Step, Wire
from engine.codegen.program import Program
from engine.codegen.source import PART, Metric, Objective, Part, Source
from engine.names import Names


def summed_up(program: Program, text: str, modules: dict[str, dict[str, str]]) -> Source:
    used = program.used
    names = Names()
    parts = {outline.graph: names.take(outline.graph, "variable", "network") for outline in program.parts()}
    compared = {outline.graph: tuple(_compared(program, outline)) for outline in program.outlines.values()}
    comparisons = [entry for entries in compared.values() for entry in entries]
    noise = dict(_drawn(program))
    fed = {**{argument.wire: argument.column or argument.title for argument in used.inputs}, **dict(_fed(program)),
           **{argument.wire: argument.title for argument in used.inputs if argument.wire[0] in noise}}
    return Source(
        text=text,
        network=used.name,
        parts=tuple(Part(name, graph, program.outlines[graph].name, _given(program.outlines[graph], parts))
                    for graph, name in parts.items()),
        part=parts[program.main],
        objectives={outline.graph: _objective(outline, parts, tuple(name for name, _, _ in compared[outline.graph]))
                    for outline in program.outlines.values()
                    if outline.losses and (outline.graph in program.objectives or outline is used)},
        inputs=tuple(fed[argument.wire] for argument in used.inputs),
        targets=tuple(argument.column for argument in used.targets),
        outputs=tuple(result.name for result in used.results),
        modules=modules,
        target_of={**_judged_alike(program), **{name: column for name, column, _ in comparisons}},
        loss_of={name: type for name, _, type in comparisons},
        noise={argument.title: noise[argument.wire[0]] for argument in used.inputs if argument.wire[0] in noise},
    )


def _given(outline: Outline, parts: dict[str, str]) -> tuple[str, ...]:
    return tuple(parts[graph] for graph in outline.networks)


def _objective(outline: Outline, parts: dict[str, str], compares: tuple[str, ...]) -> Objective:
    own = parts.get(outline.graph, "")
    given = (own,) if outline.is_pair else _given(outline, parts)
    columns = tuple(argument.column for argument in outline.sources)
    results = {result.wire: result.name for result in outline.results}
    metrics = []
    for measure in outline.measures:
        prediction, target = (*measure.wires, None, None)[:2]
        column = outline.columns[target].column if target in outline.columns else ""
        output = results.get(prediction, "") if prediction else ""
        metrics.append(Metric(measure.name, measure.spec.type, column, output))
    metrics += [Metric(name, PART, "", "") for name in outline.parts]
    return Objective(outline.graph, outline.objective, given, own, columns, tuple(metrics), compares)


def _compared(program: Program, outline: Outline) -> Iterator[tuple[str, str, str]]:
    """Each output of the used network that a loss of some objective compares with a column, that column, and the loss's
    type. Where an objective places the network several times, none of its outputs is the network's answer."""
    results = _results(program, outline)
    for loss in outline.losses:
        wires = {port.name: wire for port, wire in zip(loss.spec.inputs, loss.wires, strict=True)}
        prediction, target = wires.get("prediction"), wires.get("target")
        if prediction in results and target in outline.columns and outline.columns[target].column:
            yield results[prediction], outline.columns[target].column, loss.spec.type


def _results(program: Program, outline: Outline) -> dict[Wire, str]:
    """The outputs of the used network by the wires that carry them in a graph: its own, or one that places it once."""
    if outline is program.used:
        return {result.wire: result.name for result in outline.results}
    placements = [step for step in outline.steps if step.graph == program.main and step.node.type == "Network"]
    if len(placements) != 1:
        return {}
    names = {result.wire: result.name for result in program.used.results}
    return {(placements[0].node.id, port): names[wire] for port, wire in program.used.shown.items() if wire in names}


def _fed(program: Program) -> Iterator[tuple[Wire, str]]:
    """The columns that objectives wire to the used network, by what brings them in inside of it."""
    inside = {argument.port: argument.wire for argument in program.used.inputs}
    for outline in program.outlines.values():
        for step in outline.steps:
            for (graph, port), wire in _entering(step):
                column = outline.columns[wire].column if wire in outline.columns else ""
                if graph == program.main and step.node.type == "Network" and column:
                    yield inside[port], column


def _judged_alike(program: Program) -> dict[str, str]:
    """The columns that the used network's outputs imitate: where another network judges an output, and elsewhere a
    column, at the same port."""
    used, found = program.used, dict[str, str]()
    result_of = {port: result.name for port, wire in used.shown.items()
                 for result in used.results if result.wire == wire}
    made: dict[tuple[str, str], str] = {}
    real: dict[tuple[str, str], str] = {}
    for outline in program.outlines.values():
        origin = {wire: wire for wire in outline.columns}
        for step in outline.steps:
            if step.node.type == "Detach":
                origin[step.node.id, step.spec.outputs[0].name] = origin.get(step.given[0], step.given[0])
            for key, wire in _entering(step):
                source = origin.get(wire, wire)
                if source in outline.columns and outline.columns[source].column:
                    real[key] = outline.columns[source].column
                elif (name := result_of.get(source[1], "")) and _places(outline, source, program.main):
                    made[key] = name
    for key, name in made.items():
        if key in real:
            found.setdefault(name, real[key])
    return found


def _drawn(program: Program) -> Iterator[tuple[str, str]]:
    """The Inputs of the used network that some objective draws, by node id, and how."""
    for outline in program.outlines.values():
        noise = {step.node.id: str(step.params["distribution"]) for step in outline.steps if step.node.type == "Noise"}
        for step in outline.steps:
            for (graph, port), wire in _entering(step):
                if graph == program.main and wire[0] in noise:
                    yield port, noise[wire[0]]


def _entering(step: Step) -> Iterator[tuple[tuple[str, str], Wire]]:
    """What enters a placed network: ((graph, port), wire)."""
    if step.graph:
        for port, wire in zip(step.spec.inputs, step.wires, strict=True):
            if wire is not None:
                yield (step.graph, port.name), wire


def _places(outline: Outline, wire: Wire, graph: str) -> bool:
    return any(step.node.id == wire[0] and step.graph == graph for step in outline.steps)

"""Problems of the design as a whole: what no layer sees alone."""

from collections.abc import Iterator, Mapping

from engine.analysis import repairs
from engine.analysis.report import NodeReport
from engine.analysis.roles import SOURCES, Roles
from engine.analysis.wiring import Wiring
from engine.graph import Edge
from engine.layers import CATALOGUE
from engine.problems import Problem
from engine.project import Column
from engine.starter import input_params

MAX_OFFERED_COLUMNS = 6
BYTES_PER_WEIGHT = 16
"""Training keeps the weight, its gradient and two moments of the optimizer, 4 bytes each."""

COPIES_OF_ACTIVATIONS = 2
ERROR_BYTES = 10**12
WARNING_BYTES = 64 * 10**9


def problems(wired: Wiring, reports: Mapping[str, NodeReport], part: Roles,
             columns: tuple[Column, ...]) -> Iterator[Problem]:
    if not wired.nodes:
        yield Problem(severity="warning", code="empty", message="The network is empty.",
                      hint="Drag an Input and layers from the palette, or start from a template.")
        return
    if columns:
        yield from _columns(wired, part, columns)
    if part.sinks:
        yield from _dead_branches(wired, reports, part)
    yield from _linear_pairs(wired, reports)
    yield from _memory(wired, reports, part)


def _columns(wired: Wiring, part: Roles, columns: tuple[Column, ...]) -> Iterator[Problem]:
    """Inputs must bring in columns that the data has, in the shape that they have there."""
    columns = tuple(column for column in columns if column.role in ("input", "target"))
    by_name = {column.name: column for column in columns}
    for node_id in wired.order:
        node = wired.nodes[node_id]
        if node.type not in SOURCES:
            continue
        wanted = {**CATALOGUE[node.type].defaults(), **node.params}
        name = wanted["column"]
        column = by_name.get(name) if isinstance(name, str) else None
        if column is None:
            role = "target" if node_id in part.targets else "input"
            offered = sorted(columns, key=lambda column: column.role != role)[:MAX_OFFERED_COLUMNS]
            yield Problem(
                severity="error", code="no-column", node=node_id, param="column",
                message=f"{node.name} does not name a column of the data." if not name
                else f"{node.name} brings in the column {_shown(name)}, which the data does not have.",
                hint=f"The data has {', '.join(column.name for column in offered)}.",
                repairs=tuple(
                    repairs.setting(f"Use the column {column.name}", node_id, input_params(column))
                    for column in offered))
            continue
        right = input_params(column)
        if any(_plain(wanted[key]) != value and (key != "lengths" or wanted[key]) for key, value in right.items()):
            yield Problem(
                severity="error", code="column-shape", node=node_id, param="shape",
                message=f"{node.name} declares {_described(wanted)} but the column {column.name} of the data has "
                        f"{_described(right)}.",
                hint="The Input must be declared as the data is.",
                repairs=(repairs.setting("Use the data's shape", node_id, right),))


def _shown(name: object) -> str:
    """A column's name for a message; a file may hold anything in its place."""
    return repr(name[:60]) if isinstance(name, str) else f"of the type {type(name).__name__}"


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _described(params: Mapping[str, object]) -> str:
    sizes = params["shape"]
    shape = ", ".join(str(size)[:20] for size in sizes[:8]) if isinstance(sizes, list | tuple) else str(sizes)[:40]
    if params["values"] == "classes":
        of_shape = f" of the shape ({shape})" if shape else ""
        return f"class numbers{of_shape} for {params['classes'] or 'an unknown number of'} classes"
    return f"numbers of the shape ({shape})" if shape else "single numbers"


def _dead_branches(wired: Wiring, reports: Mapping[str, NodeReport], part: Roles) -> Iterator[Problem]:
    for node_id in wired.order:
        if node_id not in part.live and not wired.out_of.get(node_id) and reports[node_id].state == "ok":
            name = wired.name(node_id)
            yield Problem(
                severity="warning", code="dead-branch", node=node_id,
                message=f"{name} leads to no output and no loss: it has no effect.",
                hint="Wire it on, or remove it.",
                repairs=(repairs.removal(f"Remove {name} and what leads only to it", node_id),))


def _linear_pairs(wired: Wiring, reports: Mapping[str, NodeReport]) -> Iterator[Problem]:
    """A Linear after a Linear, with nothing but dropout between, computes no more than one of them could."""
    for node_id, node in wired.nodes.items():
        if node.type != "Linear" or not reports[node_id].outputs:
            continue
        last = wired.into[node_id][0]
        edge: Edge | None = last
        while edge and wired.nodes[edge.source].type == "Dropout":
            edge = next(iter(wired.into.get(edge.source, ())), None)
        if edge and wired.nodes[edge.source].type == "Linear":
            first = wired.name(edge.source)
            yield Problem(
                severity="warning", code="linear-linear", node=node_id,
                message=f"{first} and {node.name} follow each other without an activation between: "
                        "together they compute no more than a single Linear.",
                hint="Put an activation such as ReLU between them.",
                repairs=(repairs.insertion("Insert ReLU", last, "ReLU"),))


def _memory(wired: Wiring, reports: Mapping[str, NodeReport], part: Roles) -> Iterator[Problem]:
    """Networks that no computer can hold are refused by arithmetic, before anything is allocated."""
    needs = {n: reports[n].weights * BYTES_PER_WEIGHT + reports[n].memory * COPIES_OF_ACTIVATIONS
             for n in part.counted}
    total = sum(needs.values())
    if total < WARNING_BYTES:
        return
    largest = max(needs, key=lambda node_id: needs[node_id])
    yield Problem(
        severity="error" if total >= ERROR_BYTES else "warning", code="memory", node=largest,
        message=f"Training this network needs {bytes_text(total)} of memory even with a batch of one; "
                f"{wired.name(largest)} alone needs {bytes_text(needs[largest])}.",
        hint="Use fewer features or channels, or shrink what comes in, for example by pooling.")


def bytes_text(count: int) -> str:
    """A size in words, in decimal units: "6.0 TB"."""
    if count < 1000:
        return f"{count} bytes"
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        if count < 1_000_000:
            return f"{count / 1000:.1f} {unit}"
        count //= 1000
    return f"{count // 1000:,} EB"

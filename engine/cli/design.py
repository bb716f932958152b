"""Commands on a project's design: check and code. Neither imports torch nor reads data."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.console import Console, table
from engine.cli.parser import Commands, Parser, add_json, add_project, command

if TYPE_CHECKING:
    from engine.analysis import Analysis
    from engine.project import Project


def declare_check(commands: Commands) -> Parser:
    parser = command(
        commands, "check", check,
        "Say what a network is and what is wrong with it. Exits with 1 if a problem prevents training.",
        examples="  neuroloom check network.neuroloom\n  neuroloom check network.neuroloom --json | jq .problems",
    )
    add_project(parser)
    add_json(parser, "weights, multiply-adds of one sample, nodes with output shapes, and problems")
    return parser


def declare_code(commands: Commands) -> Parser:
    parser = command(
        commands, "code", code,
        "Print the Python that is trained and exported. It is a module that needs nothing but torch.",
        examples="  neuroloom code network.neuroloom\n  neuroloom code network.neuroloom -o model.py",
    )
    add_project(parser)
    parser.add_argument("-o", "--output", metavar="PATH", type=Path, help="write this file instead of stdout")
    return parser


COMMANDS = (declare_check, declare_code)


def check(args: argparse.Namespace, console: Console) -> int:
    from engine import projectfile
    from engine.analysis import analyze

    project = projectfile.load(args.project)
    data = project.data
    analysis = analyze(project.graph, data.columns, data.augmentation) if data else analyze(project.graph)
    if args.json:
        console.json(_checked(project, analysis))
    else:
        console.data(_described(project, analysis))
    errors = sum(problem.severity == "error" for problem in analysis.problems)
    if errors:
        console.message(f"neuroloom check: {errors} problem{'s' if errors > 1 else ''} to solve before training.")
    return 1 if errors else 0


def code(args: argparse.Namespace, console: Console) -> int:
    from engine import codegen, projectfile, storage

    text = codegen.emit(projectfile.load(args.project)).text
    if args.output:
        storage.write(args.output, text.encode())
        console.remark(f"Written to {args.output}")
    else:
        console.data(text.rstrip("\n"))
    return 0


def _checked(project: "Project", analysis: "Analysis") -> dict[str, Any]:
    """What `check --json` prints; part of the stable interface."""
    return {
        "weights": analysis.weights,
        "multiply_adds": analysis.multiply_adds,
        "nodes": [
            {
                "id": node.id,
                "name": node.name,
                "type": node.type,
                "outputs": {port: spec.shape for port, spec in analysis.nodes[node.id].outputs.items()},
            }
            for node in project.graph.nodes
        ],
        "problems": [
            {"severity": p.severity, "code": p.code, "message": p.message, "node": p.node} for p in analysis.problems
        ],
    }


def _described(project: "Project", analysis: "Analysis") -> str:
    names = {node.id: node for node in project.graph.nodes}
    rows = [("node", "layer", "output", "weights")]
    for node_id in analysis.order:
        report = analysis.nodes[node_id]
        outputs = ", ".join(str(spec) for spec in report.outputs.values())
        weights = f"{report.weights:,}" if report.weights else ""
        rows.append((names[node_id].name, names[node_id].type, outputs, weights))
    lines = [table(rows, right=(3,)), ""]
    lines.append(f"{analysis.weights:,} weights, {analysis.multiply_adds:,} multiply-adds per sample")
    for problem in analysis.problems:
        lines.append(f"{problem.severity}: {problem.message}" + (f" {problem.hint}" if problem.hint else ""))
    return "\n".join(lines)

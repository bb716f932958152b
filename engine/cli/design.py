"""Commands on a project's design: check and code. Neither imports torch nor reads data."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.console import Console, table
from engine.cli.parser import Commands, Parser, add_json, add_project, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.analysis import Analysis
    from engine.analysis.survey import Survey
    from engine.problems import Problem
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
        examples="  neuroloom code network.neuroloom\n  neuroloom code network.neuroloom -o model.py\n"
                 "  neuroloom code network.neuroloom --training FOLDER && cd FOLDER && python train.py",
    )
    add_project(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="PATH", type=Path, help="write this file instead of stdout")
    where.add_argument("--training", metavar="FOLDER", type=Path,
                       help="write a new folder with the module, a training script in plain torch, and the data")
    return parser


COMMANDS = (declare_check, declare_code)


def check(args: argparse.Namespace, console: Console) -> int:
    from engine import projectfile
    from engine.analysis import planning, starting
    from engine.analysis.survey import survey

    project = projectfile.load(args.project)
    report = survey(project)
    folder = args.project.resolve().parent
    planned = [("", problem) for problem in (*planning.problems(project), *starting.problems(project, folder))]
    found = [(name, problem) for name in report.analyses for problem in report.analyses[name].problems] + planned
    if args.json:
        console.json(_checked(project, report, found))
    else:
        console.data(_described(project, report, found))
    errors = sum(problem.severity == "error" for name, problem in found if not name or name in report.trained)
    if errors:
        console.message(f"neuroloom check: {errors} problem{'s' if errors > 1 else ''} to solve before training.")
    return 1 if errors else 0


def code(args: argparse.Namespace, console: Console) -> int:
    from engine import codegen, projectfile, storage

    project = projectfile.load(args.project)
    if args.training:
        from engine.training.script import write_training

        for note in write_training(project, args.project.resolve(), args.training):
            console.message(note)
        console.remark(f"Written to {args.training}. Run it there with: python train.py")
        return 0
    text = codegen.emit(project).text
    if args.output:
        storage.write(args.output, text.encode())
        console.remark(f"Written to {args.output}")
    else:
        console.data(text.rstrip("\n"))
    return 0


def _checked(project: "Project", report: "Survey", found: "Sequence[tuple[str, Problem]]") -> dict[str, Any]:
    """What `check --json` prints; part of the stable interface. `graphs` has all of them, the rest is of the first."""
    main = report.analyses[project.main]
    return {
        "weights": main.weights,
        "multiply_adds": main.multiply_adds,
        "nodes": _nodes(project, project.main, main),
        "graphs": [{"name": name, "weights": analysis.weights, "multiply_adds": analysis.multiply_adds,
                    "nodes": _nodes(project, name, analysis)} for name, analysis in report.analyses.items()],
        "problems": [
            {"severity": p.severity, "code": p.code, "message": p.message, "node": p.node, "graph": name}
            for name, p in found
        ],
    }


def _nodes(project: "Project", name: str, analysis: "Analysis") -> list[dict[str, Any]]:
    return [
        {
            "id": node.id,
            "name": node.name,
            "type": node.type,
            "outputs": {port: spec.shape for port, spec in analysis.nodes[node.id].outputs.items()},
        }
        for node in project.graphs[name].nodes
    ]


def _described(project: "Project", report: "Survey", found: "Sequence[tuple[str, Problem]]") -> str:
    lines = []
    for name, analysis in report.analyses.items():
        lines += [*([f"{name}:"] if len(report.analyses) > 1 else []), _listed(project, name, analysis), ""]
        lines += [f"{analysis.weights:,} weights, {analysis.multiply_adds:,} multiply-adds per sample", ""]
    for name, problem in found:
        where = f"{name}: " if name and len(report.analyses) > 1 else ""
        lines.append(f"{problem.severity}: {where}{problem.message}" + (f" {problem.hint}" if problem.hint else ""))
    return "\n".join(lines).rstrip("\n")


def _listed(project: "Project", name: str, analysis: "Analysis") -> str:
    nodes = project.graphs[name].by_id()
    rows = [("node", "layer", "output", "weights")]
    for node_id in analysis.order:
        report = analysis.nodes[node_id]
        outputs = ", ".join(str(spec) for spec in report.outputs.values())
        weights = f"{report.weights:,}" if report.weights else ""
        rows.append((nodes[node_id].name, nodes[node_id].type, outputs, weights))
    return table(rows, right=(3,))

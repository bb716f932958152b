"""Commands about the program itself: the catalogue of layers and the shell's completion."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.console import Console, table
from engine.cli.parser import Commands, Parser, add_json, command

if TYPE_CHECKING:
    from engine.layers.spec import LayerSpec
    from engine.params import Param


def declare_layers(commands: Commands) -> Parser:
    parser = command(
        commands, "layers", layers,
        "List the layers that networks are made of. With words, those that a search for them finds, best first.",
        examples="  neuroloom layers\n  neuroloom layers dense\n  neuroloom layers Conv2d --json | jq '.[0].params'",
    )
    parser.add_argument("words", metavar="WORD", nargs="*", help="search for these words")
    add_json(parser, "every layer with its parameters and ports")
    return parser


def declare_completion(commands: Commands) -> Parser:
    parser = command(
        commands, "completion", completion,
        "Print a script that completes commands, options and files in a shell.",
        examples='  eval "$(neuroloom completion bash)"\n'
                 "  neuroloom completion bash > ~/.local/share/bash-completion/completions/neuroloom\n"
                 '  neuroloom completion zsh > "${fpath[1]}/_neuroloom"',
    )
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell to complete in")
    return parser


COMMANDS = (declare_layers, declare_completion)


def layers(args: argparse.Namespace, console: Console) -> int:
    from engine.layers import CATALOGUE, search

    words = " ".join(args.words)
    found = search(words) if words else list(CATALOGUE.values())
    if args.json:
        console.json([_declared(spec) for spec in found])
    elif found:
        console.data(table((spec.type, spec.category, spec.doc.splitlines()[0]) for spec in found))
    if not found:
        console.message(f"neuroloom layers: no layer is called {words!r}. `neuroloom layers` lists all of them.")
    return 0 if found else 1


def completion(args: argparse.Namespace, console: Console) -> int:
    import shtab

    from engine.cli.main import build_parser

    parser = build_parser()
    _complete_files(parser, shtab.FILE)
    console.data(shtab.complete(parser, args.shell))
    return 0


def _complete_files(parser: argparse.ArgumentParser, files: Any) -> None:
    """Every argument that takes a path is completed with file names."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                _complete_files(child, files)
        elif action.type is Path:
            action.complete = files  # type: ignore[attr-defined]


def _declared(spec: "LayerSpec") -> dict[str, Any]:
    """A layer as `layers --json` prints it; part of the stable interface."""
    return {
        "type": spec.type,
        "category": spec.category,
        "role": spec.role,
        "doc": spec.doc,
        "aliases": list(spec.aliases),
        "params": [_param(param) for param in spec.params],
        "inputs": [{"name": port.name, "variadic": port.variadic} for port in spec.inputs],
        "outputs": [{"name": port.name} for port in spec.outputs],
    }


def _param(param: "Param") -> dict[str, Any]:
    """A parameter: its kind in lower case ("int", "choice", ...) and all that its declaration says."""
    declared = {field.name: getattr(param, field.name) for field in fields(param) if field.name != "argument"}
    return {"name": declared.pop("name"), "kind": type(param).__name__.lower(), **declared}

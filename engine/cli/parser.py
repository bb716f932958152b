"""How the command line is declared: parsers with readable help, and the arguments that commands share."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

Commands = Any
"""What `add_subparsers` returns; argparse keeps the type private."""


class Parser(argparse.ArgumentParser):
    """Keeps the line breaks of descriptions and examples. `details`, written only when help is asked for, ends it."""

    def __init__(self, *args: Any, details: Callable[[], str] | None = None, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        settings.setdefault("allow_abbrev", False)
        super().__init__(*args, **settings)
        self._details = details

    def format_help(self) -> str:
        return super().format_help() + (f"\n{self._details()}\n" if self._details else "")


def command(commands: Commands, name: str, run: Callable[..., int], doc: str, *, examples: str = "",
            details: Callable[[], str] | None = None) -> Parser:
    """A new command: `run(args, console)` does it and returns the exit code."""
    epilog = f"examples:\n{examples.rstrip()}" if examples else ""
    parser: Parser = commands.add_parser(
        name, help=doc.split(". ", maxsplit=1)[0].rstrip("."), description=doc, epilog=epilog, details=details
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


def with_common(parser: Parser) -> Parser:
    """With the settings that every command takes."""
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument("-q", "--quiet", action="store_true", help="only warnings and errors, no progress")
    volume.add_argument("-v", "--verbose", action="store_true", help="the full traceback if Neuroloom itself fails")
    return parser


def add_project(parser: Parser) -> None:
    parser.add_argument("project", metavar="FILE", type=Path, help="a project file (.neuroloom)")


def add_run(parser: Parser) -> None:
    parser.add_argument("folder", metavar="RUN", type=Path, help="a run folder, as `neuroloom train` printed it")


def add_checkpoint(parser: Parser) -> None:
    parser.add_argument("--checkpoint", choices=("best", "last"), default="best",
                        help="which weights: of the lowest validation loss, or the latest (default: best)")


def add_json(parser: argparse._ActionsContainer, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")

"""The terminal's front door: parse the command line, run one command, turn what happened into an exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from engine.cli import catalogue, data, design, training, using
from engine.cli.console import Console
from engine.cli.parser import Parser, with_common
from engine.errors import EngineError

DESCRIPTION = """\
Design neural networks by wiring layers, train them on data from your disk, test them and export them.

Without a command, neuroloom opens its window; `neuroloom FILE` opens it with that project. The commands below do
the same work on the same project files and run folders without a window."""

EXAMPLES = """\
examples:
  neuroloom network.neuroloom                     open the project in the window
  neuroloom check network.neuroloom               shapes, weights and problems
  neuroloom data photos/                          columns, types, splits and problems of a data set
  neuroloom train network.neuroloom --epochs 5    train; prints the run folder
  neuroloom evaluate runs/network-20260101-120000 test it on the test split
  neuroloom predict RUN photo.png --json          classify new files
  neuroloom export RUN --format onnx -o net.onnx  write a verified ONNX file

exit codes: 0 success, 1 a failed operation, 2 wrong use, 130 interrupted.
Data is printed on stdout, messages on stderr. NO_COLOR=1 prints without colours."""

ROOMS = (design, data, training, using, catalogue)


def build_parser() -> Parser:
    """The whole command line, declared by the rooms of commands."""
    parser = Parser(prog="neuroloom", description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for room in ROOMS:
        for declare in room.COMMANDS:
            with_common(declare(commands))
    return parser


def command_names() -> tuple[str, ...]:
    """The names of all commands."""
    parser = build_parser()
    [commands] = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return tuple(commands.choices)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code of the process. Never raises for an `EngineError`."""
    _prepare_streams()
    try:
        args = build_parser().parse_args(argv)
        return run(args, Console(is_quiet=args.quiet))
    except SystemExit as exit_:  # argparse has printed the help, or what was wrong with the arguments
        return int(exit_.code or 0)


def run(args: argparse.Namespace, console: Console) -> int:
    """Do the parsed command. Raises SystemExit for wrong use that the command itself finds, and nothing else."""
    try:
        return int(args.run(args, console))
    except EngineError as error:
        console.message(f"neuroloom {args.command}: {error.message}")
        if error.hint:
            console.message(error.hint)
        return 1
    except KeyboardInterrupt:
        console.message("Interrupted.")
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _drop_unwritten()
        return 1
    except (OSError, MemoryError) as error:  # the disk or the memory is full, a folder may not be written, ...
        from engine.training.failures import explained

        console.message(f"neuroloom {args.command}: {' '.join(explained(error))}")
        _drop_unwritten()
        return 1
    except Exception as bug:  # noqa: BLE001 -- the outermost place: a bug becomes one line and a report
        return _reported(bug, console, is_verbose=args.verbose)


def _prepare_streams() -> None:
    """Whatever a name holds can be printed, and what other programs read is UTF-8 on every system."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _drop_unwritten() -> None:
    """What standard output could not take is dropped: Python would fail over it again on exit, and exit with 120."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _reported(bug: Exception, console: Console, *, is_verbose: bool) -> int:
    import traceback

    from engine import folders

    details = "".join(traceback.format_exception(bug))
    console.message(f"This is a fault of Neuroloom, not of your work: {type(bug).__name__}: {bug}")
    try:
        folder = folders.data() / "faults"
        folder.mkdir(parents=True, exist_ok=True)
        report = folder / f"terminal-{os.getpid()}.txt"
        report.write_text(f"neuroloom {' '.join(sys.argv[1:])}\n{_version()}\n\n{details}", encoding="utf-8")
        console.message(f"The details are in {report}: please report them.")
    except OSError:
        is_verbose = True
    if is_verbose:
        console.message(details)
    return 1


def _version() -> str:
    from engine import __version__

    return f"neuroloom {__version__} (Python {sys.version_info.major}.{sys.version_info.minor})"

"""Where the program starts: the window, a command of the terminal, or a helper process of the frozen program.

Importing this module is cheap and loads neither Qt nor torch.
"""

import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run `neuroloom` with these arguments (default: the command line's) and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    match arguments:
        case ["--worker"]:
            from engine.training.worker import main as work

            return work()
        case ["--run-script", script, *rest]:
            return _run_script(script, rest)
        case []:
            return _open_window(None)
        case [word, *_]:
            from engine.cli.main import command_names
            from engine.cli.main import main as command

            if word.startswith("-") or word in command_names():
                return command(arguments)
            return _open_file(arguments, command_names())
    raise AssertionError("unreachable: every list is empty or has a first word")


def _open_file(arguments: list[str], commands: Sequence[str]) -> int:
    path = Path(arguments[0])
    if len(arguments) == 1 and path.is_file():
        return _open_window(path)
    from difflib import get_close_matches

    if len(arguments) > 1 and path.is_file():
        problem, hint = f"the window opens one project, and {arguments[1]!r} came after it", ""
    else:
        near = get_close_matches(arguments[0], commands, n=1)
        problem = f"{arguments[0]!r} is neither a command nor a file"
        hint = f" Did you mean {near[0]!r}?" if near else ""
    print(f"neuroloom: {problem}.{hint} See `neuroloom --help`.", file=sys.stderr)
    return 2


def _open_window(path: Path | None) -> int:
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        print("neuroloom: there is no display here for a window. The commands work without one, see "
              "`neuroloom --help`; over SSH use `ssh -X`, on a server `xvfb-run neuroloom`.", file=sys.stderr)
        return 1
    from gui import app

    return app.run(path)


def _run_script(script: str, arguments: list[str]) -> int:
    """What `python -I script arguments` does, for the frozen program, which has no Python beside it."""
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as exit_:
        if isinstance(exit_.code, str):
            print(exit_.code, file=sys.stderr)
            return 1
        return exit_.code or 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

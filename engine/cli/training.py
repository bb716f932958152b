"""Commands that train: train and resume. The loop runs in this process; Ctrl-C stops it with a checkpoint."""

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from engine.cli.console import Console
from engine.cli.parser import Commands, Parser, add_project, add_run, command
from engine.errors import EngineError, OptionError

if TYPE_CHECKING:
    from engine.events import Ended
    from engine.project import Project
    from engine.runs import Run
    from engine.training.control import Control

SHORTHANDS = ("epochs", "batch_size", "seed", "device")
"""Options with an argument of their own; all others are reached by --set."""


def declare_train(commands: Commands) -> Parser:
    parser = command(
        commands, "train", train,
        "Train a project and print its run folder. Ctrl-C stops with a checkpoint; `neuroloom resume` goes on from it.",
        examples="  neuroloom train network.neuroloom\n"
                 "  neuroloom train network.neuroloom --epochs 20 --seed 1 --run-dir runs/first\n"
                 "  neuroloom train network.neuroloom --set optimizer=SGD --set lr=0.05 --set scheduler=Cosine\n"
                 "  neuroloom train gan.neuroloom --set Generator:lr=0.0002 --set batch_size=64\n"
                 "  neuroloom train network.neuroloom --start Body=runs/pretrained\n"
                 "  neuroloom train network.neuroloom --continue runs/network-20260101-120000\n"
                 "  neuroloom train network.neuroloom --augment Flip --augment Rotate:degrees=10,fill=edge\n"
                 "  neuroloom train network.neuroloom --data ~/data/fashion-mnist --json | tail -1",
        details=_options_text,
    )
    add_project(parser)
    parser.add_argument("--epochs", metavar="N", help="passes over the training samples")
    parser.add_argument("--batch-size", metavar="N", help="samples per step")
    parser.add_argument("--seed", metavar="N", help="the same seed gives the same numbers, here and in the window")
    parser.add_argument("--device", metavar="NAME", help="auto, cpu, cuda or mps")
    parser.add_argument("--run-dir", metavar="PATH", type=Path,
                        help="the run folder to create (default: runs/NAME-DATE-TIME beside the project)")
    parser.add_argument("--data", metavar="PATH", type=Path, help="train on this data set instead of the project's")
    parser.add_argument("--set", metavar="OPTION=VALUE", action="append", default=[], dest="settings",
                        help="override any option of the project; may be repeated")
    parser.add_argument("--start", metavar="NETWORK=FILE", action="append", default=[],
                        help="begin with the weights of a file or run in a network, or in a layer (NETWORK/LAYER); may "
                             "be repeated")
    parser.add_argument("--continue", metavar="RUN", dest="continues", type=Path,
                        help="begin with the weights of a run wherever names and shapes are still the same")
    parser.add_argument("--augment", metavar="NAME[:SETTING=VALUE,...]", action="append", default=[],
                        help="change the training samples at random, instead of as the project says; may be repeated")
    parser.add_argument("--json", action="store_true", help="print every event as a line of JSON")
    return parser


def declare_resume(commands: Commands) -> Parser:
    parser = command(
        commands, "resume", resume,
        "Go on with a run that was stopped or interrupted. The numbers are those of a run that never stopped.",
        examples="  neuroloom resume runs/network-20260101-120000",
    )
    add_run(parser)
    parser.add_argument("--json", action="store_true", help="print every event as a line of JSON")
    return parser


COMMANDS = (declare_train, declare_resume)


def train(args: argparse.Namespace, console: Console) -> int:
    def created() -> "Run":
        from engine import projectfile, runs

        project = _overridden(projectfile.load(args.project), args, console)
        return runs.create(project, args.project.resolve(), args.run_dir)

    return _trained(created, args, console)


def resume(args: argparse.Namespace, console: Console) -> int:
    def opened() -> "Run":
        from engine import runs

        return runs.open_run(args.folder)

    return _trained(opened, args, console)


def _trained(prepare: "Callable[[], Run]", args: argparse.Namespace, console: Console) -> int:
    """Train the run that `prepare` gives. With --json the last line is the end, also of a run that could not start."""
    from engine.events import Ended

    try:
        run = prepare()
    except OptionError as error:
        args.parser.error(" ".join(filter(None, (error.message, error.hint))))
    except EngineError as error:
        if args.json:
            from engine.cli.watching import ended_json

            console.json(ended_json(Ended("failed", "", error.message, error.hint)))
        raise
    ended, was_interrupted = _watched(run, args, console)
    if ended.reason == "failed":
        raise EngineError(ended.message, ended.hint)
    if ended.reason == "stopped":
        console.message(f"Stopped. Go on with: neuroloom resume {run.folder}")
    if not args.json:
        console.data(str(run.folder))
    return 130 if was_interrupted and ended.reason == "stopped" else 0


def _watched(run: "Run", args: argparse.Namespace, console: Console) -> "tuple[Ended, bool]":
    from engine.cli.watching import watching
    from engine.training.control import Control

    control = Control()
    with watching(console, as_json=args.json) as watcher, _interruptible(control, console) as interrupted:
        from engine.training.loop import train as loop  # takes a second: Ctrl-C is heeded meanwhile

        loop(run, watcher.receive, control)
    assert watcher.ended is not None, "a run ends with exactly one Ended"
    return watcher.ended, interrupted()


@contextmanager
def _interruptible(control: "Control", console: Console) -> Iterator[Callable[[], bool]]:
    """While inside, the first Ctrl-C (or a polite kill) asks the run to stop, the second ends the program at once."""
    requests: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        requests.append(number)
        if len(requests) > 1:
            raise KeyboardInterrupt
        control.stop()
        console.message("Stopping: a checkpoint is being written. Ctrl-C again stops at once, without it.")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(requests)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _overridden(project: "Project", args: argparse.Namespace, console: Console) -> "Project":
    """The project with what the command line overrides. Raises OptionError for wrong use."""
    from engine.plan import with_setting

    settings = [(name, value) for name in SHORTHANDS if (value := getattr(args, name)) is not None]
    for setting in args.settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise OptionError(f"--set takes OPTION=VALUE, not {setting!r}.", "For example: --set lr=0.01")
        settings.append((name.strip(), _from_here(value) if name.strip() == "weights" and value else value))
    if args.data:
        settings.append(("data", str(args.data)))
    for name, value in settings:
        if name == "data":
            project = _with_data(project, Path(value), args.project.resolve().parent, console)
        else:
            project = with_setting(project, name, value)
    project = _started(project, args)
    return _augmented(project, args.augment, console) if args.augment else project


def _started(project: "Project", args: argparse.Namespace) -> "Project":
    """The project with the weights that the command line begins with."""
    from engine.plan import started

    for text in args.start:
        where, equals, path = text.rpartition("=")
        if not equals:
            raise OptionError(f"--start takes NETWORK=FILE, not {text!r}.", "For example: --start Encoder=runs/first")
        project = started(project, where.strip(), _from_here(path))
    if args.continues:
        from engine import runs

        project = runs.continued(project, args.project.resolve(), runs.open_run(args.continues))
    return project


def _augmented(project: "Project", texts: list[str], console: Console) -> "Project":
    import msgspec

    from engine.augmentation import misfit, parsed

    if project.data is None:
        return project
    chosen = tuple(parsed(text) for text in texts)
    for reason in filter(None, (misfit(component, project.data.columns) for component in chosen)):
        console.message(f"Warning: {reason}")
    return project.replace(data=msgspec.structs.replace(project.data, augmentation=chosen))


def _from_here(path: str) -> str:
    """A path as the command line means it: from the current folder, and not from that of the project file."""
    return str(Path(path).expanduser().absolute())


def _with_data(project: "Project", path: Path, base: Path, console: Console) -> "Project":
    """The project pointed at another data set. Split, normalisation and class names that still fit are kept."""
    from engine.data import sources
    from engine.events import Progressed

    place = path.expanduser().resolve()
    with console.progress() as receive:
        data = sources.inspect(place, previous=project.data, base=base,
                               progress=lambda share: receive(Progressed("Reading data", share)))
    return project.replace(data=data)


def _options_text() -> str:
    """The options that --set reaches, and the augmentations, with their defaults and help."""
    from engine.augmentation import AUGMENTATIONS
    from engine.cli.console import table
    from engine.options import OPTIMIZERS, SCHEDULERS, TRAINING

    rows = [(f"  {param.name}={param.formatted(param.default)}", param.help) for param in TRAINING]
    rows.append(("  data=PATH", "Another data set, as --data."))
    rows.append(("  lr=NUMBER", "The learning rate, the optimizer's lr."))
    for kind, specs in (("optimizer", OPTIMIZERS), ("scheduler", SCHEDULERS)):
        rows.append((f"  {kind}=NAME", f"One of {', '.join(specs)}."))
        for spec in specs.values():
            rows += ((f"  {kind}.{param.name}={param.formatted(param.default)}", f"{spec.type}: {param.help}")
                     for param in spec.params)
    changes = [(f"  {spec.type}" + "".join(f"{',' if place else ':'}{param.name}={param.formatted(param.default)}"
                                           for place, param in enumerate(spec.params)), spec.doc)
               for spec in AUGMENTATIONS.values()]
    return (f"options for --set, with their defaults:\n{table(rows)}\n\n"
            f"random changes for --augment, with their defaults:\n{table(changes)}")

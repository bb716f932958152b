"""The command on data: what a file or folder holds, how it would be read, and what is wrong with it."""

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from engine.cli.console import Console, table
from engine.cli.parser import Commands, Parser, add_json, command
from engine.errors import OptionError
from engine.kinds import KINDS

if TYPE_CHECKING:
    from engine.data.browse import Browser
    from engine.data.findings import Finding
    from engine.params import Param
    from engine.project import Column, ColumnChoice, Data, Split

SHOWN_ROWS = 100
"""Row numbers of a finding that are printed as JSON."""

SHOWN_NAMES = 3


def declare_data(commands: Commands) -> Parser:
    parser = command(
        commands, "data", data,
        "Say what a data set holds: its columns with types and reasons, its splits, and what is wrong with it. Exits "
        "with 1 if something prevents training.",
        examples="  neuroloom data photos/\n  neuroloom data ratings.csv --json | jq .findings\n"
                 "  neuroloom data ratings.csv --set stars.kind=category --set id.role=ignore\n"
                 "  neuroloom data ratings.csv --set split.method=group --project ratings.neuroloom\n"
                 "  neuroloom data network.neuroloom\n  neuroloom data --clear-cache",
        details=_settings_text,
    )
    parser.add_argument("path", metavar="PATH", type=Path, nargs="?",
                        help="a file, a folder, a ZIP or tar of them, or a project file, whose data is meant")
    parser.add_argument("--source", metavar="NAME", default="", help="how it is read; without: told by looking inside")
    parser.add_argument("--option", metavar="NAME=VALUE", dest="options", action="append", default=[],
                        help="set an option of the source; see below")
    parser.add_argument("--set", metavar="NAME=VALUE", dest="settings", action="append", default=[],
                        help="decide about a column, COLUMN.kind, COLUMN.role or a setting of its preparation, or "
                             "about the split; see below")
    parser.add_argument("-p", "--project", metavar="FILE", type=Path,
                        help="write a new project with this data and a first network for it")
    parser.add_argument("--clear-cache", action="store_true", help="remove all prepared data that is kept on this disk")
    add_json(parser, "source, rows, columns, splits and findings")
    return parser


COMMANDS = (declare_data,)


def data(args: argparse.Namespace, console: Console) -> int:
    if args.path is None and not args.clear_cache:
        args.parser.error("a PATH is needed, or --clear-cache")
    if args.clear_cache:
        from engine.data import cache

        console.message(f"Prepared data of {cache.clear() / 1e6:,.0f} MB was removed.")
        if args.path is None:
            return 0
    found, base = _looked_at(args, console)
    if args.project:
        _write_project(found, base, args.project, console)
    browser, findings = _examined(found, base, console)
    if args.json:
        console.json(_described(found, browser, findings))
    else:
        _print(found, browser, findings, console)
    return 1 if any(finding.severity == "error" for finding in findings) else 0


def _looked_at(args: argparse.Namespace, console: Console) -> "tuple[Data, Path | None]":
    """The data as project data, and the folder that its path starts from. What a project remembers of its data stands,
    so that files which changed since are told, unless the command line decides otherwise."""
    import msgspec

    from engine.data.sources import inspect
    from engine.events import Progressed
    from engine.project import BUNDLED, Data

    previous, base = _of_project(args.path)
    if previous and previous.columns and not (args.source or args.settings or args.options):
        return previous, base
    path = str(args.path)
    if previous:
        path = previous.path if previous.path.startswith(BUNDLED) else str(previous.located(base))
    options = {**(previous.options if previous else {}), **_options(args.options)}
    chosen, split = _decisions(args.settings, previous or Data("", ""))
    source = args.source or (previous.source if previous else "")
    with console.progress() as receive:
        found = inspect(path, source, options, lambda share: receive(Progressed("Looking at the data", share)),
                        chosen=chosen, previous=previous, base=base)
    return msgspec.structs.replace(found, split=split), base


def _of_project(path: Path) -> "tuple[Data | None, Path | None]":
    """The data of a project file and its folder; (None, None) for anything else."""
    from engine import projectfile
    from engine.errors import DataError

    if path.suffix != projectfile.SUFFIX:
        return None, None
    project = projectfile.load(path)
    if project.data is None:
        raise DataError(f"{path} is a project without data.", "Choose data for it, or name the data itself.")
    return project.data, path.resolve().parent


def _decisions(settings: list[str], before: "Data") -> "tuple[dict[str, ColumnChoice], Split]":
    """What --set says of columns and of the split, on top of what was said before."""
    import msgspec

    from engine.project import ColumnChoice, ColumnRole, Split

    decided, split = dict(before.chosen), before.split
    for setting in settings:
        name, value = _parted(setting, "age.kind=number")
        column, _, what = name.rpartition(".")
        if not column:
            raise OptionError(f"{name!r} is not the setting of a column.", "Write COLUMN.kind, COLUMN.role or "
                              "COLUMN.SETTING; an option of the source is set with --option.")
        if column == "split" and what in Split.__struct_fields__:
            split = _with_split(split, what, value)
            continue
        choice = decided.get(column, ColumnChoice())
        if what == "kind":
            decided[column] = msgspec.structs.replace(choice, kind=_one_of(what, value, tuple(KINDS)), settings={})
        elif what == "role":
            decided[column] = msgspec.structs.replace(choice, role=_one_of(what, value, get_args(ColumnRole)))
        else:
            decided[column] = msgspec.structs.replace(choice, settings={**choice.settings, what: _setting(what, value)})
    return decided, split


def _parted(setting: str, example: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals:
        raise OptionError(f"{setting!r} is not NAME=VALUE.", f"For example: {example}")
    return name.strip(), value


def _with_split(split: "Split", name: str, value: str) -> "Split":
    import msgspec

    from engine.project import Split

    try:
        changed = msgspec.convert({**msgspec.structs.asdict(split), name: value}, Split, strict=False)
    except msgspec.ValidationError as error:
        raise OptionError(f"split.{name} cannot be {value!r}: {str(error).split(' - ')[0]}.") from None
    shares = changed.validation, changed.test
    if min(shares) < 0 or sum(shares) >= 1:
        raise OptionError(f"split.{name} cannot be {value!r}.", "The shares leave something to train on.")
    return changed


def _one_of(what: str, value: str, names: tuple[str, ...]) -> Any:
    """A kind or role by name."""
    if value not in names:
        raise OptionError(f"There is no {what} {value!r}.", f"One of {', '.join(names)}.")
    return value


def _setting(name: str, value: str) -> Any:
    """The value of a preparation's setting; all kinds that have a setting of this name spell it alike."""
    return _parsed(name, value, [param for spec in KINDS.values() for param in spec.params], "setting")


def _options(settings: list[str]) -> dict[str, Any]:
    """The source's options. Which source it is becomes known later, and it then checks that they are its own."""
    from engine.data.sources import SOURCES

    declared = [param for spec in SOURCES.values() for param in spec.params]
    return {name: _parsed(name, value, declared, "option")
            for name, value in (_parted(setting, "header=yes") for setting in settings)}


def _parsed(name: str, value: str, declared: "list[Param]", what: str) -> Any:
    found = [param for param in declared if param.name == name]
    if not found:
        names = sorted({param.name for param in declared})
        raise OptionError(f"There is no {what} named {name!r}.", f"{what.capitalize()}s: {', '.join(names)}.")
    for param in found[:-1]:
        with suppress(OptionError):
            return param.parsed(value)
    return found[-1].parsed(value)


def _write_project(found: "Data", base: Path | None, path: Path, console: Console) -> None:
    """Write a new project with this data and its starter network."""
    from engine import projectfile
    from engine.errors import ProjectError
    from engine.project import Project
    from engine.starter import starter_graph

    if path.exists():
        raise ProjectError(f"{path} is there already.", "Choose another name, or remove it first.")
    project = Project({"Network": starter_graph(found.columns)}, found)
    projectfile.save(projectfile.relocated(project, base, path.absolute().parent), path)
    console.remark(f"Written to {path}")


def _examined(found: "Data", base: Path | None, console: Console) -> "tuple[Browser | None, tuple[Finding, ...]]":
    """The opened data, None if it cannot be, and the doctor's findings."""
    from engine.data.browse import Browser
    from engine.data.doctor import examine, unreadable
    from engine.errors import DataError
    from engine.events import Progressed

    with console.progress() as receive:
        try:
            browser = Browser(found, base)
        except DataError as error:
            return None, (unreadable(error),)
        return browser, examine(browser, lambda share: receive(Progressed("Examining the data", share)))


def _described(found: "Data", browser: "Browser | None", findings: "tuple[Finding, ...]") -> dict[str, Any]:
    """What `data --json` prints; part of the stable interface. Rows count from 0."""
    return {
        "source": found.source,
        "rows": browser.count if browser else 0,
        "columns": [{"name": column.name, "type": column.kind, "role": column.role, "reason": column.reason}
                    for column in found.leaves],
        "splits": {split: len(rows) for split, rows in browser.rows.items()} if browser else {},
        "findings": [
            {"code": finding.code, "severity": finding.severity, "message": finding.message, "hint": finding.hint,
             "rows": finding.rows[:SHOWN_ROWS], "count": finding.count, "column": finding.column}
            for finding in findings
        ],
    }


def _print(found: "Data", browser: "Browser | None", findings: "tuple[Finding, ...]", console: Console) -> None:
    from engine.data.doctor.samples import counted
    from engine.data.sources import SOURCES

    console.data(SOURCES[found.source].title)
    if browser:
        splits = ", ".join(f"{len(rows):,} {split}" for split, rows in browser.rows.items())
        console.data(f"{browser.count:,} rows: {splits}")
    rows = [(column.name, column.kind, column.role, _size(column), column.reason) for column in found.leaves]
    console.data("\n" + table([("column", "type", "role", "size", "because"), *rows]))
    for column in found.columns:
        if column.parts:
            console.data(f"\n{counted(len(column.parts), 'column makes', 'columns make')} the input {column.name!r}: "
                         f"{counted(column.shape[0], 'number')}.")
    for finding in findings:
        console.data(f"\n{finding.severity}: {finding.message}" + (f"\n  {finding.hint}" if finding.hint else ""))
        if finding.rows and browser:
            names = ", ".join(browser.opened.names[row] for row in finding.rows[:SHOWN_NAMES])
            console.data(f"  {names}" + (", ..." if len(finding.rows) > SHOWN_NAMES else ""))
    if not findings:
        console.data("\nNothing is wrong with it.")


def _size(column: "Column") -> str:
    """What the network reads of one sample."""
    shape = " × ".join(map(str, column.shape))
    classes = f"{len(column.classes):,} classes" if column.classes else ""
    return ", ".join(fact for fact in (shape, classes) if fact)


def _settings_text() -> str:
    """What --set reaches."""
    from engine.data.sources import SOURCES
    from engine.project import ColumnRole, Split

    settings = [("  COLUMN.kind=KIND", f"One of {', '.join(KINDS)}."),
                ("  COLUMN.role=ROLE", f"One of {', '.join(get_args(ColumnRole))}.")]
    for kind in KINDS.values():
        settings += ((f"  COLUMN.{param.name}={param.formatted(param.default)}", f"{kind.title}: {param.help}")
                     for param in kind.params)
    settings += ((f"  split.{name}={getattr(Split(), name)}", "The split.") for name in Split.__struct_fields__)
    options = [(f"  {param.name}={param.formatted(param.default)}", f"{spec.name}: {param.help}")
               for spec in SOURCES.values() for param in spec.params]
    names = table((f"  {spec.name}", spec.title) for spec in SOURCES.values())
    return (f"sources:\n{names}\n\nsettings for --set, with their defaults:\n{table(settings)}\n\n"
            f"options for --option, with their defaults:\n{table(options)}")

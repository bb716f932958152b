"""Commands on a trained run: evaluate, predict, export, suspicious and steps."""

import argparse
from pathlib import Path
from typing import Any

from engine import decoding
from engine.cli.console import Console, table
from engine.cli.parser import Commands, Parser, add_checkpoint, add_json, add_run, command
from engine.export.formats import FORMATS

SHOWN_NUMBERS = 6
"""Of a state, in a line for people."""


def declare_evaluate(commands: Commands) -> Parser:
    parser = command(
        commands, "evaluate", evaluate,
        "Measure a trained network on samples it did not learn from. The result is also written into the run folder.",
        examples="  neuroloom evaluate RUN\n  neuroloom evaluate RUN --split validation --json | jq .metrics.accuracy",
    )
    add_run(parser)
    parser.add_argument("--split", choices=("train", "validation", "test"), default="test",
                        help="the samples to measure on (default: test)")
    add_checkpoint(parser)
    add_json(parser, "loss, metrics, confusion matrix and wrong samples")
    return parser


def declare_predict(commands: Commands) -> Parser:
    parser = command(
        commands, "predict", predict,
        "Predict new files with a trained network: pictures, recordings, texts, folders of them, or tables and arrays "
        "with the columns it was trained on. A network that reads noise makes samples instead.",
        examples="  neuroloom predict RUN boot.png bag.png\n  neuroloom predict RUN new.csv --json -o predicted.json\n"
                 "  neuroloom predict RUN text.txt --decode beam --beam 8\n"
                 "  neuroloom predict RUN --samples 2000 --seed 1 -o made.npy",
    )
    add_run(parser)
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path,
                        help="PNG, JPEG, WAV, FLAC, OGG, TXT, CSV, NPZ or IDX files, or folders")
    parser.add_argument("-n", "--samples", metavar="N", type=int, help="make so many samples of noise, without files")
    parser.add_argument("-o", "--output", metavar="PATH", type=Path,
                        help="write this file instead of stdout: .json, .npy or .png (masks, pictures), else text; "
                             "samples: .npy, .npz or .png")
    parser.add_argument("--attention", action="store_true",
                        help="with --json: where the network looked for each token it wrote")
    decoding.add_arguments(parser)
    add_checkpoint(parser)
    add_json(parser, "one entry a sample, with probabilities,")
    return parser


def declare_export(commands: Commands) -> Parser:
    parser = command(
        commands, "export", export,
        "Write a trained network as files that other programs open. Each export is loaded in a fresh process without "
        "Neuroloom and compared on real samples before it counts.",
        examples="  neuroloom export RUN --format onnx -o network.onnx\n"
                 "  neuroloom export RUN --format source -o network/ && python network/predict.py photo.png\n"
                 "  neuroloom export RUN --format onnx -o network.onnx --decode beam --beam 8",
        details=lambda: "formats:\n" + table((f"  {name}", spec.doc) for name, spec in FORMATS.items()),
    )
    add_run(parser)
    parser.add_argument("-f", "--format", choices=tuple(FORMATS), required=True, help="what to write, see below")
    parser.add_argument("-o", "--output", metavar="PATH", type=Path, required=True, help="the file or folder to write")
    decoding.add_arguments(parser)
    add_checkpoint(parser)
    add_json(parser, "the path and the largest difference")
    return parser


def declare_suspicious(commands: Commands) -> Parser:
    parser = command(
        commands, "suspicious", suspicious,
        "List the samples with the highest loss, in which wrong labels gather. All splits are ranked; the result is "
        "also written into the run folder.",
        examples="  neuroloom suspicious RUN --count 20\n  neuroloom suspicious RUN --csv -o suspicious.csv",
    )
    add_run(parser)
    parser.add_argument("-n", "--count", type=int, default=50, help="how many are listed, at most 1000 (default: 50)")
    parser.add_argument("-o", "--output", metavar="PATH", type=Path, help="write this file instead of stdout")
    add_checkpoint(parser)
    form = parser.add_mutually_exclusive_group()
    add_json(form, "row, name, split, truth, prediction, confidence and loss")
    form.add_argument("--csv", action="store_true", help="print a table with commas and a header")
    return parser


def declare_steps(commands: Commands) -> Parser:
    parser = command(
        commands, "steps", steps,
        "Run a Loop of a trained network one time step at a time, and see its states. The sample is a row of the data, "
        "or comes from new files.",
        examples="  neuroloom steps RUN\n  neuroloom steps RUN --loop Encoder/Loop --row 12 --json | jq .states\n"
                 "  neuroloom steps RUN text.txt",
    )
    add_run(parser)
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="new files, as `predict` takes them")
    parser.add_argument("--loop", metavar="NAME", default="", help="which Loop, where the run has several")
    parser.add_argument("--row", metavar="N", type=int,
                        help="which sample: its row of the data (default: the first of the test split), or its number "
                             "in the files, from 0")
    parser.add_argument("--call", metavar="N", type=int, default=1,
                        help="which time, where what holds the Loop is computed several times (default: 1)")
    add_checkpoint(parser)
    add_json(parser, "inputs, states and outputs of every step")
    return parser


COMMANDS = (declare_evaluate, declare_predict, declare_export, declare_suspicious, declare_steps)


def evaluate(args: argparse.Namespace, console: Console) -> int:
    from engine import runs
    from engine.evaluation import evaluate as measure

    with console.progress() as receive:
        result = measure(runs.open_run(args.folder), args.split, args.checkpoint, receive)
    if args.json:
        console.json(result)
        return 0
    rows: list[tuple[str, str]] = [("samples", f"{result['samples']:,}"), ("loss", f"{result['loss']:.4f}")]
    rows += ((name, f"{value:.4f}") for name, value in result["metrics"].items())
    if "written" in result:
        rows.append(("written exactly", f"{result['written']['exact']:.4f}"))
    console.data(table(rows, right=(1,)))
    others = result.get("others", [])
    for found in (result, *others):
        if found["confusion"] and len(found["classes"]) <= 20:
            head = f"{found['target']}\n" if others else ""
            console.data(f"\n{head}{_confusion_text(found['classes'], found['confusion'])}")
    return 0


def predict(args: argparse.Namespace, console: Console) -> int:
    from engine import runs, storage
    from engine.prediction import predict as look
    from engine.preparation.answers import cut_note, line
    from engine.preparation.saving import contents, text

    if args.samples is not None:
        return _make(args, console)
    if not args.files:
        args.parser.error("name files to predict, or a number of --samples for a network that makes them of noise")
    found = look(runs.open_run(args.folder), args.files, args.checkpoint, decoding.given(args),
                 with_attention=args.attention)["predictions"]
    if note := cut_note(found):
        console.message(note)
    if args.output:
        for path, content in contents(found, args.output, args.json).items():
            storage.write(path, content)
        console.remark(f"{len(found):,} predictions written to {args.output}")
    else:
        console.data(text(found, True) if args.json else table(line(entry) for entry in found))
    return 0


def _make(args: argparse.Namespace, console: Console) -> int:
    """Samples of noise, written or described."""
    from engine import runs, storage
    from engine.prediction import made
    from engine.preparation.saving import described, sample_contents

    if args.samples < 1:
        args.parser.error("--samples must be at least 1")
    if args.files:
        args.parser.error("--samples makes samples of noise: leave out the files")
    outputs = made(runs.open_run(args.folder), args.samples, args.seed or 0, args.checkpoint)
    if args.output:
        for path, content in sample_contents(outputs, args.output).items():
            storage.write(path, content)
        console.remark(f"{args.samples:,} samples written to {args.output}")
    about = described(outputs)
    if args.json:
        console.json({"samples": args.samples, "seed": args.seed or 0, "outputs": about,
                      "path": str(args.output) if args.output else None})
    elif not args.output:
        rows = [(name, str(tuple(facts["shape"])), *(f"{facts[key]:.4g}" for key in ("mean", "minimum", "maximum")))
                for name, facts in about.items()]
        console.data(table([("output", "shape", "mean", "minimum", "maximum"), *rows], right=(2, 3, 4)))
    return 0


def export(args: argparse.Namespace, console: Console) -> int:
    from engine import runs
    from engine.export import export as write

    with console.progress() as receive:
        result = write(runs.open_run(args.folder), args.format, args.output, args.checkpoint, receive,
                       decoding=decoding.given(args))
    if args.json:
        console.json(result)
        return 0
    console.data(str(result["path"]))
    console.remark(f"Loaded in a fresh process and compared on {result['samples']:,} samples: "
                   f"largest difference {result['difference']:.2g}.")
    for note in result["notes"]:
        console.remark(note)
    return 0


def suspicious(args: argparse.Namespace, console: Console) -> int:
    from engine import runs
    from engine.suspicion import as_csv
    from engine.suspicion import suspicious as rank

    if args.count < 1:
        args.parser.error("--count must be at least 1")
    with console.progress() as receive:
        result = rank(runs.open_run(args.folder), args.checkpoint, receive)
    listed = result["suspicious"] = result["suspicious"][: args.count]
    if args.json:
        import msgspec

        text = msgspec.json.encode(result).decode()
    elif args.csv:
        text = as_csv(result).rstrip("\n")
    else:
        head = ("loss", "row", "split", "is", "was taken for", "sure", "name")
        text = table([head, *(_suspicious_row(entry) for entry in listed)], right=(0, 1, 5))
    _give(text, args.output, console, f"{len(listed):,} samples")
    return 0


def steps(args: argparse.Namespace, console: Console) -> int:
    from engine import runs
    from engine.stepping import step

    with console.progress() as receive:
        found = step(runs.open_run(args.folder), args.loop, args.row, args.files, call=args.call - 1,
                     checkpoint=args.checkpoint, emit=receive)
    if args.json:
        console.json(found)
        return 0
    tokens = found["tokens"]
    shown = {**found["states"], **found["outputs"]}
    head = ("step", *(("token",) if tokens else ()), *shown)
    rows = ((str(number + 1), *((tokens[number],) if tokens else ()),
             *(_numbers_text(values[number]) for values in shown.values())) for number in range(found["steps"]))
    console.data(table((head, *rows), right=(0,)))
    for note in found["notes"]:
        console.remark(note)
    return 0


def _numbers_text(numbers: list[float]) -> str:
    """The first numbers of a step."""
    more = " …" if len(numbers) > SHOWN_NUMBERS else ""
    return " ".join(f"{number:.3f}" for number in numbers[:SHOWN_NUMBERS]) + more


def _give(text: str, output: Path | None, console: Console, what: str) -> None:
    """Print a result, or write it to a file."""
    from engine import storage

    if output is None:
        console.data(text)
        return
    storage.write(output, f"{text}\n".encode())
    console.remark(f"{what} written to {output}")


def _suspicious_row(entry: dict[str, Any]) -> tuple[str, ...]:
    truth, predicted = (value if isinstance(value, str) else f"{value:.6g}"
                        for value in (entry["truth"], entry["predicted"]))
    confidence = "" if entry["confidence"] is None else f"{entry['confidence']:.1%}"
    return f"{entry['loss']:.4f}", str(entry["row"]), entry["split"], truth, predicted, confidence, entry["name"]


def _confusion_text(classes: list[str], counts: list[list[int]]) -> str:
    """One row a true class, one column a predicted one."""
    head = ("true \\ predicted", *(str(number) for number in range(len(classes))))
    body = ((f"{number} {name}", *row) for number, (name, row) in enumerate(zip(classes, counts, strict=True)))
    return table((head, *body), right=tuple(range(1, len(classes) + 1)))

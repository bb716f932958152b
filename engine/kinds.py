"""The kinds of columns that a data set can have: one `KindSpec` each. Ground floor: what they are, never their values.

How raw values of a kind become what a network reads is in engine.preparation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.params import Bool, Choice, Float, Int, Param, Size, Text
from engine.tensors import TensorSpec

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSpec:
    """One kind of column.

    raw      what a source hands over: shape and type of n samples
    params   settings of the preparation
    spec     (sample shape, number of classes, settings) -> what is on an Input's wire
    joins    a table's input columns of this kind are joined into one vector, "features"
    """

    name: str
    title: str
    doc: str
    raw: str
    params: tuple[Param, ...]
    spec: Callable[[tuple[int, ...], int, Settings], TensorSpec]
    joins: bool = False


def _numbers(*axes: str) -> Callable[[tuple[int, ...], int, Settings], TensorSpec]:
    return lambda shape, classes, settings: TensorSpec(shape, axes if len(axes) == len(shape) else ())


def _classes(*axes: str) -> Callable[[tuple[int, ...], int, Settings], TensorSpec]:
    return lambda shape, classes, settings: TensorSpec(shape, axes, dtype="int64", classes=classes)


def _tokens(shape: tuple[int, ...], classes: int, settings: Settings) -> TensorSpec:
    return TensorSpec(shape, ("time",), dtype="int64", classes=settings.get("vocabulary"), padded=True)


SCALING = Choice(
    name="scaling", default="auto", choices=("auto", "none", "standardise", "min-max", "log", "quantile"),
    help="Auto: standardise (mean 0, deviation 1) if the data is normalised. Min-max: 0 to 1. Log: of 1 + the value, "
         "then standardise. Quantile: by rank, as a normal distribution.")
MISSING = Choice(
    name="missing", default="median", choices=("median", "mean", "zero", "flag"),
    help="What fills a gap. Flag: the median, and one more feature that says where the gaps were.")
THOUSANDS = Choice(
    name="thousands", default="none", choices=("none", "comma", "point"),
    help="What stands between thousands. Comma: 1,234.56. Point: 1.234,56. None: 1,234 and 1.234 are a little over 1.")
UNIT = Text(name="unit", default="", help="What stands before or after each number: $, %, kg.")
NORMALIZE = Choice(
    name="normalize", default="auto", choices=("auto", "none", "standardise", "0 to 1", "-1 to 1"),
    help="Auto: mean 0 and deviation 1 per channel if the data is normalised.")
MAX_LENGTH = Int(name="max_length", default=64, minimum=1, maximum=65536,
                 help="Tokens kept of each sample; shorter ones are padded.")
VOCABULARY = Int(name="vocabulary", default=8000, minimum=2, maximum=1_000_000,
                 help="Different tokens at most; ids are below this number. Unless it is chosen: as many as the texts "
                      "need, as far as they can be looked through.")
MARKS = Bool(name="marks", default=False,
             help="Tokens mark the beginning and the end of each text. A target has an end mark only; moved by one "
                  "step behind a begin mark it can be read as well, by a network that learns to write it.")

KINDS: dict[str, KindSpec] = {
    spec.name: spec
    for spec in (
        KindSpec(name="number", title="Number", doc="A measured or counted quantity.",
                 raw="float64 (n,), NaN where empty", params=(SCALING, MISSING, THOUSANDS, UNIT), spec=_numbers(),
                 joins=True),
        KindSpec(
            name="category", title="Category", doc="One of a few names.",
            raw="int64 (n,) class numbers, -1 where empty",
            params=(
                Choice(name="encoding", default="auto", choices=("auto", "one-hot", "index"),
                       help="One-hot: a feature for each class. Index: a class number, for an Embedding, in an input "
                            "of its own. Auto: one-hot up to 50 classes."),
                Choice(name="unseen", default="zeros", choices=("zeros", "class", "refuse"),
                       help="A class that training never saw: all zeros, a class of its own, or an error."),
            ),
            spec=_classes(), joins=True,
        ),
        KindSpec(name="boolean", title="Yes or no", doc="True or false.", raw="float64 (n,) 0 or 1, NaN where empty",
                 params=(MISSING,), spec=_numbers(), joins=True),
        KindSpec(
            name="date", title="Date", doc="A day or a moment.",
            raw="float64 (n,) seconds since 1970 UTC, NaN where empty",
            params=(Text(name="parts", default="year, month, weekday, hour",
                         help="What is taken of it: year, month, day, weekday, hour, minute, elapsed. Months, "
                              "weekdays, hours and minutes become sine and cosine."), MISSING,
                    Choice(name="order", default="month first", choices=("month first", "day first"),
                           help="What 03/04/2020 means.")),
            spec=_numbers("features"), joins=True,
        ),
        KindSpec(
            name="image", title="Image", doc="A picture.", raw="uint8 (n, channels, height, width)",
            params=(
                Size(name="size", length=2, default=None, optional=True, minimum=1,
                     help="Height and width. Empty: their own, or at most 128 if it varies."),
                Choice(name="channels", default="auto", choices=("auto", "grey", "rgb"),
                       help="Auto: grey if the pictures have no colours."),
                Choice(name="fit", default="stretch", choices=("stretch", "crop", "pad"),
                       help="How another shape is brought to the size: stretched, cropped at the centre, or padded."),
                NORMALIZE,
            ),
            spec=_numbers("channels", "height", "width"),
        ),
        KindSpec(
            name="mask", title="Mask", doc="A picture whose colours are classes, one for each pixel.",
            raw="int64 (n, height, width) class numbers",
            params=(Size(name="size", length=2, default=None, optional=True, minimum=1,
                         help="Height and width. Empty: those of the image."),),
            spec=_classes("height", "width"),
        ),
        KindSpec(
            name="audio", title="Sound", doc="A recording.", raw="a list of n float32 (samples,) at `rate`, mono",
            params=(
                Int(name="rate", default=16000, minimum=1000, maximum=192_000,
                    help="Samples a second after resampling."),
                Choice(name="features", default="log-mel", choices=("log-mel", "mfcc", "waveform"),
                       help="What the network reads: a spectrogram in mel bands, cepstral coefficients, or samples."),
                Int(name="bands", default=64, minimum=4, maximum=512, help="Mel bands."),
                Int(name="coefficients", default=13, minimum=2, maximum=128, help="Cepstral coefficients (MFCC)."),
                Float(name="seconds", default=1.0, minimum=0.01, maximum=3600.0,
                      help="Length that is kept; shorter recordings are padded with silence."),
                Float(name="window", default=25.0, minimum=1.0, maximum=1000.0, help="Milliseconds of one spectrum."),
                Float(name="hop", default=10.0, minimum=0.5, maximum=1000.0, help="Milliseconds between two spectra."),
                NORMALIZE,
            ),
            spec=lambda shape, classes, settings: TensorSpec(
                shape, ("channels", "time") if settings.get("features") == "waveform" else ("time", "features"),
                padded=True),
        ),
        KindSpec(
            name="text", title="Text", doc="Words.", raw="a list of n str",
            params=(
                Choice(name="tokens", default="word", choices=("word", "character", "byte-pair"),
                       help="What a text is cut into. The vocabulary is learned from the training split."),
                VOCABULARY, MAX_LENGTH,
                Bool(name="lowercase", default=True, help="Capitals count as small letters."),
                MARKS,
            ),
            spec=_tokens,
        ),
        KindSpec(name="tokens", title="Tokens", doc="Whole numbers in order.", raw="a list of n int64 (length,)",
                 params=(VOCABULARY, MAX_LENGTH, MARKS), spec=_tokens),
        KindSpec(name="vector", title="Array", doc="Numbers in a fixed shape.",
                 raw="numbers (n, *shape), NaN where empty", params=(SCALING,), spec=_numbers()),
        KindSpec(
            name="series", title="Series", doc="A window of rows in order of time.", raw="float64 (n, steps, features)",
            params=(SCALING, Text(name="columns", default="",
                                  help="The table's columns that are read, with commas between. Empty: all numbers."),
                    Text(name="time", default="",
                         help="The table's column that says when each row was: rows are put in its order. Empty: found "
                              "out; without one, rows stand in order.")),
            spec=_numbers("time", "features"),
        ),
        KindSpec(name="lengths", title="Length", doc="How many steps of a padded sample are real.",
                 raw="computed from another column", params=(),
                 spec=lambda shape, classes, settings: TensorSpec((), dtype="int64")),
        KindSpec(name="shifted", title="Shifted", doc="A target moved by one step, for teacher forcing.",
                 raw="computed from another column", params=(VOCABULARY, MAX_LENGTH), spec=_tokens),
    )
}

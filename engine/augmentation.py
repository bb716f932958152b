"""Augmentations: random changes of the training samples, one declaration each. Ground floor: what there is to choose.

How a batch is changed is in engine.training.augmentation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.kinds import KINDS
from engine.options import Component, ComponentSpec, chosen
from engine.params import Choice, Float, Int, Value
from engine.project import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationSpec(ComponentSpec):
    """One random change. It is drawn anew for every training sample; validation and test samples stay as they are.

    kinds     the kinds of input columns that it changes
    is_mixing each sample is combined with another of its batch, and so is its target
    """

    constructor: str = ""
    title: str
    kinds: tuple[str, ...]
    is_mixing: bool = False


def _share(default: float) -> Float:
    return Float(name="probability", default=default, minimum=0.0, maximum=1.0,
                 help="The share of the samples that are changed.")


_FILL = Choice(name="fill", default="mirror", choices=("mirror", "edge", "black"),
               help="What comes in from outside: the picture mirrored, its outermost pixels, or black, which is the "
                    "first class in masks.")
_NUMERIC = ("image", "audio", "series", "vector")

AUGMENTATIONS: dict[str, AugmentationSpec] = {
    spec.type: spec
    for spec in (
        AugmentationSpec(
            type="Flip", title="Flip", kinds=("image",), doc="Mirrors pictures.",
            params=(Choice(name="direction", default="horizontal", choices=("horizontal", "vertical", "both"),
                           help="Horizontal: left and right change places. Both: each by its own chance."),
                    _share(0.5)),
        ),
        AugmentationSpec(
            type="Crop", title="Crop", kinds=("image",), doc="Enlarges a part of each picture to full size.",
            params=(Float(name="smallest", default=0.7, minimum=0.01, maximum=1.0,
                          help="The smallest share of the area that is kept."), _share(1.0)),
        ),
        AugmentationSpec(
            type="Rotate", title="Rotate", kinds=("image",), doc="Turns pictures about their centre.",
            params=(Float(name="degrees", default=15.0, minimum=0.0, maximum=180.0,
                          help="The largest angle, to either side."), _FILL, _share(1.0)),
        ),
        AugmentationSpec(
            type="Affine", title="Shift, zoom and shear", kinds=("image",),
            doc="Shifts, zooms and shears pictures.",
            params=(
                Float(name="shift", default=0.1, minimum=0.0, maximum=1.0,
                      help="The largest shift to any side, as a share of width and height."),
                Float(name="zoom", default=0.1, minimum=0.0, maximum=0.9,
                      help="0.1: from 0.9 to 1.1 times the size."),
                Float(name="shear", default=0.0, minimum=0.0, maximum=60.0, help="The largest slant, in degrees."),
                _FILL, _share(1.0),
            ),
        ),
        AugmentationSpec(
            type="Colour", title="Colour", kinds=("image",), doc="Changes brightness, contrast and saturation.",
            params=(
                Float(name="brightness", default=0.2, minimum=0.0, maximum=1.0,
                      help="0.2: from 0.8 to 1.2 times as bright."),
                Float(name="contrast", default=0.2, minimum=0.0, maximum=1.0,
                      help="0.2: from 0.8 to 1.2 times the distance from the picture's mean."),
                Float(name="saturation", default=0.2, minimum=0.0, maximum=1.0,
                      help="0.2: from 0.8 to 1.2 times as colourful. Grey pictures have none."),
                _share(1.0),
            ),
        ),
        AugmentationSpec(
            type="Blur", title="Blur", kinds=("image",), doc="Blurs pictures, some less and some more.",
            params=(Float(name="sigma", default=1.0, minimum=0.0, maximum=10.0,
                          help="The largest deviation of the Gaussian blur, in pixels."), _share(0.5)),
        ),
        AugmentationSpec(
            type="Noise", title="Noise", kinds=_NUMERIC, doc="Adds random numbers.",
            params=(Float(name="amount", default=0.05, minimum=0.0, maximum=10.0,
                          help="Deviation of the noise: 1 is from black to white in pictures; elsewhere as the network "
                               "reads the values, where 1 is usually their own deviation."), _share(1.0)),
        ),
        AugmentationSpec(
            type="Erase", title="Erase", kinds=("image",), doc="Fills a rectangle of pictures with their mean colour.",
            params=(Float(name="largest", default=0.2, minimum=0.0, maximum=1.0,
                          help="The largest share of the area that is erased."), _share(0.5)),
        ),
        AugmentationSpec(
            type="Mixup", title="Mixup", kinds=_NUMERIC, is_mixing=True,
            doc="Blends each sample with another one. The answer is that of either, drawn by their shares; numbers are "
                "blended too.",
            params=(Float(name="alpha", default=0.2, minimum=0.01, maximum=10.0,
                          help="Small: one of the two dominates. 1: any share is as likely."), _share(1.0)),
        ),
        AugmentationSpec(
            type="CutMix", title="CutMix", kinds=("image",), is_mixing=True,
            doc="Pastes a rectangle of another picture. The answer is that of either, drawn by their areas.",
            params=(Float(name="alpha", default=1.0, minimum=0.01, maximum=10.0,
                          help="Small: one of the two dominates. 1: any share is as likely."), _share(0.5)),
        ),
        AugmentationSpec(
            type="TimeMask", title="Time mask", kinds=("audio", "series"), doc="Hides spans of time.",
            params=(Float(name="largest", default=0.2, minimum=0.0, maximum=1.0,
                          help="The longest span, as a share of the length."),
                    Int(name="count", default=1, minimum=1, maximum=20, help="Spans that are hidden."), _share(1.0)),
        ),
        AugmentationSpec(
            type="FrequencyMask", title="Frequency mask", kinds=("audio",),
            doc="Hides bands of frequencies of a spectrogram.",
            params=(Float(name="largest", default=0.2, minimum=0.0, maximum=1.0,
                          help="The widest band, as a share of all bands."),
                    Int(name="count", default=1, minimum=1, maximum=20, help="Bands that are hidden."), _share(1.0)),
        ),
        AugmentationSpec(
            type="Shift", title="Shift in time", kinds=("audio",),
            doc="Moves sounds in time; what leaves at one end comes in at the other.",
            params=(Float(name="largest", default=0.1, minimum=0.0, maximum=1.0,
                          help="The largest shift to either side, as a share of the length."), _share(1.0)),
        ),
        AugmentationSpec(
            type="Gain", title="Louder and quieter", kinds=("audio",), doc="Changes how loud sounds are.",
            params=(Float(name="decibels", default=6.0, minimum=0.0, maximum=60.0,
                          help="The largest change, up or down."), _share(1.0)),
        ),
        AugmentationSpec(
            type="WordDropout", title="Word dropout", kinds=("text", "tokens"),
            doc="Replaces random words by the token for unknown ones.",
            params=(Float(name="amount", default=0.1, minimum=0.0, maximum=1.0,
                          help="The share of a sample's words that are replaced."), _share(1.0)),
        ),
    )
}


def augmentation(type: str, params: Mapping[str, Value] | None = None) -> Component:
    """An augmentation with checked, complete settings. Raises OptionError."""
    return chosen(AUGMENTATIONS, type, params or {})


def parsed(text: str) -> Component:
    """An augmentation as a terminal spells it: "Flip", or "Rotate:degrees=30,fill=edge". Raises OptionError."""
    name, _, settings = text.partition(":")
    type = next((known for known in AUGMENTATIONS if known.lower() == name.strip().lower()), name.strip())
    params = {param.name: param for param in AUGMENTATIONS[type].params} if type in AUGMENTATIONS else {}
    values: dict[str, Value] = {}
    for setting in filter(None, settings.split(",")):
        key, _, value = (part.strip() for part in setting.partition("="))
        values[key] = params[key].parsed(value) if key in params else value
    return augmentation(type, values)


def fitting(columns: Sequence[Column]) -> tuple[AugmentationSpec, ...]:
    """What can be offered for a data set with these columns."""
    return tuple(spec for spec in AUGMENTATIONS.values() if not misfit(Component(spec.type), columns))


def misfit(component: Component, columns: Iterable[Column]) -> str:
    """Why an augmentation cannot change samples with these columns, as a sentence; "" if it can."""
    spec = AUGMENTATIONS.get(component.type)
    if spec is None:
        return f"There is no augmentation {component.type!r}."
    inputs = [column for column in columns if column.role == "input"]
    changed = [column for column in inputs if column.kind in spec.kinds]
    if not changed:
        kinds = " or ".join(KINDS[kind].title.lower() for kind in spec.kinds)
        return f"{spec.title} changes inputs of the kind {kinds}, and the data has none."
    if component.type == "FrequencyMask" and not any(has_bands(column) for column in changed):
        return f"{spec.title} needs a spectrogram, and the sounds are read as waveforms."
    return ""


def has_bands(column: Column) -> bool:
    """A prepared sample of this sound column is (frames, bands), not (1, samples)."""
    return column.settings.get("features") != "waveform"

"""Augmentation of training batches on their device: every change works on all samples of a batch at once.

Values are what the network reads, so that pictures are brought back to 0 (black) to 1 (white) where a change needs it.
All random numbers come from the generator that the caller passes: the same seed makes the same changes.

Mixup and CutMix combine a sample with another one of its batch. Numbers to predict are combined alike. A class cannot
be a little of each: the target becomes that of either sample, drawn by their shares. Loss and gradient are on average
exactly those of the mixed target wherever the loss is linear in the target's probabilities, as cross-entropy is; and
losses, metrics and the emitted code stay what they are without augmentation.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.augmentation import AUGMENTATIONS
from engine.derived import LENGTHS
from engine.options import Component
from engine.preparation import Part, Preparation, finish_factors
from engine.preparation.texts import UNKNOWN_NUMBER, specials
from engine.training import pictures, sequences
from engine.training.draws import Draws, spread_out

Params = Mapping[str, Any]
Batch = list[Tensor]

_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class _Place:
    """What is known of one column of a batch.

    zero, unit  0 of the raw values, and a difference of 1, as the network reads them; broadcast over (n, *shape). Of
                pictures 1 is white.
    special     token ids below it are padding and marks
    lengths     the place in the batch of its real lengths; None: samples are not padded, or nobody reads how much
    """

    index: int
    name: str
    kind: str
    is_input: bool
    settings: Params
    zero: Tensor
    unit: Tensor
    special: int
    lengths: int | None

    @property
    def is_waveform(self) -> bool:
        return self.settings.get("features") == "waveform"

    @property
    def time_axis(self) -> int:
        return 2 if self.is_waveform else 1


class Augmenter:
    """Changes batches of some columns as chosen, one change after the other. Changes that fit no column do nothing."""

    def __init__(self, choices: Sequence[Component], preparation: Preparation, columns: Sequence[str],
                 device: torch.device = _CPU) -> None:
        """`columns` are those of a batch, in order."""
        places = tuple(_places(preparation, columns, device))
        self._changes = [change for choice in choices if (change := _change(choice, places)) is not None]
        self.is_active = bool(self._changes)
        """Whether batches are changed at all."""

    def __call__(self, batch: Sequence[Tensor], generator: torch.Generator) -> Batch:
        """New tensors of the same shapes, types and strides; those that were given stay as they are."""
        changed = list(batch)
        draws = Draws(generator, len(batch[0]), batch[0].device)
        for change in self._changes:
            change(changed, draws)
        return [_laid_out(new, old) for new, old in zip(changed, batch, strict=True)]


Change = Callable[[Batch, Draws], None]
"""Replaces tensors in the list that it is given, never values in a tensor."""


def _places(preparation: Preparation, columns: Sequence[str], device: torch.device) -> Iterator[_Place]:
    parts = {part.name: part for part in preparation.parts}
    for index, name in enumerate(columns):
        part = parts.get(name, Part(name, "lengths", ""))
        zero, unit = _scales(part, device)
        yield _Place(
            index=index, name=name, kind=part.kind, is_input=part.role == "input", settings=part.settings, zero=zero,
            unit=unit, special=specials(part),
            lengths=columns.index(name + LENGTHS) if name + LENGTHS in columns else None)


def _scales(part: Part, device: torch.device) -> tuple[Tensor, Tensor]:
    multiply, add = finish_factors(part) or (1.0, 0.0)
    if part.kind == "image":
        multiply = multiply * part.state.get("white", 255.0)
    zero, unit = (torch.as_tensor(factor, dtype=torch.float32, device=device) for factor in (add, multiply))
    return zero, unit


def _change(choice: Component, places: Sequence[_Place]) -> Change | None:
    """What a chosen augmentation does to batches; None if it fits no column."""
    spec = AUGMENTATIONS.get(choice.type)
    changed = [place for place in places if spec and place.is_input and place.kind in spec.kinds
               and not (choice.type == "FrequencyMask" and place.is_waveform)]
    if spec is None or not changed:
        return None
    if spec.is_mixing:
        return _mixing(choice, places)
    if choice.type in pictures.GEOMETRIES:
        return _moving(choice, [place for place in places if place.kind in ("image", "mask")])
    one = _ONE[choice.type]

    def change(batch: Batch, draws: Draws) -> None:
        for place in changed:
            batch[place.index] = one(batch, place, choice.params, draws)

    return change


def _moving(choice: Component, places: Sequence[_Place]) -> Change:
    """The same change of geometry for all pictures and masks of a sample, targets too."""
    def change(batch: Batch, draws: Draws) -> None:
        geometry = pictures.GEOMETRIES[choice.type](choice.params, draws)
        for place in places:
            values = batch[place.index]
            if place.kind == "mask":
                moved = geometry(values.unsqueeze(1).float(), is_exact=True).squeeze(1).to(values.dtype)
            else:
                moved = geometry(values - place.zero, is_exact=False) + place.zero
            batch[place.index] = moved

    return change


def _colour(batch: Batch, place: _Place, params: Params, draws: Draws) -> Tensor:
    values = batch[place.index]
    return pictures.colour((values - place.zero) / place.unit, params, draws) * place.unit + place.zero


def _noise(batch: Batch, place: _Place, params: Params, draws: Draws) -> Tensor:
    values = batch[place.index]
    amounts = spread_out(params["amount"] * draws.chances(params["probability"]), values)
    noise = draws.normal(values.shape) * amounts
    if place.kind != "image":
        return values + noise
    picture = (values - place.zero) / place.unit
    return torch.where(amounts > 0, pictures.bounded(picture + noise, picture) * place.unit + place.zero, values)


def _gain(batch: Batch, place: _Place, params: Params, draws: Draws) -> Tensor:
    values = batch[place.index]
    if place.is_waveform:
        return sequences.gain(values, place.zero, params, draws)
    louder = sequences.loudness(place.settings["features"], place.settings["bands"], place.settings["coefficients"])
    return sequences.gain_of_spectrogram(values, place.unit * place.unit.new_tensor(louder), params, draws)


def _shift(batch: Batch, place: _Place, params: Params, draws: Draws) -> Tensor:
    lengths = None if place.lengths is None else batch[place.lengths]
    return sequences.shift(batch[place.index], place.time_axis, lengths, params, draws)


_One = Callable[[Batch, _Place, Params, Draws], Tensor]

_ONE: dict[str, _One] = {
    "Colour": _colour,
    "Blur": lambda batch, place, params, draws: pictures.blur(batch[place.index], params, draws),
    "Erase": lambda batch, place, params, draws: pictures.erase(batch[place.index], params, draws),
    "Noise": _noise,
    "Gain": _gain,
    "Shift": _shift,
    "TimeMask": lambda batch, place, params, draws: sequences.mask(batch[place.index], place.time_axis, params, draws),
    "FrequencyMask": lambda batch, place, params, draws: sequences.mask(batch[place.index], 2, params, draws),
    "WordDropout": lambda batch, place, params, draws: sequences.drop_words(
        batch[place.index], UNKNOWN_NUMBER, place.special, params, draws),
}
"""Changes of one column at a time, by type."""


def _mixing(choice: Component, places: Sequence[_Place]) -> Change:
    """Each sample combined with a partner, which gets the share `lost` of it, (n,): at most half."""
    def change(batch: Batch, draws: Draws) -> None:
        partners = draws.partners()
        shares = draws.beta(choice.params["alpha"])
        lost = torch.minimum(shares, 1.0 - shares) * draws.chances(choice.params["probability"])
        if choice.type == "CutMix":
            boxes = pictures.boxes(lost, draws)
            first = next(place for place in places if place.is_input and place.kind == "image")
            lost = boxes.inside(batch[first.index]).float().mean((1, 2, 3))
        is_other = draws.uniform(0.0, 1.0) < lost
        before = list(batch)
        blended = {place.lengths for place in places if before[place.index].is_floating_point()}
        for place in places:
            own = before[place.index]
            other = own.index_select(0, partners)
            if choice.type == "CutMix" and place.kind == "image":
                batch[place.index] = torch.where(boxes.inside(own), other, own)
            elif choice.type == "CutMix" and place.kind == "mask":
                batch[place.index] = torch.where(boxes.inside(own.unsqueeze(1)).squeeze(1), other, own)
            elif own.is_floating_point():
                batch[place.index] = torch.lerp(own, other, spread_out(lost, own))
            elif place.index in blended:
                batch[place.index] = torch.where(lost > 0, torch.maximum(own, other), own)
            else:
                batch[place.index] = torch.where(spread_out(is_other, own), other, own)

    return change


def _laid_out(new: Tensor, old: Tensor) -> Tensor:
    """`new` in the memory order of `old`, which a traced step counts on."""
    if new.stride() == old.stride():
        return new
    return torch.empty_strided(old.shape, old.stride(), dtype=old.dtype, device=old.device).copy_(new)

"""Random changes of pictures (n, channels, height, width), all samples of a batch at once.

A change of geometry is drawn once for a sample and made to all its pictures and masks, so that they stay aligned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, pi
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from engine.training.draws import Draws, spread_out

Params = Mapping[str, Any]

_GREY = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601)."""

_PADDING = {"mirror": "reflection", "edge": "border", "black": "zeros"}


class Geometry(Protocol):
    """A drawn change of where pixels lie: (n, c, h, w) to the same shape. `is_exact`: values are never blended, as in
    masks."""

    def __call__(self, pictures: Tensor, *, is_exact: bool) -> Tensor: ...


def flip(params: Params, draws: Draws) -> Geometry:
    probability, direction = params["probability"], params["direction"]
    axes = [axis for axis, name in ((-1, "horizontal"), (-2, "vertical")) if direction in (name, "both")]
    flips = [(axis, draws.chances(probability)) for axis in axes]

    def moved(pictures: Tensor, *, is_exact: bool) -> Tensor:
        for axis, chosen in flips:
            pictures = torch.where(spread_out(chosen, pictures), pictures.flip(axis), pictures)
        return pictures

    return moved


def crop(params: Params, draws: Draws) -> Geometry:
    side = draws.uniform(params["smallest"], 1.0).sqrt()
    across, down = (draws.uniform(-1.0, 1.0) * (1.0 - side) for _ in "xy")
    zero = torch.zeros_like(side)
    matrix = _matrix(side, zero, across, zero, side, down)
    return _warp(lambda height, width: matrix, draws.chances(params["probability"]), "border")


def rotate(params: Params, draws: Draws) -> Geometry:
    angle = draws.uniform(-params["degrees"], params["degrees"]) * (pi / 180.0)
    cosine, sine = angle.cos(), angle.sin()
    zero = torch.zeros_like(angle)
    return _warp(
        lambda height, width: _matrix(cosine, -sine * height / width, zero, sine * width / height, cosine, zero),
        draws.chances(params["probability"]), _PADDING[params["fill"]])


def affine(params: Params, draws: Draws) -> Geometry:
    across, down = (2.0 * draws.uniform(-params["shift"], params["shift"]) for _ in "xy")
    shrink = 1.0 / draws.factor(params["zoom"])
    slant = (draws.uniform(-params["shear"], params["shear"]) * (pi / 180.0)).tan() * shrink
    zero = torch.zeros_like(shrink)
    return _warp(lambda height, width: _matrix(shrink, slant * height / width, across, zero, shrink, down),
                 draws.chances(params["probability"]), _PADDING[params["fill"]])


GEOMETRIES: dict[str, Callable[[Params, Draws], Geometry]] = {
    "Flip": flip, "Crop": crop, "Rotate": rotate, "Affine": affine}


def _matrix(*entries: Tensor) -> Tensor:
    """(n, 2, 3): from a place in the new picture, -1 to 1 each way, to the place in the old one."""
    return torch.stack(entries, 1).view(-1, 2, 3)


def _warp(matrix: Callable[[int, int], Tensor], chosen: Tensor, padding: str) -> Geometry:
    def moved(pictures: Tensor, *, is_exact: bool) -> Tensor:
        count, channels, height, width = pictures.shape
        grid = nn.functional.affine_grid(matrix(height, width), [count, channels, height, width], align_corners=False)
        warped = nn.functional.grid_sample(pictures, grid, mode="nearest" if is_exact else "bilinear",
                                           padding_mode=padding, align_corners=False)
        return torch.where(spread_out(chosen, pictures), warped, pictures)

    return moved


def colour(pictures: Tensor, params: Params, draws: Draws) -> Tensor:
    """Pictures from 0 (black) to 1 (white), and so is what comes back."""
    before = pictures
    pictures = pictures * spread_out(draws.factor(params["brightness"]), pictures)
    mean = pictures.mean((1, 2, 3), keepdim=True)
    pictures = mean + (pictures - mean) * spread_out(draws.factor(params["contrast"]), pictures)
    if pictures.shape[1] == 3:
        weights = pictures.new_tensor(_GREY).view(1, 3, 1, 1)
        grey = (pictures * weights).sum(1, keepdim=True)
        pictures = grey + (pictures - grey) * spread_out(draws.factor(params["saturation"]), pictures)
    chosen = spread_out(draws.chances(params["probability"]), before)
    return torch.where(chosen, bounded(pictures, before), before)


def bounded(pictures: Tensor, before: Tensor) -> Tensor:
    """No darker than black and no brighter than white, or than the pictures were before."""
    return pictures.clamp(before.amin().clamp(max=0.0), before.amax().clamp(min=1.0))


def blur(pictures: Tensor, params: Params, draws: Draws) -> Tensor:
    """A Gaussian blur whose deviation each sample draws: the weighted sum of shifted pictures, down, then across."""
    sigma = draws.uniform(0.0, params["sigma"]) * draws.chances(params["probability"])
    height, width = pictures.shape[2:]
    radius = min(ceil(3.0 * params["sigma"]), 4 * max(height, width))
    offsets = torch.arange(-radius, radius + 1, device=pictures.device)
    weights = (-0.5 * (offsets / sigma.clamp(min=1e-3).unsqueeze(1)).square()).exp()
    weights = weights / weights.sum(1, keepdim=True)
    for axis, size in ((2, height), (3, width)):
        places = torch.arange(size, device=pictures.device)
        blurred = torch.zeros_like(pictures)
        for number in range(2 * radius + 1):
            shifted = pictures.index_select(axis, (places + (number - radius)).clamp(0, size - 1))
            blurred.addcmul_(shifted, spread_out(weights[:, number], pictures))
        pictures = blurred
    return pictures


@dataclass(frozen=True, slots=True)
class Boxes:
    """A rectangle for each sample, as shares of height and width, (n,) each."""

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor

    def inside(self, pictures: Tensor) -> Tensor:
        """True for the pixels whose centre lies in the rectangle, bool (n, 1, height, width)."""
        return (_within(self.top, self.height, pictures.shape[2]).unsqueeze(2)
                & _within(self.left, self.width, pictures.shape[3]).unsqueeze(1)).unsqueeze(1)


def boxes(areas: Tensor, draws: Draws) -> Boxes:
    """Rectangles anywhere inside, with these shares of the area; up to twice as wide as high, or as high as wide."""
    stretch = draws.uniform(-0.5, 0.5).exp2()
    height = (areas.sqrt() * stretch).clamp(max=1.0)
    height = torch.where(areas > height, areas, height)
    width = torch.where(areas > 0, areas / height.clamp(min=1e-6), areas)
    return Boxes(draws.uniform(0.0, 1.0) * (1.0 - height), draws.uniform(0.0, 1.0) * (1.0 - width), height, width)


def _within(start: Tensor, length: Tensor, size: int) -> Tensor:
    """Which of `size` places from 0 to 1 lie in start...start + length: bool (n, size)."""
    centres = (torch.arange(size, device=start.device) + 0.5) / size
    return (centres >= start.unsqueeze(1)) & (centres < (start + length).unsqueeze(1))


def erase(pictures: Tensor, params: Params, draws: Draws) -> Tensor:
    areas = draws.uniform(0.0, params["largest"]) * draws.chances(params["probability"])
    return torch.where(boxes(areas, draws).inside(pictures), pictures.mean((2, 3), keepdim=True), pictures)

"""The closed table of layers, and the search in it."""

from engine.layers import (
    activation,
    arithmetic,
    attention,
    cells,
    convolution,
    io,
    linear,
    losses,
    merge,
    metrics,
    networks,
    normalization,
    pooling,
    recurrent,
    sequences,
    shape,
    slicing,
    sources,
    transformer,
)
from engine.layers.spec import LayerSpec

FAMILIES = (io, sources, linear, convolution, pooling, recurrent, cells, sequences, attention, transformer, activation,
            normalization, shape, slicing, merge, arithmetic, networks, losses, metrics)

CATALOGUE: dict[str, LayerSpec] = {spec.type: spec for family in FAMILIES for spec in family.LAYERS}
"""Every kind of layer by its type name, in the order of the palette."""


def find(type: str) -> LayerSpec | None:
    return CATALOGUE.get(type)


def categories() -> tuple[str, ...]:
    """The categories in the order of the palette."""
    return tuple(dict.fromkeys(spec.category for spec in CATALOGUE.values()))


def search(text: str) -> list[LayerSpec]:
    """The layers that fit what a user typed, best first; all of them for an empty text."""
    words = text.lower().split()
    if not words:
        return list(CATALOGUE.values())
    ranked = ((_distance(spec, words), place, spec) for place, spec in enumerate(CATALOGUE.values()))
    return [spec for distance, _, spec in sorted(ranked, key=lambda row: row[:2]) if distance < _NO_MATCH]


_NO_MATCH = 100


def _distance(spec: LayerSpec, words: list[str]) -> int:
    """0 for the type itself, then its beginning, an alias, a part of the type, category, help, and loose letters."""
    typed, name = "".join(words), spec.type.lower()
    aliases = [alias.lower() for alias in spec.aliases]
    joined = [alias.replace(" ", "").replace("-", "") for alias in aliases]
    tests = (
        name == typed,
        typed in joined,
        name.startswith(typed),
        any(alias.startswith(typed) for alias in joined),
        typed in name,
        all(any(part.startswith(word) for part in " ".join(aliases).split()) for word in words),
        spec.category.lower().startswith(" ".join(words)),
        all(word in f"{name} {' '.join(aliases)} {spec.category.lower()} {spec.doc.lower()}" for word in words),
        len(typed) > 2 and name[0] == typed[0] and _is_within(typed, name),
    )
    return next((place for place, holds in enumerate(tests) if holds), _NO_MATCH)


def _is_within(letters: str, name: str) -> bool:
    """Whether the letters occur in that order: "bn2d" in "batchnorm2d"."""
    rest = iter(name)
    return all(letter in rest for letter in letters)

"""Columns that no file has: each is computed from another column, and its name is that one's with an ending.

Travels with exports beside the preparation: standard library only.
"""

LENGTHS = " lengths"
"""How many steps of a padded column `name` are real: the column `name + LENGTHS`."""

SHIFTED = " shifted"
"""A target `name` of tokens moved by one step, which a network reads while it learns to write it: `name + SHIFTED`."""

DERIVED = ("lengths", "shifted")
"""The kinds of such columns."""


def origin(name: str) -> str:
    """The column that a derived one is computed from; another name is its own."""
    return name.removesuffix(LENGTHS).removesuffix(SHIFTED)

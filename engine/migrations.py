"""Old project files, made new: one function per schema number, each with a fixture in tests/projects."""

from collections.abc import Callable, Mapping
from typing import Any

SCHEMA = 1
"""The schema that is written. A change of the format raises it and adds the migration from the one before."""

Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {}
"""By the schema number that it starts from: a pure function from a file's parsed JSON to that of the next schema."""


def migrated(
    tree: dict[str, Any], schema: int, target: int = SCHEMA, migrations: Mapping[int, Migration] = MIGRATIONS
) -> dict[str, Any]:
    """`tree`, of that schema, as a tree of schema `target`. Raises KeyError if a step of the way is missing."""
    for number in range(schema, target):
        tree = migrations[number](tree)
    return tree

"""Old project files, made new: one function per schema number, each with a fixture in tests/projects."""

from collections.abc import Callable, Mapping
from typing import Any

SCHEMA = 3
"""The schema that is written. A change of the format raises it and adds the migration from the one before."""

Migration = Callable[[dict[str, Any]], dict[str, Any]]


def _typed_columns(tree: dict[str, Any]) -> dict[str, Any]:
    """1 to 2: what a source's options said of columns is said of each column; a table's are looked at again."""
    data = tree.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("options", {}), dict):
        return tree
    options = dict(data.get("options", {}))
    if data.get("source") == "image_folder":
        settings = {name: options.pop(name) for name in ("size", "channels") if name in options}
        return {**tree, "data": {**data, "options": options, "chosen": {"image": {"settings": settings}}}}
    if data.get("source") != "csv":
        return tree
    choices: dict[str, dict[str, Any]] = {}
    for name in (part.strip() for part in str(options.pop("ignore", "")).split(",")):
        if name:
            choices[name] = {"role": "ignore"}
    kind = options.pop("target_kind", "auto")
    if target := str(options.pop("target", "")):
        choices[target] = {"role": "target", **({"kind": kind} if kind in ("category", "number") else {})}
    return {**tree, "data": {**data, "source": "table", "options": options, "columns": [], "chosen": choices}}


def _with_plan(tree: dict[str, Any]) -> dict[str, Any]:
    """2 to 3: there was no plan, and all weights came from one place."""
    return {**tree, "plan": [], "starts": {}}


MIGRATIONS: dict[int, Migration] = {1: _typed_columns, 2: _with_plan}
"""By the schema number that it starts from: a pure function from a file's parsed JSON to that of the next schema."""


def migrated(
    tree: dict[str, Any], schema: int, target: int = SCHEMA, migrations: Mapping[int, Migration] = MIGRATIONS
) -> dict[str, Any]:
    """`tree`, of that schema, as a tree of schema `target`. Raises KeyError if a step of the way is missing."""
    for number in range(schema, target):
        tree = migrations[number](tree)
    return tree

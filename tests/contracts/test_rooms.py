"""The rooms of the house: who may import whom, and how large a room may grow."""

import ast

import pytest

from tests.contracts.source_tree import Module, modules

MACHINE_ROOM = ("engine.network", "engine.data", "engine.training", "engine.trained", "engine.evaluation",
                "engine.suspicion", "engine.prediction", "engine.stepping", "engine.export", "engine.work",
                "engine.cli")
TORCH_FREE = ("engine.data", "engine.training.supervisor", "engine.export.formats")
"""Rooms of the machine room that the window uses too."""

SHELL = ("gui.app", "gui.main_window", "gui.launch")
MAX_LINES = 400
MAX_FUNCTION_LINES = 60

every_module = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)


def _inside(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(room + ".") for room in rooms)


def _offences(module: Module, forbidden: tuple[str, ...], *, lazy: bool = True) -> list[str]:
    return [
        f"{module.name}:{line} imports {name}"
        for name, line in module.imports(lazy=lazy)
        if _inside(name, forbidden)
    ]


@every_module
def test_import_arrows(module: Module) -> None:
    """gui -> engine, never back; the ground floor and the window never import torch or what needs it."""
    if _inside(module.name, ("engine",)):
        assert not _offences(module, ("gui", "PySide6", "pyqtgraph"))
    if _inside(module.name, ("engine",)) and not _inside(module.name, MACHINE_ROOM):
        assert not _offences(module, ("torch", *(room for room in MACHINE_ROOM if room not in TORCH_FREE)), lazy=False)
    if _inside(module.name, ("gui", *TORCH_FREE)):
        assert not _offences(module, ("torch", "engine.network", "engine.training.loop", "engine.work"))


@every_module
def test_nobody_imports_the_main_window_and_panels_do_not_import_panels(module: Module) -> None:
    if not _inside(module.name, SHELL):
        assert not _offences(module, ("gui.main_window", "gui.app"))
    if module.name.endswith("_panel"):
        panels = tuple(m.name for m in modules() if m.name.endswith("_panel") and m.name != module.name)
        assert not _offences(module, panels)


@every_module
def test_widgets_know_neither_document_nor_session(module: Module) -> None:
    if _inside(module.name, ("gui.widgets",)):
        rooms = tuple(m.name for m in modules() if m.name.startswith("gui.") and not _inside(m.name, ("gui.widgets",)))
        assert not _offences(module, rooms)


@every_module
def test_rooms_stay_small(module: Module) -> None:
    lines = module.text.count("\n")
    assert lines <= MAX_LINES, f"{module.path.name} has {lines} lines: it is probably two rooms"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{module.name}.{node.name} has {length} lines: more than a screen"


@every_module
def test_every_room_says_what_it_is(module: Module) -> None:
    assert ast.get_docstring(module.tree) or not module.text.strip(), f"{module.name} has no docstring"
    assert module.path.stem not in {"utils", "helpers", "common", "misc"}

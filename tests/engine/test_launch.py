"""Where the program starts: cheap to import, and never at a loss for a sentence."""

import os
import subprocess
import sys
from pathlib import Path

from gui.launch import main

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items()
            if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**kept, **environment}, text=True,
                          capture_output=True, timeout=60, check=False)


def test_starting_loads_next_to_nothing() -> None:
    done = python("import sys, gui.launch\n"
                  "print(sorted({'torch', 'numpy', 'PySide6', 'argparse', 'msgspec', 'engine'} & set(sys.modules)))")
    assert done.stdout == "[]\n", done.stderr


def test_commands_that_only_look_load_neither_torch_nor_qt() -> None:
    done = python("import sys\nfrom gui.launch import main\n"
                  "project = 'resources/templates/perceptron.neuroloom'\n"
                  "for argv in (['check', project, '--json'], ['code', project], ['layers', '--json'], ['--help']):\n"
                  "    assert main(argv) == 0, argv\n"
                  "print(sorted({'torch', 'numpy', 'polars', 'PySide6', 'rich'} & set(sys.modules)), file=sys.stderr)")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_word_that_is_neither_command_nor_file_gets_a_suggestion(capsys) -> None:
    assert main(["evalute", "runs/x"]) == 2
    assert "Did you mean 'evaluate'?" in capsys.readouterr().err
    assert main(["no-such-project.neuroloom"]) == 2
    assert "neither a command nor a file" in capsys.readouterr().err


def test_two_projects_for_one_window_are_refused(tmp_path: Path, capsys) -> None:
    path = tmp_path / "a.neuroloom"
    path.write_text("{}")
    assert main([str(path), str(path)]) == 2
    assert "the window opens one project" in capsys.readouterr().err


def test_without_a_display_the_window_is_declined_in_words() -> None:
    if not sys.platform.startswith("linux"):
        return
    done = python("import sys; from gui.launch import main; sys.exit(main([]))")
    assert done.returncode == 1
    assert "no display" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_is_run_as_python_would(tmp_path: Path, capsys) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys\nprint(sys.argv[1:])\nsys.exit(sys.argv[2])\n")
    before = sys.argv
    try:
        assert main(["--run-script", str(script), "a", "it failed"]) == 1
    finally:
        sys.argv = before
    out, err = capsys.readouterr()
    assert out == "['a', 'it failed']\n"
    assert err == "it failed\n"

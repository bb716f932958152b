"""kill -9 while a project is saved over and over: the file is always one whole version."""

import random
import subprocess
import sys

from engine import storage

SAVER = """
import sys
from engine import storage
for version in range(10**6):
    storage.write(sys.argv[1], bytes([65 + version % 26]) * (1 << 20))
    print(version, flush=True)
"""


def test_a_killed_save_never_tears_the_file(tmp_path):
    path = tmp_path / "a.neuroloom"
    choose, versions = random.Random(7), set()
    storage.write(path, b"@" * (1 << 20))
    for _ in range(12):
        with subprocess.Popen([sys.executable, "-c", SAVER, str(path)], stdout=subprocess.PIPE) as saver:
            assert saver.stdout is not None
            for _ in range(choose.randint(1, 4)):
                saver.stdout.readline()
            sum(range(choose.randrange(200_000)))  # some instant of the save that is going on now
            saver.kill()
        held = path.read_bytes()
        assert len(held) == 1 << 20
        assert len(set(held)) == 1
        versions.add(held[:1])
    assert len(versions) > 1, "no save ever finished"
    storage.write(path, b"last")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.neuroloom"], "leftovers of killed saves"

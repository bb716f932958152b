"""The worker process and its supervisor: real processes, killed, hung and talked nonsense to."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine import jobs, processes, runs
from engine.events import AnyEvent, Ended, Finished, Noted, Paused, Resumed, Started, Stepped, Validated
from engine.runs import Run
from engine.training import protocol
from engine.training.supervisor import Supervisor
from tests.engine import examples
from tests.engine.training_runs import of, sha256, trained

LIMIT = 120.0


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    """One for all tests; where a test ends its worker, the next job starts another."""
    made = Supervisor()
    yield made
    made.close()
    assert made.pid is None


def until(supervisor: Supervisor, is_reached: Callable[[AnyEvent], bool]) -> list[AnyEvent]:
    """All events up to the first that fits. Fails after LIMIT seconds."""
    seen: list[AnyEvent] = []
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        for event in supervisor.poll():
            seen.append(event)
            if is_reached(event):
                return seen
        time.sleep(0.005)
    raise AssertionError(f"not reached; seen {seen[-5:]}, the supervisor is {supervisor.state}")


def is_ended(event: AnyEvent) -> bool:
    return isinstance(event, Ended)


def is_stepped(event: AnyEvent) -> bool:
    return isinstance(event, Stepped)


@pytest.fixture
def endless(tmp_path: Path) -> Run:
    return runs.create(examples.perceptron(examples.BUNDLED, epochs=100_000, batch_size=8), None, tmp_path / "endless")


def test_a_whole_job_gives_the_numbers_of_this_process(supervisor: Supervisor, small_fashion: Path,
                                                       tmp_path: Path) -> None:
    project = examples.cnn(small_fashion, epochs=2)
    here, _ = trained(project, tmp_path / "here")
    there = runs.create(project, None, tmp_path / "there")
    assert supervisor.state == "idle"
    supervisor.submit(jobs.Train(str(there.folder)))
    assert supervisor.state == "starting"
    events = until(supervisor, lambda event: isinstance(event, Started))
    events += until(supervisor, is_ended)
    assert [event.epoch for event in of(Validated, events)] == [1, 2]
    assert events[-1] == Ended("completed", str(there.folder))
    assert supervisor.state == "idle"
    assert supervisor.is_ready
    assert sha256(there.checkpoint("last")) == sha256(here.checkpoint("last"))
    assert psutil.Process(supervisor.pid).nice() == processes.NICENESS


def test_jobs_that_are_not_trainings(supervisor: Supervisor, trained_run: Callable[[str], Run]) -> None:
    run = trained_run("perceptron")
    supervisor.submit(jobs.Evaluate(str(run.folder)))
    supervisor.submit(jobs.Evaluate(str(run.folder), split="nonsense"))
    first = until(supervisor, is_ended)
    assert isinstance(first[-2], Finished)
    assert first[-2].result["samples"] == examples.TEST
    assert first[-1].reason == "completed"
    second = until(supervisor, is_ended)
    assert second[-1].reason == "failed"
    assert "nonsense" in second[-1].message
    assert not of(Finished, second)


def test_a_run_that_is_not_there(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.submit(jobs.Train(str(tmp_path / "nothing")))
    [ended] = until(supervisor, is_ended)
    assert ended.reason == "failed"
    assert "nothing" in ended.message
    assert supervisor.state == "idle"


def test_pause_resume_and_stop(supervisor: Supervisor, endless: Run) -> None:
    supervisor.submit(jobs.Train(str(endless.folder)))
    until(supervisor, is_stepped)
    assert supervisor.state == "running"
    supervisor.pause()
    paused = until(supervisor, lambda event: isinstance(event, Paused))[-1]
    assert supervisor.state == "paused"
    assert endless.info().status == "paused"
    assert endless.info().step == paused.step
    supervisor.resume()
    resumed = until(supervisor, lambda event: isinstance(event, Resumed))[-1]
    assert resumed.step == paused.step
    until(supervisor, is_stepped)
    supervisor.stop()
    assert supervisor.state == "stopping"
    ended = until(supervisor, is_ended)[-1]
    assert (ended.reason, supervisor.state) == ("stopped", "idle")
    assert endless.info().status == "stopped"
    assert endless.info().step > paused.step


def test_a_worker_killed_in_an_epoch_costs_nothing_but_steps(supervisor: Supervisor, tmp_path: Path) -> None:
    project = examples.perceptron(examples.BUNDLED, epochs=2, batch_size=4)
    whole, _ = trained(project, tmp_path / "whole")
    run = runs.create(project, None, tmp_path / "run")
    supervisor.submit(jobs.Train(str(run.folder)))
    until(supervisor, lambda event: is_stepped(event) and 1.1 < event.epoch < 1.8)
    os.kill(supervisor.pid, signal.SIGKILL)
    ended = until(supervisor, is_ended)[-1]
    assert ended.reason == "failed"
    assert "killed" in ended.message
    assert "resumed" in ended.hint
    assert supervisor.state == "idle"
    info = runs.open_run(run.folder).info()
    assert (info.status, info.message, info.is_resumable) == ("failed", ended.message, True)
    supervisor.submit(jobs.Train(str(run.folder)))
    events = until(supervisor, is_ended)
    assert of(Started, events)[0].step >= 2250, "the first epoch was on disk"
    assert events[-1].reason == "completed"
    assert sha256(run.checkpoint("resume")) == sha256(whole.checkpoint("resume"))
    assert supervisor.poll() == []


def test_kill_by_hand(supervisor: Supervisor, endless: Run) -> None:
    supervisor.submit(jobs.Train(str(endless.folder)))
    until(supervisor, is_stepped)
    supervisor.kill()
    ended = until(supervisor, is_ended)[-1]
    assert ended.reason == "failed"
    assert "by force" in ended.message


def test_a_hung_worker_is_noticed_and_stop_ends_it(supervisor: Supervisor, endless: Run) -> None:
    supervisor.submit(jobs.Train(str(endless.folder)))
    until(supervisor, is_stepped)
    os.kill(supervisor.pid, signal.SIGSTOP)
    events = until(supervisor, lambda event: isinstance(event, Noted) and "not responding" in event.message)
    assert events[-1].level == "warning"
    assert supervisor.state == "running"
    supervisor.stop()
    ended = until(supervisor, is_ended)[-1]
    assert "did not react to Stop" in ended.message
    assert endless.info().is_resumable


def test_closing_while_training_saves_first(supervisor: Supervisor, endless: Run) -> None:
    supervisor.submit(jobs.Train(str(endless.folder)))
    until(supervisor, is_stepped)
    pid = supervisor.pid
    supervisor.close()
    assert not psutil.pid_exists(pid)
    info = endless.info()
    assert info.status == "stopped"
    assert info.step > 0
    assert endless.checkpoint("resume").exists()
    assert supervisor.state == "idle"


def test_a_worker_whose_program_was_killed_saves_and_ends(endless: Run) -> None:
    """The program is a process of its own here, killed with SIGKILL while its worker trains."""
    program = ("import sys, time\n"
               "from engine import jobs\n"
               "from engine.events import Stepped\n"
               "from engine.training.supervisor import Supervisor\n"
               "supervisor = Supervisor()\n"
               "supervisor.submit(jobs.Train(sys.argv[1]))\n"
               "while not any(isinstance(event, Stepped) for event in supervisor.poll()): time.sleep(0.01)\n"
               "print(supervisor.pid, flush=True)\n"
               "time.sleep(600)\n")
    command = [sys.executable, "-c", program, str(endless.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=processes.ROOT) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    worker.wait(LIMIT)
    assert endless.info().status == "stopped"
    assert endless.info().step > 0


def test_nonsense_on_standard_input_is_told_and_survived() -> None:
    with tempfile.TemporaryFile() as log:
        worker = processes.start_worker(log)
        nonsense = [b"\xff\xfe\x00", b"{}", b'{"command": "dance"}', b'{"command": "start"}', b"[" * 100_000, b'"' * 9,
                    b'{"command": "start", "job": {"job": "train", "run": 5}}', b'{"command": "pause"}']
        output, _ = worker.communicate(b"\n".join(nonsense) + b"\n", timeout=LIMIT)
    lines = output.splitlines()
    noted = [event for line in lines if b'"noted"' in line and isinstance(event := protocol.reply(line), Noted)]
    assert len(noted) == len(nonsense) - 1, "a pause of nothing is no nonsense"
    assert all("unknown" in event.message for event in noted)
    assert worker.returncode == 0


def test_a_worker_that_cannot_start_fails_the_job(endless: Run, monkeypatch: pytest.MonkeyPatch,
                                                  tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    supervisor = Supervisor()
    supervisor.submit(jobs.Train(str(endless.folder)))
    [ended] = until(supervisor, is_ended)
    assert ended.reason == "failed"
    assert "could not be started" in ended.message


def test_the_frozen_program_is_its_own_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes.worker_command() == [sys.executable, "-m", "engine.training.worker"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert processes.worker_command() == [sys.executable, "--worker"]

"""Starting from a weights file, and the schemes of random weights."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.errors import WeightsError
from engine.events import Noted, Validated
from engine.training.initialization import initialize
from engine.training.weights import load_weights
from tests.engine import examples
from tests.engine.training_runs import of, sha256, trained


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))


@pytest.mark.parametrize("kind", ["safetensors", "torch", "nested", "prefixed"])
def test_weights_of_the_same_network_are_taken_over(kind: str, tmp_path: Path) -> None:
    own, other = network(), network()
    state = other.state_dict()
    path = tmp_path / ("weights.safetensors" if kind == "safetensors" else "weights.pt")
    if kind == "safetensors":
        save_file(state, path)
    elif kind == "torch":
        torch.save(state, path)
    elif kind == "nested":
        torch.save({"epoch": 3, "state_dict": state}, path)
    else:
        torch.save({f"module.{name}": value for name, value in state.items()}, path)
    report = load_weights(own.state_dict(), path)
    assert not report.reshaped
    assert not report.missing
    assert len(report.matched) == len(state)
    assert not report.unused
    assert all(torch.equal(value, state[name]) for name, value in own.state_dict().items())


def test_what_does_not_match_is_reported_by_name(tmp_path: Path) -> None:
    own = network()
    before = {name: value.clone() for name, value in own.state_dict().items()}
    state = {name: value.clone() for name, value in network().state_dict().items()}
    state["0.weight"] = torch.ones(5, 4)
    del state["2.bias"]
    state["head.weight"] = torch.ones(1)
    torch.save(state, tmp_path / "weights.pt")
    report = load_weights(own.state_dict(), tmp_path / "weights.pt")
    assert report.reshaped == ("0.weight ((3, 4) here, (5, 4) in the file)",)
    assert report.missing == ("2.bias",)
    assert report.unused == ("head.weight",)
    assert "6 of 8 taken over" not in report.text()
    assert f"{len(before) - 2} of {len(before)} taken over" in report.text()
    assert torch.equal(own.state_dict()["0.weight"], before["0.weight"])
    assert torch.equal(own.state_dict()["2.weight"], state["2.weight"])


class Bomb:
    def __reduce__(self) -> tuple:
        return Path.touch, (Path("was-executed"),)


def test_files_that_are_not_plain_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"0.weight": Bomb()}, tmp_path / "bomb.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    (tmp_path / "noise.pt").write_bytes(b"\x80\x02noise" * 50)
    (tmp_path / "noise.safetensors").write_bytes(b"noise" * 50)
    torch.save({"other": torch.ones(2)}, tmp_path / "other.pt")
    torch.save({"0.weight": torch.full((3, 4), torch.nan)}, tmp_path / "nan.pt")
    own = network()
    before = [value.clone() for value in own.state_dict().values()]
    for name in ("bomb.pt", "list.pt", "noise.pt", "noise.safetensors", "other.pt", "nan.pt", "missing.pt"):
        with pytest.raises(WeightsError) as refused:
            load_weights(own.state_dict(), tmp_path / name)
        assert name in refused.value.message
        assert refused.value.hint
    assert not (tmp_path / "was-executed").exists()
    assert all(map(torch.equal, own.state_dict().values(), before))


def test_a_run_starts_from_a_weights_file(small_fashion: Path, tmp_path: Path) -> None:
    first, events = trained(examples.perceptron(small_fashion, epochs=3), tmp_path / "first")
    start = first.checkpoint("last")
    project = examples.perceptron(small_fashion, epochs=1, lr=0.0, weights=str(start))
    second, later = trained(project, tmp_path / "second")
    assert any("4 of 4 taken over" in note.message for note in of(Noted, later))
    assert sha256(second.checkpoint("last")) == sha256(start)
    assert of(Validated, later)[0].validation == of(Validated, events)[-1].validation


def test_a_missing_weights_file_fails_the_run(small_fashion: Path, tmp_path: Path) -> None:
    project = examples.perceptron(small_fashion, weights=str(tmp_path / "nothing.pt"))
    _, events = trained(project, tmp_path / "run")
    assert events[-1].reason == "failed"
    assert "nothing.pt" in events[-1].message


class Everything(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.convolution, self.norm = nn.Linear(64, 64), nn.Conv2d(8, 16, 3), nn.BatchNorm2d(16)
        self.lstm, self.embedding = nn.LSTM(16, 32, bidirectional=True), nn.Embedding(50, 16)


@pytest.mark.parametrize("scheme", ["glorot", "he", "orthogonal", "normal"])
def test_schemes_draw_every_matrix_and_no_norm(scheme: str) -> None:
    torch.manual_seed(2)
    made = Everything()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    initialize(made, scheme)
    after = made.state_dict()
    for name in ("linear.weight", "convolution.weight", "lstm.weight_ih_l0", "lstm.weight_hh_l0_reverse",
                 "embedding.weight"):
        assert not torch.equal(after[name], before[name]), name
    assert torch.equal(after["norm.weight"], torch.ones(16))
    assert not after["linear.bias"].any()
    assert torch.equal(after["lstm.bias_ih_l0"][32:64], torch.ones(32)), "the forget gate begins open"
    assert not after["lstm.bias_ih_l0"][:32].any()
    deviation = after["linear.weight"].std().item()
    expected = {"glorot": (2 / 128) ** 0.5, "he": (2 / 64) ** 0.5, "orthogonal": 64**-0.5, "normal": 0.02}[scheme]
    assert deviation == pytest.approx(expected, rel=0.1)
    if scheme != "normal":
        gate = after["lstm.weight_hh_l0"][:32]
        torch.testing.assert_close(gate @ gate.T, torch.eye(32), rtol=0, atol=1e-5)


def test_torchs_own_scheme_changes_nothing() -> None:
    made = network()
    before = [value.clone() for value in made.state_dict().values()]
    initialize(made, "torch")
    assert all(map(torch.equal, made.state_dict().values(), before))


def test_numbers_of_other_types_are_taken_over_where_they_fit_and_refused_where_not(tmp_path: Path) -> None:
    own = nn.Linear(3, 2)
    halves = {"weight": torch.ones(2, 3, dtype=torch.bfloat16), "bias": torch.ones(2, dtype=torch.float64)}
    torch.save(halves, tmp_path / "halves.pt")
    load_weights(own.state_dict(), tmp_path / "halves.pt")
    assert torch.equal(own.weight, torch.ones(2, 3))
    torch.save({"weight": torch.full((2, 3), 1e300, dtype=torch.float64)}, tmp_path / "huge.pt")
    with pytest.raises(WeightsError, match="not numbers"):
        load_weights(own.state_dict(), tmp_path / "huge.pt")
    torch.save({"weight": torch.ones(2, 3).to_sparse(), "bias": torch.ones(2, dtype=torch.complex64)},
               tmp_path / "odd.pt")
    with pytest.raises(WeightsError):
        load_weights(own.state_dict(), tmp_path / "odd.pt")

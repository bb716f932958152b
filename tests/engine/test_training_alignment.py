"""CTC is told of samples whose answer does not fit into their steps, before training."""

from pathlib import Path

import pytest
import torch
from torch import nn

from engine.events import Noted
from engine.training.alignment import misalignment
from engine.training.courses import Judge
from tests.engine import compositions
from tests.engine.training_runs import of, trained


class Objective(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ctc = nn.CTCLoss(zero_infinity=True)

    def forward(self, scores: torch.Tensor, target: torch.Tensor, lengths: torch.Tensor, target_lengths: torch.Tensor):
        return self.ctc(scores.transpose(0, 1), target, lengths, target_lengths), ()


def test_equal_tokens_in_a_row_need_a_step_between() -> None:
    target = torch.tensor([[1, 2, 3, 0], [1, 1, 0, 0], [2, 2, 2, 2], [1, 0, 0, 0]])
    target_lengths = torch.tensor([3, 2, 4, 1])
    judge = Judge(Objective(), (0, 1, 2, 3))
    scores = torch.randn(4, 7, 5).log_softmax(2)

    def told(*lengths: int) -> str:
        return misalignment(judge, [[scores, target, torch.tensor(lengths), target_lengths]])

    assert told(3, 3, 7, 1) == ""
    assert told(2, 3, 7, 1).startswith("1 of the first 4 samples")
    assert told(3, 2, 6, 1).startswith("2 of the first 4 samples")
    assert misalignment(Judge(nn.Linear(1, 1), (0,)), []) == ""


@pytest.mark.parametrize(("stride", "is_told"), [(2, False), (8, True)])
def test_a_training_says_it_before_its_first_step(stride: int, is_told: bool, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    project = compositions.speech(data, epochs=1)
    graph = project.graph.set_params("heard", {"stride": (stride,)}).set_params("steps", {"stride": stride})
    _, events = trained(project.with_graph(project.main, graph), tmp_path / "run")
    notes = [event.message for event in of(Noted, events)]
    assert any("CTC learns nothing from them" in note for note in notes) == is_told

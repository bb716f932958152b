"""The traced step computes, bit for bit, what the eager step computes."""

import copy

import pytest
import torch
from torch import nn

from engine.training import tuning
from engine.training.courses import Judge
from engine.training.parameters import Parameters
from engine.training.step import EagerStep, TracedStep


class Objective(nn.Module):
    """What codegen emits, by hand: a network, its loss and the sums of its metric."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.loss = nn.CrossEntropyLoss()

    def forward(self, image: torch.Tensor, label: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        output = self.network(image)
        right = (output.argmax(1) == label).sum()
        return self.loss(output, label), (torch.stack((right, label.new_full((), label.numel()))).float(),)


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase], **options: bool) -> None:
        super().__init__()
        self.recurrent = kind(12, 16, batch_first=True, **options)
        self.linear = nn.Linear(32 if options.get("bidirectional") else 16, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.linear(self.recurrent(image.flatten(1, 2))[0][:, -1])


class Attentive(nn.Module):
    """Rows that look at columns."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(12, 3, batch_first=True)
        self.linear = nn.Linear(12, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        rows = image.squeeze(1)
        columns = rows.transpose(1, 2)
        return self.linear(self.attention(rows, columns, columns)[0].mean(1))


class Residual(nn.Module):
    """One weight used twice, another not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.shared, self.idle, self.last = (nn.Linear(144, 144), nn.Linear(144, 144), nn.Linear(3, 3),
                                                         nn.Linear(144, 10))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = torch.tanh(self.first(image.flatten(1)))
        return self.last(self.shared(torch.sigmoid(self.shared(x)) + x) * x)


def convolutions() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.4),
                         nn.Conv2d(8, 12, 3), nn.GELU(), nn.Flatten(), nn.Linear(192, 10))


NETWORKS = {
    "perceptron": lambda: nn.Sequential(nn.Flatten(), nn.Linear(144, 32), nn.ReLU(), nn.Linear(32, 10)),
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(144, 10, bias=False)),
    "convolutions": convolutions,
    "channels last": lambda: convolutions().to(memory_format=torch.channels_last),
    "normalised": lambda: nn.Sequential(
        nn.Conv2d(1, 8, 3, groups=1, stride=2), nn.GroupNorm(2, 8), nn.SiLU(), nn.ConvTranspose2d(8, 4, 3),
        nn.Upsample(scale_factor=2), nn.AvgPool2d(2), nn.ELU(), nn.AdaptiveAvgPool2d(3), nn.Flatten(),
        nn.LayerNorm(36), nn.Linear(36, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.1), nn.Dropout(0.2), nn.Linear(16, 10)),
    "lstm": lambda: Recurrent(nn.LSTM),
    "bidirectional lstm": lambda: Recurrent(nn.LSTM, bidirectional=True),
    "gru": lambda: Recurrent(nn.GRU),
    "rnn": lambda: Recurrent(nn.RNN),
    "attention": Attentive,
    "shared and idle weights": Residual,
}


def learned(objective: nn.Module, kind: str, batches: list[list[torch.Tensor]]) -> list[torch.Tensor]:
    """Train some steps; the sums of each, then everything that changed."""
    parameters = Parameters(objective.parameters())
    if kind == "traced":
        with tuning.undisturbed(objective, torch.device("cpu")):
            step = TracedStep(objective, [parameters], batches[0])
    else:
        step = EagerStep(objective, [parameters])
    optimizer = torch.optim.Adam(parameters.tensors, lr=1e-2, fused=True)
    sums = []
    for batch in batches:
        sums.append(step(batch))
        optimizer.step()
    return [*sums, *objective.state_dict().values(), torch.get_rng_state()]


@pytest.mark.parametrize("name", NETWORKS)
def test_traced_and_eager_steps_agree_in_every_bit(name: str) -> None:
    torch.manual_seed(3)
    objective = Objective(NETWORKS[name]()).train()
    sizes = [16] * 12 + [5, 16]  # the traced step hands an odd batch to the eager one
    batches = [[torch.randn(size, 1, 12, 12), torch.randint(10, (size,))] for size in sizes]
    results = []
    for kind in ("eager", "traced"):
        torch.manual_seed(4)
        results.append(learned(copy.deepcopy(objective), kind, batches))
    for eager, traced in zip(*results, strict=True):
        assert torch.equal(eager, traced)
    assert not torch.equal(results[0][0], results[0][11]), "nothing was learned"


def test_a_traced_step_is_faster_where_steps_are_small_and_says_so() -> None:
    objective = Objective(NETWORKS["perceptron"]())
    batch = [torch.randn(16, 1, 12, 12), torch.randint(10, (16,))]
    step, kind, reason = tuning.fastest_step(Judge(objective, (0, 1)), [Parameters(objective.parameters())], batch)
    assert (kind, type(step)) in (("traced", TracedStep), ("eager", EagerStep))
    assert "times" in reason


def test_a_step_that_looks_at_values_stays_eager_and_says_why() -> None:
    class Looking(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(144, 10)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            x = self.linear(image.flatten(1))
            return x * 2 if float(x.detach().sum()) > 1e9 else x

    objective = Objective(Looking())
    batch = [torch.randn(16, 1, 12, 12), torch.randint(10, (16,))]
    step, kind, reason = tuning.fastest_step(Judge(objective, (0, 1)), [Parameters(objective.parameters())], batch)
    assert kind == "eager"
    assert isinstance(step, EagerStep)
    assert reason.startswith("it cannot be traced")


def test_measuring_leaves_no_trace() -> None:
    torch.manual_seed(1)
    objective = Objective(convolutions()).train()
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    random = torch.get_rng_state()
    batch = [torch.randn(16, 1, 12, 12, generator=torch.Generator().manual_seed(1)), torch.arange(16) % 10]
    threads = torch.get_num_threads()
    try:
        tuning.suits_channels_last(objective, (0, 1), batch)
        step, _, _ = tuning.fastest_step(Judge(objective, (0, 1)), [Parameters(objective.parameters())], batch)
        tuning.fastest_threads(objective, step, batch)
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_flat_parameters_are_the_modules_own(memory_format: torch.memory_format) -> None:
    network = convolutions().to(memory_format=memory_format)
    before = [weight.detach().clone() for weight in network.parameters()]
    parameters = Parameters(network.parameters())
    flat, *others = parameters.tensors
    assert [other.numel() for other in others] == [weight.numel() for weight in before if weight.numel() % 16]
    assert all(torch.equal(own, old) for own, old in zip(network.parameters(), before, strict=True))
    assert all(own.stride() == old.stride() for own, old in zip(network.parameters(), before, strict=True))
    with torch.no_grad():
        for part in (flat, *others):
            part.add_(1.0)
    assert all(torch.equal(own, old + 1) for own, old in zip(network.parameters(), before, strict=True))
    assert all(own.data_ptr() % 64 == flat.data_ptr() % 64 for own in network.parameters() if own.numel() % 16 == 0)

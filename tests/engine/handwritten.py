"""The trainings of `compositions` as a person writes them in torch: plain modules, loops and optimizers.

Attributes are called like the layers of the projects, so that weights can be compared by name. Every loop adds up its
loss and what people watch, as Neuroloom does, so that times can be compared as well.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.data import dataset
from engine.project import Project

SEED_STRIDE = 1_000_003
"""Distance between the seeds of the orders of two trainings: an epoch's seed is added."""


@dataclass
class Material:
    """Prepared samples by column, (n, ...), those to train on, and how.

    start        weights of a body, by name
    thaw         the step from which a body is moved that is frozen at first; 0: never
    begin_epoch  is called before each epoch, for those who measure
    """

    columns: Mapping[str, Tensor]
    rows: Tensor
    batch_size: int
    epochs: int
    seed: int
    start: Mapping[str, Tensor] = field(default_factory=dict)
    thaw: int = 0
    begin_epoch: Callable[[], object] = lambda: None

    def batches(self, *names: str) -> Iterator[tuple[Tensor, ...]]:
        """Batch after batch of all epochs: these columns."""
        columns = [self.columns[name][self.rows] for name in names]
        for epoch in range(self.epochs):
            self.begin_epoch()
            order = torch.Generator().manual_seed(self.seed * SEED_STRIDE + epoch)
            for index in torch.randperm(len(self.rows), generator=order).split(self.batch_size):
                yield tuple(column.index_select(0, index) for column in columns)


def material(project: Project, begin_epoch: Callable[[], object] = lambda: None) -> Material:
    """What a script needs to train what the project trains."""
    assert project.data is not None
    data, options = dataset.load(project.data, None), project.options
    start = {}
    if project.starts:
        found = load_file(Path(project.starts["Body"]) / "checkpoints" / "best.safetensors")
        start = {name.removeprefix("body."): value for name, value in found.items() if name.startswith("body.")}
    return Material({name: torch.from_numpy(data.prepared(name)) for name in data.stored},
                    torch.from_numpy(data.rows["train"]), int(options["batch_size"]), int(options["epochs"]),
                    int(options["seed"]), start, project.plan[0].stop if project.plan else 0, begin_epoch)


class Watched:
    """Running sums: the loss times the samples, and more."""

    def __init__(self) -> None:
        self.sums = torch.zeros(0, dtype=torch.float64)

    @torch.no_grad()
    def add(self, loss: Tensor, samples: int, *more: Tensor) -> None:
        sums = torch.stack([loss.detach() * samples, *more])
        self.sums = sums.double() if not len(self.sums) else self.sums.add_(sums)


def adam(*groups: nn.Module, lr: float = 1e-3, beta1: float = 0.9) -> torch.optim.Adam:
    weights = [weight for group in groups for weight in group.parameters()]
    return torch.optim.Adam(weights, lr=lr, betas=(beta1, 0.999), fused=True)


@torch.no_grad()
def right(scores: Tensor, label: Tensor) -> Tensor:
    return (scores.argmax(1) == label).sum()


@torch.no_grad()
def judged(score: Tensor, is_yes: bool) -> Tensor:
    return ((score > 0) == is_yes).sum()


@torch.no_grad()
def errors(prediction: Tensor, target: Tensor) -> tuple[Tensor, ...]:
    """What the mean absolute error and the coefficient of determination are made of."""
    difference = prediction - target
    return difference.abs().sum(), difference.square().sum(), target.sum(), target.square().sum()


# A perceptron


class Perceptron(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(12, 32)
        self.scores = nn.Linear(32, 4)

    def forward(self, features: Tensor) -> Tensor:
        return self.scores(torch.relu(self.hidden(features)))


def perceptron(material: Material) -> nn.Module:
    torch.manual_seed(material.seed)
    network = Perceptron()
    criterion = nn.CrossEntropyLoss()
    optimizer, watched = adam(network, lr=0.01), Watched()
    for features, label in material.batches("features", "label"):
        optimizer.zero_grad()
        scores = network(features)
        loss = criterion(scores, label)
        loss.backward()
        optimizer.step()
        watched.add(loss, len(label), right(scores, label))
    return network


# A GAN


class Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(8, 64), nn.Linear(64, 64), nn.Linear(64, 2)

    def forward(self, noise: Tensor) -> Tensor:
        return self.last(torch.relu(self.second(torch.relu(self.first(noise)))))


class Discriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(2, 64), nn.Linear(64, 64), nn.Linear(64, 1)
        self.bend = nn.LeakyReLU()

    def forward(self, point: Tensor) -> Tensor:
        return self.last(self.bend(self.second(self.bend(self.first(point)))))


def gan(material: Material) -> nn.Module:
    torch.manual_seed(material.seed)
    generator, discriminator = Generator(), Discriminator()
    criterion = nn.BCEWithLogitsLoss()
    d_optimizer, g_optimizer = adam(discriminator, beta1=0.5), adam(generator, beta1=0.5)
    d_watched, g_watched = Watched(), Watched()
    for (real,) in material.batches("features"):
        count = len(real)
        yes, no = torch.ones(count, 1), torch.zeros(count, 1)
        with torch.no_grad():
            fake = generator(torch.randn(count, 8))
        d_optimizer.zero_grad()
        on_real, on_fake = discriminator(real), discriminator(fake)
        d_loss = criterion(on_real, yes) + criterion(on_fake, no)
        d_loss.backward()
        d_optimizer.step()
        d_watched.add(d_loss, count, judged(on_real, True), judged(on_fake, False))

        g_optimizer.zero_grad()
        score = discriminator(generator(torch.randn(count, 8)))
        g_loss = criterion(score, yes)
        g_loss.backward()
        g_optimizer.step()
        g_watched.add(g_loss, count, judged(score, True))
    return nn.ModuleDict({"generator": generator, "discriminator": discriminator})


# A variational autoencoder


class VariationalEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.mean, self.spread = nn.Linear(16, 32), nn.Linear(32, 3), nn.Linear(32, 3)

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.relu(self.hidden(series))
        return self.mean(x), self.spread(x)


class VariationalDecoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.series = nn.Linear(3, 32), nn.Linear(32, 16)

    def forward(self, code: Tensor) -> Tensor:
        return self.series(torch.relu(self.hidden(code)))


def vae(material: Material) -> nn.Module:
    torch.manual_seed(material.seed)
    encoder, decoder = VariationalEncoder(), VariationalDecoder()
    optimizer, watched = adam(encoder, decoder), Watched()
    for (series,) in material.batches("features"):
        optimizer.zero_grad()
        mean, log_variance = encoder(series)
        code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        copied = decoder(code)
        divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp()) / len(series)
        loss = nn.functional.mse_loss(copied, series) + 0.05 * divergence
        loss.backward()
        optimizer.step()
        watched.add(loss, len(series), *errors(copied, series))
    return nn.ModuleDict({"encoder": encoder, "decoder": decoder})


# An encoder and a decoder with attention


def is_padding(lengths: Tensor, steps: int) -> Tensor:
    """(batch, steps)"""
    return torch.arange(steps) >= lengths[:, None]


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(12, 16)
        self.lstm = nn.LSTM(16, 32, batch_first=True)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        steps, _ = self.lstm(self.embedding(tokens))
        return steps.masked_fill(is_padding(lengths, 8)[:, :, None], 0.0)


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(12, 16)
        self.lstm = nn.LSTM(16, 32, batch_first=True)
        self.attention = nn.MultiheadAttention(32, 2, batch_first=True)
        self.mixed = nn.Linear(64, 32)
        self.scores = nn.Linear(32, 12)

    def forward(self, memory: Tensor, memory_lengths: Tensor, tokens: Tensor, lengths: Tensor) -> Tensor:
        steps, _ = self.lstm(self.embedding(tokens))
        steps = steps.masked_fill(is_padding(lengths, 8)[:, :, None], 0.0)
        context, _ = self.attention(steps, memory, memory, key_padding_mask=is_padding(memory_lengths, 8))
        scores = self.scores(torch.tanh(self.mixed(torch.cat([steps, context], dim=2))))
        return scores.transpose(1, 2)


def translation(material: Material) -> nn.Module:
    torch.manual_seed(material.seed)
    encoder, decoder = Encoder(), Decoder()
    criterion = nn.CrossEntropyLoss(ignore_index=-100)
    optimizer, watched = adam(encoder, decoder, lr=0.005), Watched()
    for source, source_lengths, shifted, target, lengths in material.batches(
            "source", "source lengths", "target shifted", "target", "target lengths"):
        optimizer.zero_grad()
        scores = decoder(encoder(source, source_lengths), source_lengths, shifted, lengths)
        counted = target.masked_fill(is_padding(lengths, 8), -100)
        loss = criterion(scores, counted)
        loss.backward()
        optimizer.step()
        watched.add(loss, len(source), right(scores, counted), lengths.sum())
    return nn.ModuleDict({"encoder": encoder, "decoder": decoder})


# Sounds to letters


class Speech(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.heard = nn.Conv1d(16, 24, 5, stride=2, padding=2)
        self.lstm = nn.LSTM(24, 24, batch_first=True)
        self.scores = nn.Linear(24, 8)

    def forward(self, sound: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.relu(self.heard(sound.transpose(1, 2))).transpose(1, 2)
        lengths = (lengths + 1) // 2
        x, _ = self.lstm(x)
        return self.scores(x.masked_fill(is_padding(lengths, x.shape[1])[:, :, None], 0.0)), lengths


def speech(material: Material) -> nn.Module:
    torch.manual_seed(material.seed)
    network = Speech()
    criterion = nn.CTCLoss(zero_infinity=True)
    optimizer, watched = adam(network, lr=0.005), Watched()
    for sound, sound_lengths, letters, letters_lengths in material.batches(
            "file", "file lengths", "letters", "letters lengths"):
        optimizer.zero_grad()
        scores, lengths = network(sound, sound_lengths)
        loss = criterion(scores.log_softmax(2).transpose(0, 1), letters, lengths, letters_lengths)
        loss.backward()
        optimizer.step()
        watched.add(loss, len(sound))
    return network


# One body with two heads


class Body(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.second = nn.Linear(6, 24), nn.BatchNorm1d(24), nn.Linear(24, 16)

    def forward(self, features: Tensor) -> Tensor:
        return torch.tanh(self.second(torch.relu(self.norm(self.first(features)))))


class Heads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.price, self.age = nn.Linear(16, 1), nn.Linear(16, 1)

    def forward(self, found: Tensor) -> tuple[Tensor, Tensor]:
        return self.price(found).squeeze(1), self.age(found).squeeze(1)


def two_heads(material: Material) -> nn.Module:
    torch.manual_seed(material.seed)
    body, heads = Body(), Heads()
    optimizer, watched = adam(body, heads), Watched()
    for features, true_price, true_age in material.batches("features", "price", "age"):
        optimizer.zero_grad()
        price, age = heads(body(features))
        loss = nn.functional.mse_loss(price, true_price) + 0.5 * nn.functional.l1_loss(age, true_age)
        loss.backward()
        optimizer.step()
        watched.add(loss, len(features), *errors(price, true_price), *errors(age, true_age))
    return nn.ModuleDict({"body": body, "heads": heads})


class Head(nn.Module):
    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.head = nn.Linear(16, outputs)

    def forward(self, found: Tensor) -> Tensor:
        return self.head(found)


def two_tasks(material: Material) -> nn.Module:
    torch.manual_seed(material.seed)
    body, price, age = Body(), Head(1), Head(1)
    price_optimizer = adam(body, price)
    age_optimizer = torch.optim.SGD([*body.parameters(), *age.parameters()], lr=0.02, momentum=0.9, fused=True)
    price_watched, age_watched = Watched(), Watched()
    for step, (features, true_price, true_age) in enumerate(material.batches("features", "price", "age")):
        tasks = [(price, true_price, price_optimizer, price_watched)]
        if step % 2 == 0:
            tasks.append((age, true_age, age_optimizer, age_watched))
        for head, truth, optimizer, watched in tasks:
            optimizer.zero_grad()
            answer = head(body(features)).squeeze(1)
            loss = nn.functional.mse_loss(answer, truth)
            loss.backward()
            optimizer.step()
            watched.add(loss, len(features), *errors(answer, truth))
    return nn.ModuleDict({"body": body, "price": price, "age": age})


# Fine-tuning


def fine_tuning(material: Material) -> nn.Module:
    torch.manual_seed(material.seed)
    body, tuned = Body(), Head(3)
    body.load_state_dict(dict(material.start))
    dropout, criterion = nn.Dropout(0.2), nn.CrossEntropyLoss()
    optimizer, watched = adam(tuned, lr=0.01), Watched()
    body.requires_grad_(False).eval()
    for step, (features, label) in enumerate(material.batches("features", "label")):
        if material.thaw and step == material.thaw:
            body.requires_grad_(True).train()
            groups = [{"params": tuned.parameters()}, {"params": body.parameters(), "lr": 0.01 * 0.1}]
            optimizer = torch.optim.Adam(groups, lr=0.01, fused=True)
        optimizer.zero_grad()
        scores = tuned(dropout(body(features)))
        loss = criterion(scores, label)
        loss.backward()
        nn.utils.clip_grad_norm_([weight for group in optimizer.param_groups for weight in group["params"]], 0.5)
        optimizer.step()
        watched.add(loss, len(label), right(scores, label))
    return nn.ModuleDict({"body": body, "tuned": tuned})


SCRIPTS: dict[str, Callable[[Material], nn.Module]] = {
    script.__name__: script
    for script in (perceptron, gan, vae, translation, speech, two_heads, two_tasks, fine_tuning)
}

"""Losses and metrics as they are emitted: against torch, against torchmetrics, and never broadcasting by accident."""

from math import isnan
from random import Random
from types import SimpleNamespace

import pytest
import torch
import torchmetrics.functional as oracle
from torch import nn

from engine.layers import CATALOGUE, LayerSpec, code
from engine.layers.spec import ShapeError
from engine.params import completed
from engine.tensors import TensorSpec
from tests.engine.layer_samples import BATCH, namespace, random_inputs, random_params, tensor

pytestmark = pytest.mark.usefixtures("one_thread")

LOSSES = [spec for spec in CATALOGUE.values() if spec.role == "loss"]
METRICS = [spec for spec in CATALOGUE.values() if spec.role == "metric"]


def numbers(*sizes: int) -> TensorSpec:
    return TensorSpec(sizes)


def classes(count: int | None, *sizes: int) -> TensorSpec:
    return TensorSpec(sizes, dtype="int64", classes=count)


def names_of(tensors) -> tuple[str, ...]:
    return tuple("None" if given is None else f"x{place}" for place, given in enumerate(tensors))


def loss_of(type: str, *tensors: torch.Tensor | None, inputs, **values) -> torch.Tensor:
    """The loss as the emitted code computes it; None for a port without a wire."""
    spec = CATALOGUE[type]
    params = completed(spec.params, values)
    expression = code.constructor(spec, inputs, params)
    module = eval(expression, namespace(spec)) if expression else None
    names = names_of(tensors)
    call = code.call(spec, "self.loss", names, params)
    return eval(call, {**namespace(spec), "self": SimpleNamespace(loss=module),
                       **dict(zip(names, tensors, strict=True))})


def sums_of(type: str, tensors, inputs, **values) -> torch.Tensor:
    """What a metric adds up over one batch, as emitted."""
    spec = CATALOGUE[type]
    names = names_of(tensors)
    expression = code.sums(spec, names, inputs, completed(spec.params, values))
    return eval(expression, {**namespace(spec), **dict(zip(names, tensors, strict=True))})


def metric_of(type: str, batches, inputs, **values) -> float:
    """The metric over several batches: sums of each, added, and made one number."""
    parts = [sums_of(type, tensors, inputs, **values) for tensors in batches]
    assert all(part.ndim == 1 and part.dtype == torch.float32 for part in parts)
    return CATALOGUE[type].value(torch.stack(parts).sum(0).tolist())


def every(specs):
    return pytest.mark.parametrize("spec", specs, ids=lambda spec: spec.type)


@every([*LOSSES, *METRICS])
def test_what_is_accepted_computes_and_learns(spec: LayerSpec) -> None:
    """Thousands of random inputs: whatever the shape rule accepts gives a finite number from the emitted code."""
    choose = Random(spec.type)
    accepted = 0
    for number in range(4000):
        inputs = random_inputs(spec, choose)
        params = completed(spec.params, random_params(spec, inputs, choose))
        try:
            made_shape = spec.shape(inputs, params)
        except ShapeError:
            continue
        assert made_shape == ()
        accepted += 1
        tensors = [tensor(given, number + place) for place, given in enumerate(inputs)]
        if spec.type == "KLDiv":
            tensors[1] = tensors[1].sigmoid()
        if spec.role == "loss":
            made = tensors[0].requires_grad_()
            loss = loss_of(spec.type, *tensors, inputs=inputs, **params)
            assert loss.ndim == 0
            assert loss.isfinite(), (inputs, params)
            loss.backward()
            assert made.grad is not None
        else:
            assert isinstance(metric_of(spec.type, [tensors], inputs, **params), float)
        if accepted == 150:
            break
    assert accepted > 25


@pytest.mark.parametrize(("type", "power"), [("MSE", 2), ("L1", 1)])
@pytest.mark.parametrize(("prediction", "target"), [((1,), ()), ((), (1,)), ((), ()), ((4,), (4,)), ((1, 4), (4,))])
def test_number_losses_compare_sample_with_sample(type, power, prediction, target) -> None:
    inputs = (numbers(*prediction), numbers(*target))
    made, wanted = tensor(inputs[0], 1), tensor(inputs[1], 2)
    expected = (made.flatten() - wanted.flatten()).abs().pow(power).mean()
    torch.testing.assert_close(loss_of(type, made, wanted, inputs=inputs), expected)


@pytest.mark.parametrize("target", [classes(2), numbers(), numbers(1), classes(2, 1)])
def test_binary_loss_takes_classes_and_numbers(target) -> None:
    made = torch.tensor([[2.0], [-1.0], [0.5]])
    wanted = torch.tensor([1, 0, 0]).reshape(BATCH, *target.sizes)
    wanted = wanted if target.dtype == "int64" else wanted.float()
    loss = loss_of("BCEWithLogits", made, wanted, inputs=(numbers(1), target))
    torch.testing.assert_close(loss, -(made.flatten() * torch.tensor([1, -1, -1])).sigmoid().log().mean())


def test_label_smoothing_reaches_torch() -> None:
    made, wanted = tensor(numbers(4)), torch.tensor([0, 1, 3])
    loss = loss_of("CrossEntropy", made, wanted, inputs=(numbers(4), classes(4)), label_smoothing=0.2)
    torch.testing.assert_close(loss, nn.functional.cross_entropy(made, wanted, label_smoothing=0.2))


def batches_of(prediction: TensorSpec, target: TensorSpec):
    """Three batches of different sizes, so that a mean of means would be wrong."""
    pairs = [(tensor(prediction, seed), tensor(target, seed + 9)) for seed in range(3)]
    return [(p[:size], t[:size]) for (p, t), size in zip(pairs, (3, 1, 2), strict=True)]


def joined(batches):
    return torch.cat([p for p, _ in batches]), torch.cat([t for _, t in batches])


@pytest.mark.parametrize(("prediction", "target"), [
    (numbers(5), classes(5)), (numbers(2), classes(None)), (numbers(3, 4), classes(3, 4)),
])
def test_metrics_of_classes_agree_with_torchmetrics(prediction, target) -> None:
    target_drawn = classes(prediction.sizes[0], *target.sizes)
    batches = batches_of(prediction, target_drawn)
    made, wanted = joined(batches)
    count = prediction.sizes[0]
    flat = made.movedim(1, -1).reshape(-1, count), wanted.flatten()
    accuracy = oracle.classification.multiclass_accuracy(*flat, num_classes=count, average="micro")
    f1 = oracle.classification.multiclass_f1_score(*flat, num_classes=count, average="macro")
    assert metric_of("Accuracy", batches, (prediction, target)) == pytest.approx(accuracy.item())
    assert metric_of("F1", batches, (prediction, target)) == pytest.approx(f1.item())


@pytest.mark.parametrize(("prediction", "target"), [
    (numbers(1), classes(2)), (numbers(), classes(2)), (numbers(4), classes(2, 4)),
])
def test_metrics_of_yes_or_no_agree_with_torchmetrics(prediction, target) -> None:
    batches = batches_of(prediction, target)
    made, wanted = joined(batches)
    answers = (made.flatten() > 0).long()
    accuracy = oracle.classification.binary_accuracy(answers, wanted.flatten())
    f1 = oracle.classification.multiclass_f1_score(answers, wanted.flatten(), num_classes=2, average="macro")
    assert metric_of("Accuracy", batches, (prediction, target)) == pytest.approx(accuracy.item())
    assert metric_of("F1", batches, (prediction, target)) == pytest.approx(f1.item())


@pytest.mark.parametrize(("prediction", "target"), [
    (numbers(1), numbers()), (numbers(), numbers()), (numbers(3), numbers(3)), (numbers(2, 2), numbers(2, 2)),
])
def test_metrics_of_numbers_agree_with_torchmetrics(prediction, target) -> None:
    batches = batches_of(prediction, target)
    made, wanted = joined(batches)
    rows, answers = made.reshape(6, -1), wanted.reshape(6, -1)
    inputs = (prediction, target)
    assert metric_of("MAE", batches, inputs) == pytest.approx(oracle.mean_absolute_error(rows, answers).item())
    rmse = oracle.mean_squared_error(rows, answers, squared=False)
    assert metric_of("RMSE", batches, inputs) == pytest.approx(rmse.item())
    assert metric_of("R2", batches, inputs) == pytest.approx(oracle.r2_score(rows, answers).item(), rel=1e-4)


def test_r2_of_a_constant_target_is_one_only_if_met() -> None:
    inputs = (numbers(), numbers())
    constant = torch.full((3,), 2.0)
    assert metric_of("R2", [(constant, constant)], inputs) == 1.0
    assert metric_of("R2", [(constant + 1, constant)], inputs) == 0.0


def test_metrics_of_nothing_are_not_a_number() -> None:
    for spec in METRICS:
        assert isnan(spec.value([0.0, 0.0, 0.0, 0.0])), spec.type


def test_metrics_in_the_unit_of_the_target_say_so() -> None:
    assert [spec.type for spec in METRICS if spec.scales_with_target] == ["MAE", "RMSE"]


def test_only_metrics_have_sums() -> None:
    with pytest.raises(ValueError, match="not a metric"):
        code.sums(CATALOGUE["Linear"], ("a", "b"), (numbers(1), numbers(1)), {})

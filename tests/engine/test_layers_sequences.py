"""Lengths from data to loss: what lies beyond a sequence's end never counts, and nothing else changes."""

from math import exp

import pytest
import torch
import torchmetrics.functional.text as oracle
from torch import nn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from engine.analysis import analyze
from engine.graph import Edge, Graph
from engine.layers import CATALOGUE
from engine.layers.spec import NOTHING, ShapeError
from engine.params import completed
from engine.tensors import TensorSpec
from resources.code import sequences
from tests.engine.drawing import chain, wire
from tests.engine.test_layers_contract import attempt, run
from tests.engine.test_layers_losses import classes, loss_of, metric_of, numbers, sums_of

SEQUENCE = TensorSpec((9, 5), padded=True)
LENGTHS = torch.tensor([4, 9, 1, 6])


def counts(steps: int) -> TensorSpec:
    return TensorSpec((), (), "int64", steps=steps)


def drawn(*sizes: int, seed: int = 0) -> torch.Tensor:
    """Numbers for four samples, with padding that would be noticed."""
    return torch.randn(4, *sizes, generator=torch.Generator().manual_seed(seed))


def tokens(steps: int, count: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(1, count, (4, steps), generator=torch.Generator().manual_seed(seed))


def applied(type: str, tensors, inputs, **values) -> tuple[nn.Module | None, torch.Tensor]:
    spec = CATALOGUE[type]
    params = completed(spec.params, values)
    spec.shape(inputs, params)
    module, (result,) = attempt(spec, inputs, params, tensors)
    return module, result


# Layers

@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("type", ["LSTM", "GRU", "RNN"])
def test_recurrent_layers_give_what_packed_sequences_give(type, layers, bidirectional) -> None:
    settings = {"hidden_size": 3, "num_layers": layers, "bidirectional": bidirectional}
    sequence, inputs = drawn(9, 5), (SEQUENCE, counts(9))
    for output in ("all steps", "last step"):
        torch.manual_seed(1)
        module, made = applied(type, [sequence, LENGTHS], inputs, output=output, **settings)
        packed = pack_padded_sequence(sequence, LENGTHS, batch_first=True, enforce_sorted=False)
        steps, state = module(packed)
        state = state[0] if type == "LSTM" else state
        wanted = pad_packed_sequence(steps, batch_first=True, total_length=9)[0] if output == "all steps" else \
            state[-1 - bidirectional:].transpose(0, 1).flatten(1)
        torch.testing.assert_close(made, wanted)


@pytest.mark.parametrize(("type", "of_one"), [
    ("LastValid", lambda steps: steps[-1]), ("MaskedMean", lambda steps: steps.mean(0)),
    ("MaskedMax", lambda steps: steps.amax(0)),
])
def test_pooling_reads_each_sequence_up_to_its_end(type, of_one) -> None:
    sequence = drawn(9, 5)
    _, made = applied(type, [sequence, LENGTHS], (SEQUENCE, counts(9)))
    wanted = torch.stack([of_one(steps[:length]) for steps, length in zip(sequence, LENGTHS, strict=True)])
    torch.testing.assert_close(made, wanted)


def test_attention_pooling_is_a_softmax_over_the_steps_of_each_sequence() -> None:
    sequence = drawn(9, 5)
    module, made = applied("AttentionPooling", [sequence, LENGTHS], (SEQUENCE, counts(9)))
    for steps, length, pooled in zip(sequence, LENGTHS, made, strict=True):
        real = steps[:length]
        torch.testing.assert_close(pooled, (real @ module.query).softmax(0) @ real)
    _, without = applied("AttentionPooling", [sequence, None], (SEQUENCE, NOTHING))
    assert without.shape == (4, 5)


@pytest.mark.parametrize("settings", [
    {}, {"stride": 2}, {"stride": 3, "padding": 1}, {"kernel_size": 5, "padding": 2}, {"dilation": 2, "stride": 2},
    {"kernel_size": 1, "stride": 4}, {"kernel_size": 2, "stride": 2},
])
def test_lengths_are_counted_like_the_steps_of_a_convolution(settings) -> None:
    values = {"kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1, **settings}
    _, made = applied("ConvLengths", [torch.arange(5, 30)], (counts(29),), **settings)
    convolution = nn.Conv1d(1, 1, **values)
    assert made.tolist() == [convolution(torch.zeros(1, steps)).shape[-1] for steps in range(5, 30)]
    promised = CATALOGUE["ConvLengths"].shape((counts(29),), completed(CATALOGUE["ConvLengths"].params, settings))
    assert promised.steps == made[-1]


def test_a_sequence_shorter_than_the_window_leaves_one_step() -> None:
    _, made = applied("ConvLengths", [torch.tensor([1, 2, 9])], (counts(9),), kernel_size=5)
    assert made.tolist() == [1, 1, 5]


@pytest.mark.parametrize("type", ["LSTM", "MaskedMean", "MaskedMax", "LastValid", "AttentionPooling"])
def test_layers_with_lengths_can_be_traced_for_other_lengths(type) -> None:
    spec, inputs = CATALOGUE[type], (SEQUENCE, counts(9))
    params = spec.defaults()
    sequence = drawn(9, 5)
    module, _ = attempt(spec, inputs, params, [sequence, LENGTHS])
    assert_follows_lengths(with_gradient(lambda x, lengths: run(spec, module, (x, lengths), params)[0]), sequence)


def with_gradient(function):
    """The function and the gradient of its squares with respect to the first tensor."""
    def both(first: torch.Tensor, *rest: torch.Tensor) -> tuple[torch.Tensor, ...]:
        first = first.detach().requires_grad_()
        result = function(first, *rest)
        return result.detach(), *torch.autograd.grad(result.square().sum(), first)
    return both


def assert_follows_lengths(function, *tensors: torch.Tensor) -> None:
    """A trace recorded with some lengths computes the same as the function for others."""
    traced = make_fx(function)(*tensors, torch.full((4,), 9))
    torch.testing.assert_close(traced(*tensors, LENGTHS), function(*tensors, LENGTHS))


class Reader(nn.Module):
    """What emitted code makes of a recurrent layer with lengths, and all that pools."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.pooling = nn.LSTM(5, 4, batch_first=True), sequences.AttentionPooling(4)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        steps = sequences.zero_padding(self.lstm(x)[0], lengths)
        pooled = (pool(steps, lengths) for pool in (sequences.last_valid, sequences.masked_mean, sequences.masked_max))
        return torch.cat((*pooled, self.pooling(steps, lengths)), 1)


@pytest.mark.filterwarnings("ignore:The tensor attributes self.lstm")  # torch says so of every LSTM
def test_layers_with_lengths_can_be_exported_for_any_number_of_samples() -> None:
    reader, batch = Reader().eval(), torch.export.Dim("batch", min=1)
    exported = torch.export.export(reader, (drawn(9, 5), LENGTHS), dynamic_shapes=({0: batch}, {0: batch})).module()
    for count in (1, 3):
        given = drawn(9, 5, seed=3)[:count], LENGTHS[:count]
        torch.testing.assert_close(exported(*given), reader(*given))


# Losses

@pytest.mark.parametrize("sizes", [(), (3,)])
@pytest.mark.parametrize("type", ["CrossEntropy", "NLL"])
def test_losses_of_classes_are_means_over_real_steps(type, sizes) -> None:
    scores = drawn(7, 9, *sizes).log_softmax(1)
    target = torch.randint(0, 7, (4, 9, *sizes))
    inputs = (numbers(7, 9, *sizes), classes(7, 9, *sizes), counts(9))
    made = torch.cat([s[:, :n].flatten(1).T for s, n in zip(scores, LENGTHS, strict=True)])
    wanted = torch.cat([t[:n].flatten() for t, n in zip(target, LENGTHS, strict=True)])
    loss = loss_of(type, scores, target, LENGTHS, inputs=inputs)
    torch.testing.assert_close(loss, nn.CrossEntropyLoss()(made, wanted))


@pytest.mark.parametrize("sizes", [(9,), (9, 3), (9, 1)])
@pytest.mark.parametrize(("type", "of"), [("MSE", nn.MSELoss()), ("L1", nn.L1Loss()), ("SmoothL1", nn.SmoothL1Loss())])
def test_losses_of_numbers_are_means_over_real_steps(type, of, sizes) -> None:
    made, wanted = drawn(*sizes), drawn(*sizes, seed=1)
    made[2, 1:] = float("inf")
    inputs = (numbers(*sizes), numbers(*sizes), counts(9))
    real = [torch.cat([s[:n] for s, n in zip(values, LENGTHS, strict=True)]) for values in (made, wanted)]
    torch.testing.assert_close(loss_of(type, made, wanted, LENGTHS, inputs=inputs), of(*real))


@pytest.mark.parametrize(("lengths", "target_lengths"), [
    (None, None), (LENGTHS.clamp(min=5), None), (LENGTHS.clamp(min=5), torch.tensor([1, 2, 3, 2])),
])
def test_ctc_is_torchs(lengths, target_lengths) -> None:
    scores, target = drawn(9, 6), tokens(3, 6)
    target[1, 2:] = 0
    inputs = (numbers(9, 6), classes(6, 3), NOTHING if lengths is None else counts(9),
              NOTHING if target_lengths is None else counts(3))
    real = (target != 0).sum(1) if target_lengths is None else target_lengths
    wanted = nn.CTCLoss(zero_infinity=True)(
        scores.log_softmax(-1).transpose(0, 1), target, torch.full((4,), 9) if lengths is None else lengths, real)
    torch.testing.assert_close(loss_of("CTC", scores, target, lengths, target_lengths, inputs=inputs), wanted)


def test_gaussian_kl_is_that_of_torchs_distributions() -> None:
    mean, log_variance = drawn(5), drawn(5, seed=1)
    normal = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    wanted = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    made = loss_of("GaussianKL", mean, log_variance, inputs=(numbers(5), numbers(5)))
    torch.testing.assert_close(made, wanted)


def test_kl_divergence_is_summed_over_classes_and_averaged_over_samples() -> None:
    made, wanted = drawn(5).log_softmax(1), drawn(5, seed=1).softmax(1)
    loss = loss_of("KLDiv", made, wanted, inputs=(numbers(5), numbers(5)))
    torch.testing.assert_close(loss, (wanted * (wanted.log() - made)).sum(1).mean())


def test_every_loss_has_a_weight_that_is_no_argument() -> None:
    for spec in CATALOGUE.values():
        if spec.role == "loss":
            assert spec.params[-1].name == "weight"
            assert (spec.params[-1].default, spec.params[-1].argument) == (1.0, False)


@pytest.mark.parametrize("type", ["CrossEntropy", "NLL"])
def test_losses_with_lengths_can_be_traced_for_other_lengths(type) -> None:
    inputs = (numbers(7, 9), classes(7, 9), counts(9))
    assert_follows_lengths(with_gradient(lambda s, t, n: loss_of(type, s, t, n, inputs=inputs)), drawn(7, 9),
                           tokens(9, 7))


def test_number_losses_and_ctc_can_be_traced_for_other_lengths() -> None:
    inputs = (numbers(9, 2), numbers(9, 2), counts(9))
    assert_follows_lengths(with_gradient(lambda a, b, n: loss_of("MSE", a, b, n, inputs=inputs)), drawn(9, 2),
                           drawn(9, 2, seed=1))
    aligned = (numbers(9, 6), classes(6, 3), counts(9), NOTHING)
    assert_follows_lengths(with_gradient(lambda s, t, n: loss_of("CTC", s, t, n, None, inputs=aligned)), drawn(9, 6),
                           tokens(3, 6))


# Metrics

def parts_of(*tensors: torch.Tensor | None) -> list[tuple[torch.Tensor | None, ...]]:
    """Two batches of different sizes."""
    return [tuple(None if t is None else t[place] for t in tensors) for place in (slice(0, 3), slice(3, 4))]


def real(values: torch.Tensor) -> torch.Tensor:
    return torch.cat([steps[:length] for steps, length in zip(values, LENGTHS, strict=True)])


def words(rows: torch.Tensor, lengths=None) -> list[str]:
    counted = [rows.shape[1]] * len(rows) if lengths is None else lengths.tolist()
    return [" ".join(map(str, row[:n])) for row, n in zip(rows.tolist(), counted, strict=True)]


def test_metrics_of_classes_leave_out_what_lies_beyond_the_end() -> None:
    scores, target = drawn(7, 9), tokens(9, 7)
    sequence, flat = (numbers(7, 9), classes(7, 9), counts(9)), (numbers(7), classes(7))
    steps = real(scores.transpose(1, 2)), real(target)
    for type in ("Accuracy", "F1", "Perplexity"):
        made = metric_of(type, parts_of(scores, target, LENGTHS), sequence)
        assert made == pytest.approx(metric_of(type, [steps], flat)), type


def test_metrics_of_numbers_leave_out_what_lies_beyond_the_end() -> None:
    made, wanted = drawn(9, 2), drawn(9, 2, seed=1)
    sequence, flat = (numbers(9, 2), numbers(9, 2), counts(9)), (numbers(2), numbers(2))
    for type in ("MAE", "RMSE", "R2"):
        found = metric_of(type, parts_of(made, wanted, LENGTHS), sequence)
        assert found == pytest.approx(metric_of(type, [(real(made), real(wanted))], flat), rel=1e-4), type


def test_yes_or_no_at_every_step_leaves_out_what_lies_beyond_the_end() -> None:
    made, wanted = drawn(9, 2), tokens(18, 3).reshape(4, 9, 2) - 1
    sequence, flat = (numbers(9, 2), classes(2, 9, 2), counts(9)), (numbers(2), classes(2, 2))
    for type in ("Accuracy", "F1"):
        found = metric_of(type, parts_of(made, wanted, LENGTHS), sequence)
        assert found == pytest.approx(metric_of(type, [(real(made), real(wanted))], flat)), type


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_perplexity_is_torchmetrics(lengths) -> None:
    scores, target = drawn(7, 9), tokens(9, 7)
    judged = target if lengths is None else target.masked_fill(torch.arange(9) >= lengths[:, None], -100)
    wanted = oracle.perplexity(scores.transpose(1, 2), judged, ignore_index=-100).item()
    inputs = (numbers(7, 9), classes(7, 9), NOTHING if lengths is None else counts(9))
    assert metric_of("Perplexity", parts_of(scores, target, lengths), inputs) == pytest.approx(wanted, rel=1e-5)


def test_perplexity_beyond_all_numbers_is_infinite() -> None:
    value = CATALOGUE["Perplexity"].value
    assert value([1e6, 1.0]) == float("inf")
    assert value([3.0, 2.0]) == exp(1.5)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("seed", range(4))
def test_bleu_is_torchmetrics(seed, lengths) -> None:
    made, wanted = tokens(12, 3, seed), tokens(9, 3, seed + 9)
    made_lengths = None if lengths is None else torch.tensor([12, 5, 7, 2])
    target = oracle.bleu_score(words(made, made_lengths), [[text] for text in words(wanted, lengths)]).item()
    inputs = (classes(3, 12), classes(3, 9), *(NOTHING if n is None else counts(s)
                                                for n, s in ((made_lengths, 12), (lengths, 9))))
    found = metric_of("BLEU", parts_of(made, wanted, made_lengths, lengths), inputs)
    assert found == pytest.approx(target, rel=1e-5)


def test_bleu_reads_the_best_class_of_scores() -> None:
    scores, target = drawn(3, 9), tokens(9, 3)
    inputs = (numbers(3, 9), classes(3, 9), counts(9), NOTHING)
    found = metric_of("BLEU", [(scores, target, LENGTHS, None)], inputs)
    texts = [words(rows, LENGTHS) for rows in (scores.argmax(1), target)]
    assert found == pytest.approx(oracle.bleu_score(texts[0], [[text] for text in texts[1]]).item(), rel=1e-5)


def test_bleu_of_what_has_no_four_tokens_in_a_row_right_is_zero() -> None:
    inputs = (classes(9, 3), classes(9, 3), NOTHING, NOTHING)
    same = tokens(3, 9)
    assert metric_of("BLEU", [(same, same, None, None)], inputs) == 0.0


@pytest.mark.parametrize("type", ["WordErrorRate", "CharacterErrorRate"])
@pytest.mark.parametrize("seed", range(4))
def test_error_rates_are_torchmetrics(seed, type) -> None:
    scores, target = drawn(4, 9, seed=seed), tokens(6, 4, seed)
    target_lengths = torch.tensor([6, 1, 3, 5])
    inputs = (numbers(4, 9), classes(4, 6), counts(9), counts(6))
    made, wanted = words(scores.argmax(1), LENGTHS), words(target, target_lengths)
    if type == "CharacterErrorRate":
        made, wanted = ([text.replace(" ", "") for text in texts] for texts in (made, wanted))
    judge = oracle.char_error_rate if type == "CharacterErrorRate" else oracle.word_error_rate
    found = metric_of(type, parts_of(scores, target, LENGTHS, target_lengths), inputs)
    assert found == pytest.approx(judge(made, wanted).item())


def collapsed(row: list[int]) -> list[int]:
    return [now for before, now in zip([0, *row], row, strict=False) if now and now != before]


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("seed", range(4))
def test_error_rates_of_ctc_are_torchmetrics(seed, lengths) -> None:
    scores, target = drawn(9, 4, seed=seed), tokens(5, 4, seed)
    target[1, 2:] = 0
    inputs = (numbers(9, 4), classes(4, 5), NOTHING if lengths is None else counts(9), NOTHING)
    rows = [row[:n] for row, n in zip(scores.argmax(2).tolist(), (LENGTHS if lengths is not None else [9] * 4),
                                      strict=True)]
    made = [" ".join(map(str, collapsed(row))) for row in rows]
    wanted = words(target, (target != 0).sum(1))
    found = metric_of("WordErrorRate", parts_of(scores, target, lengths, None), inputs, decoding="CTC greedy")
    assert found == pytest.approx(oracle.word_error_rate(made, wanted).item())


@pytest.mark.parametrize(("type", "inputs", "values"), [
    ("Accuracy", (numbers(4, 9), classes(4, 9), counts(9)), {}),
    ("F1", (numbers(4, 9), classes(4, 9), counts(9)), {}),
    ("Perplexity", (numbers(4, 9), classes(4, 9), counts(9)), {}),
    ("BLEU", (numbers(4, 9), classes(4, 9), counts(9), NOTHING), {}),
    ("CharacterErrorRate", (numbers(4, 9), classes(4, 9), counts(9), NOTHING), {}),
    ("CharacterErrorRate", (numbers(9, 4), classes(4, 9), counts(9), NOTHING), {"decoding": "CTC greedy"}),
])
def test_metrics_can_be_traced_for_other_lengths(type, inputs, values) -> None:
    rest = (None,) * (len(inputs) - 3)
    assert_follows_lengths(lambda s, t, n: sums_of(type, (s, t, n, *rest), inputs, **values),
                           drawn(*inputs[0].sizes), tokens(9, 4))


# Shapes and problems

def texts(steps: int = 20, *, lengths: bool = True) -> tuple[str, dict]:
    return ("Input", {"shape": (steps,), "axes": "time", "values": "classes", "classes": 50, "lengths": lengths})


EMBEDDED = (texts(), ("Embedding", {"num_embeddings": 50, "embedding_dim": 8}))
TO_CHANNELS, TO_TIME = ("Permute", {"dims": (2, 1)}), ("Permute", {"dims": (2, 1)})


@pytest.mark.parametrize("layers", [
    (("Linear", {"out_features": 4}), "ReLU", "LayerNorm", "Dropout"),
    (("LSTM", {"output": "all steps"}),),
    (TO_CHANNELS, "Conv1d", "BatchNorm1d", "MaxPool1d", "Dropout1d", TO_TIME),
    (TO_CHANNELS, ("Softmax", {"dim": 1}), "AvgPool1d", TO_TIME),
], ids=["linear", "recurrent", "convolutions", "softmax"])
def test_padding_is_remembered_as_long_as_there_is_time(layers) -> None:
    graph = chain(*EMBEDDED, *layers)
    last = graph.nodes[-1].id
    (made,) = analyze(graph).nodes[last].outputs.values()
    assert made.has_padding
    assert made.axes[0] == "time"


def test_what_was_summed_up_over_time_has_no_padding() -> None:
    graph = chain(*EMBEDDED, "LSTM", "Linear")
    (made,) = analyze(graph).nodes["linear_1"].outputs.values()
    assert not made.has_padding


def problem(graph: Graph, code: str):
    (found,) = [each for each in analyze(graph).problems if each.code == code]
    return found


def repaired(graph: Graph, code: str) -> Graph:
    (repair,) = problem(graph, code).repairs
    after = repair.edit(graph)
    assert code not in {each.code for each in analyze(after).problems}
    return after


def test_the_last_step_of_padded_sequences_gets_their_lengths_wired() -> None:
    graph = chain(*EMBEDDED, "LSTM", "Output")
    assert problem(graph, "padding").message == (
        "LSTM 1 ends with the padding that makes all sequences (batch, time 20, features 8) equally long "
        "(from Embedding 1).")
    after = repaired(graph, "padding")
    assert Edge("input_1", "lengths", "lstm_1", "lengths") in after.edges


def test_lengths_are_wired_through_a_counter_for_every_layer_that_shortens() -> None:
    graph = chain(*EMBEDDED, TO_CHANNELS, ("Conv1d", {"stride": (2,)}), "ReLU", ("Conv1d", {"padding": (1,)}),
                  "MaxPool1d", TO_TIME, "LSTM", "Output")
    assert problem(graph, "padding").repairs[0].label == "Wire the lengths of Input 1 through 2 ConvLengths"
    after = repaired(graph, "padding")
    counters = [node for node in after.nodes if node.type == "ConvLengths"]
    assert [(node.params["kernel_size"], node.params["stride"]) for node in counters] == [(3, 2), (2, 2)]


def test_counters_that_are_there_are_used_again() -> None:
    graph = chain(*EMBEDDED, TO_CHANNELS, ("Conv1d", {"stride": (2,)}), TO_TIME, "LSTM", "Output")
    graph = chain("GRU", "Output", graph=graph, after="permute_2")
    for _ in range(2):
        repair = next(each for each in analyze(graph).problems if each.code == "padding").repairs[0]
        graph = repair.edit(graph)
    assert [node.type for node in graph.nodes].count("ConvLengths") == 1
    assert not {each.code for each in analyze(graph).problems} - {"no-loss"}


def test_lengths_longer_than_the_sequence_are_refused_and_counted() -> None:
    graph = chain(*EMBEDDED, TO_CHANNELS, ("Conv1d", {"stride": (2,)}), TO_TIME, "LSTM", "Output")
    graph = graph.connect(Edge("input_1", "lengths", "lstm_1", "lengths"))
    assert problem(graph, "lengths").message == (
        "LSTM 1 reads sequences of 9 steps but gets lengths of up to 20 (from Input 1).")
    assert not analyze(repaired(graph, "lengths")).faults


def test_lengths_of_nothing_are_refused() -> None:
    graph = chain(*EMBEDDED, "LSTM", "Output")
    graph = chain(("Input", {"values": "classes", "classes": 3}), graph=graph)
    graph = wire(graph, "input_2", "lstm_1", "lengths")
    assert problem(graph, "lengths").message.startswith("LSTM 1 takes the lengths of its sequences at lengths")
    repaired(graph, "lengths")


def test_a_loss_over_padding_gets_the_lengths_of_its_target() -> None:
    graph = chain(*EMBEDDED, ("Linear", {"out_features": 50}), TO_CHANNELS, "CrossEntropy")
    graph = wire(chain(texts(), graph=graph), "input_2", "crossentropy_1", "target")
    after = repaired(graph, "padding")
    assert Edge("input_2", "lengths", "crossentropy_1", "lengths") in after.edges


@pytest.mark.parametrize("pooling", ["AdaptiveAvgPool1d", ("AvgPool1d", {"kernel_size": (20,)})])
def test_the_mean_over_all_steps_is_warned_of(pooling) -> None:
    graph = chain(*EMBEDDED, TO_CHANNELS, pooling, "Output")
    assert "MaskedMean" in problem(graph, "padding").hint


def test_ctc_targets_longer_than_the_prediction_are_refused_and_strides_taken_back() -> None:
    graph = chain(("Input", {"shape": (40, 8), "lengths": True}), TO_CHANNELS, ("Conv1d", {"stride": (2,)}),
                  ("Conv1d", {"stride": (2,)}), TO_TIME, ("Linear", {"out_features": 50}), "CTC")
    graph = wire(chain(texts(15), graph=graph), "input_2", "ctc_1", "target")
    found = problem(graph, "lengths")
    assert found.message == ("CTC 1 reads a target of 15 steps out of a prediction of 9 (from Linear 1).")
    assert [repair.label for repair in found.repairs] == ["Set the stride of Conv1d 2 to 1"]
    assert "lengths" not in {each.code for each in analyze(found.repairs[0].edit(graph)).problems}


def test_shapes_of_ctc_are_explained() -> None:
    spec = CATALOGUE["CTC"]
    for inputs, code in (
        ((numbers(9, 5), numbers(3), NOTHING, NOTHING), "dtype"),
        ((numbers(9), classes(5, 3), NOTHING, NOTHING), "rank"),
        ((numbers(9, 5), classes(6, 3), NOTHING, NOTHING), "classes"),
        ((numbers(9, 5), classes(5, 3), counts(10), NOTHING), "lengths"),
        ((numbers(9, 5), classes(5, 3), NOTHING, counts(4)), "lengths"),
    ):
        with pytest.raises(ShapeError) as caught:
            spec.shape(inputs, spec.defaults())
        assert caught.value.code == code

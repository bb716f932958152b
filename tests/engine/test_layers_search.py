"""Finding layers by what people call them."""

import pytest

from engine.layers import CATALOGUE, categories, find, search


def test_find_knows_types_only() -> None:
    assert find("Conv2d") is CATALOGUE["Conv2d"]
    assert find("conv2d") is None


@pytest.mark.parametrize(("typed", "best"), [
    ("dense", "Linear"), ("Fully connected", "Linear"), ("conv", "Conv2d"), ("conv1d", "Conv1d"),
    ("max pool", "MaxPool2d"), ("maxpool1d", "MaxPool1d"), ("bn", "BatchNorm2d"), ("relu", "ReLU"),
    ("huber", "SmoothL1"), ("skip", "Add"), ("swish", "SiLU"), ("concatenate", "Concat"), ("word vectors", "Embedding"),
    ("crossentropyloss", "CrossEntropy"), ("lyrnrm", "LayerNorm"), ("mean squared error", "MSE"), ("label", "Input"),
    ("self-attention", "MultiheadAttention"), ("look-ahead mask", "CausalMask"), ("latent", "Noise"),
    ("reparametrization", "RandomNormal"), ("stop gradient", "Detach"), ("sinusoidal positions", "PositionalEncoding"),
    ("sum", "Sum"), ("stack", "Stack"), ("minus", "Subtract"), ("bmm", "MatMul"), ("chunk", "Split"),
    ("transformer", "TransformerEncoderLayer"),
])
def test_search_puts_first_what_is_meant(typed: str, best: str) -> None:
    assert search(typed)[0].type == best


def test_search_by_category_and_help() -> None:
    assert {"RNN", "LSTM", "GRU"} <= {spec.type for spec in search("recurrent")}
    assert "Dropout" in {spec.type for spec in search("zero while training")}


def test_search_for_nothing_shows_everything_and_for_nonsense_nothing() -> None:
    assert search(" ") == list(CATALOGUE.values())
    assert search("qqqzzz") == []


def test_categories_stand_in_the_order_of_the_palette() -> None:
    assert categories()[0] == "Inputs and outputs"
    assert set(categories()) == {spec.category for spec in CATALOGUE.values()}


def test_the_catalogue_holds_what_was_promised() -> None:
    assert set(CATALOGUE) >= {
        "Input", "Output", "Linear", "Conv1d", "Conv2d", "MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d",
        "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "GroupNorm", "Dropout",
        "Dropout1d", "Dropout2d", "ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softmax", "Flatten",
        "Unflatten", "Reshape", "Permute", "Add", "Multiply", "Concat", "Embedding", "RNN", "LSTM", "GRU", "Upsample",
        "ConvTranspose2d", "CrossEntropy", "BCEWithLogits", "MSE", "L1", "SmoothL1", "Accuracy", "F1", "MAE", "RMSE",
        "R2", "MultiheadAttention", "ScaledDotProductAttention", "TransformerEncoderLayer", "TransformerDecoderLayer",
        "PositionalEncoding", "LearnedPositions", "CausalMask", "PaddingMask", "LSTMCell", "GRUCell", "RNNCell",
        "Select", "Slice", "Stack", "Split", "MatMul", "Exp", "Log", "Mean", "Sum", "Subtract", "RandomNormal",
        "Detach", "Noise", "Constant"}

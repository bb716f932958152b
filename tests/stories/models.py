"""What other programs make of an export, with numpy and onnxruntime alone."""

import gzip
import json
from pathlib import Path

import numpy as np


def idx(path: Path) -> np.ndarray:
    """The numbers of a gzipped IDX file of bytes."""
    content = gzip.decompress(path.read_bytes())
    rank = content[3]
    shape = np.frombuffer(content, ">u4", rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def fashion_mnist(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) and labels (n,) of "train" or "t10k"."""
    return idx(folder / f"{part}-images-idx3-ubyte.gz"), idx(folder / f"{part}-labels-idx1-ubyte.gz")


def onnx_accuracy(model: Path, folder: Path) -> float:
    """The share of right answers on the test images, prepared as the file itself says."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model))
    preparation = json.loads(session.get_modelmeta().custom_metadata_map["preparation"])
    image = next(part for part in preparation["parts"] if part["role"] == "input")["state"]
    images, labels = fashion_mnist(folder, "t10k")
    prepared = (images[:, None] / image["divide"] - image["mean"][0]) / image["scale"][0]
    scores = session.run(None, {session.get_inputs()[0].name: prepared.astype(np.float32)})[0]
    return float((scores.argmax(1) == labels).mean())

"""Emitted source, run by torch: shapes, weights, losses and metrics are those that the design promises."""

import ast
import math
import subprocess
import sys
import traceback

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import nn

from engine import network, projectfile
from engine.analysis import analyze
from engine.codegen import emit
from engine.codegen.outline import MODULE_ATTRIBUTES
from engine.codegen.source import PART
from engine.layers import CATALOGUE
from engine.project import RESOURCES, Project
from engine.tensors import TensorSpec
from tests.engine.designs import sound_designs

TEMPLATES = [RESOURCES / "templates" / f"{name}.neuroloom" for name in ("cnn", "lstm", "perceptron")]


def _sample(spec: TensorSpec, batch: int) -> torch.Tensor:
    if spec.dtype == "int64":
        return torch.randint(0, spec.classes or 2, (batch, *spec.sizes))
    return torch.randn(batch, *spec.sizes)


def _check(project: Project, batch: int) -> None:
    """One forward pass of network and objective agrees with the analysis."""
    source, report = emit(project), analyze(project.graph)
    built = network.build(source)
    made, objective = built.network, built.objective
    assert source.objective is not None
    assert objective is not None
    built.everything.eval()
    specs = {node.params["column"]: report.nodes[node.id].outputs["output"] for node in project.graph.nodes
             if node.type == "Input"}
    given = [_sample(specs[column], batch) for column in source.inputs]
    outputs = made(*given)
    outputs = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
    expected = [report.nodes[node_id].outputs[port] for node_id, port in report.outputs]
    assert [tuple(out.shape) for out in outputs] == [(batch, *spec.sizes) for spec in expected]
    assert [str(out.dtype) for out in outputs] == [f"torch.{spec.dtype}" for spec in expected]
    assert sum(weight.numel() for weight in made.parameters()) == report.weights
    assert {name.split(".")[0] for name in made.state_dict()} <= set(source.modules[project.main].values())
    loss, sums = objective(*given, *(_sample(specs[column], batch) for column in source.targets))
    assert loss.shape == ()
    assert len(sums) == len(source.objective.metrics)
    for total, metric in zip(sums, source.objective.metrics, strict=True):
        assert total.dim() == 1
        assert total.dtype == torch.float32
        assert not total.requires_grad
        if metric.type == PART:
            assert total.tolist()[1] == batch
            continue
        value = CATALOGUE[metric.type].value
        assert value is not None
        assert isinstance(value(total.tolist()), float)


@pytest.mark.filterwarnings("ignore:dropout option")  # the analysis says that too
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(sound_designs())
def test_any_design_computes_the_shapes_it_promises(project):
    _check(project, batch=3)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
@pytest.mark.parametrize("batch", [1, 5])
def test_templates_compute(path, batch):
    _check(projectfile.load(path), batch)


def test_training_the_objective_trains_the_network():
    built = network.build(emit(projectfile.load(TEMPLATES[-1])))
    made, objective = built.network, built.objective
    before = [weight.clone() for weight in made.parameters()]
    optimizer = torch.optim.SGD(objective.parameters(), 0.1)
    image, label = torch.randn(32, 1, 28, 28), torch.arange(32) % 10
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss, (right,) = objective(image, label)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    assert right[1] == 32
    assert not any(torch.equal(*pair) for pair in zip(before, made.parameters(), strict=True))
    assert objective.network is made


def test_the_same_seed_gives_the_same_weights_and_another_one_others():
    source = emit(projectfile.load(TEMPLATES[0]))

    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return torch.cat([weight.flatten() for weight in network.build(source).network.parameters()])

    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))


def test_tracebacks_show_the_emitted_line():
    made = network.build(emit(projectfile.load(RESOURCES / "templates" / "perceptron.neuroloom"))).network
    with pytest.raises(RuntimeError) as failed:
        made(torch.zeros(1, 3))
    shown = "".join(traceback.format_exception(failed.value))
    assert "x = self.linear_1(x)" in shown


def test_no_layer_may_take_a_name_that_torch_uses():
    public = {name for name in dir(nn.Module()) if not name.startswith("_") and name not in ("T_destination",)}
    assert public <= MODULE_ATTRIBUTES | {"T_destination"}


def test_the_source_needs_torch_only(tmp_path):
    source = emit(projectfile.load(TEMPLATES[0]))
    (tmp_path / "model.py").write_text(source.text, encoding="utf-8")
    program = (f"import sys, torch, model; n = model.{source.network}(); "
               "print(tuple(n(torch.zeros(2, 1, 28, 28)).shape)); assert 'engine' not in sys.modules")
    done = subprocess.run([sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, '.'); {program}"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "(2, 10)", done.stderr
    imports = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
               for node in ast.walk(ast.parse(source.text)) if isinstance(node, ast.Import | ast.ImportFrom)}
    assert imports == {"torch"}


def test_modules_of_different_text_are_apart_and_of_the_same_text_one():
    one, two = network.load_module("a = 1\n"), network.load_module("a = 2\n")
    assert (one.a, two.a) == (1, 2)
    assert network.load_module("a = 1\n") is one
    assert math.isfinite(one.a)

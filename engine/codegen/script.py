"""The training of a project as a script that a person would write: plain torch, the same numbers."""

from collections.abc import Iterator

from engine.analysis.effects import effects
from engine.analysis.library import Library, placed
from engine.analysis.planning import resting
from engine.codegen.source import Objective, Part, Source
from engine.codegen.text import Line, block, docstring, quoted
from engine.names import RESERVED, Names
from engine.options import FUSED, OPTIMIZERS, SCHEDULERS, Component
from engine.plan import Phase, phases
from engine.project import Project

MODEL, DATA, INITIAL, TRAINED = "model", "data.safetensors", "initial.safetensors", "trained.safetensors"
VALIDATION = "validation "
"""In the data file the validation samples of a column have this before its name."""


def training_script(project: Project, source: Source, *, has_initial: bool, skips_single: bool,
                    has_validation: bool) -> str:
    """The text of train.py, beside the emitted module as model.py.

    has_initial: weights do not begin as torch draws them, but are read from a file. skips_single: a last batch of one
    sample is left out. Augmentation, balance and bucketing are not part of it.
    """
    return "\n".join(_Script(project, source).lines(has_initial, skips_single, has_validation)) + "\n"


class _Script:
    def __init__(self, project: Project, source: Source) -> None:
        self._project, self._options, self._source, self._plan = project, project.options, source, phases(project)
        self._resting = resting(project)
        self._names = Names({*RESERVED, "data", "epoch", "rows", "step", "loss", "order", "networks", "batches",
                             "load_file", "save_file", "moved", "count", "validation", "weights", "own", "part",
                             "network", "name", "weight"})
        self._columns = {column: self._names.take(column, "variable", "values") for column in source.columns}
        self._parts = {part.name: self._names.take(part.name, "variable", "network") for part in source.parts}
        self._objectives = {graph: self._object(objective) for graph, objective in self._used().items()}
        self._optimizers = [self._named(phase, "optimizer") for phase in self._plan]
        self._schedulers = [self._named(phase, "scheduler") if SCHEDULERS[phase.scheduler.type].constructor else ""
                            for phase in self._plan]

    def lines(self, has_initial: bool, skips_single: bool, has_validation: bool) -> list[str]:
        moved, loop = [*self._moved()], [*self._loop(skips_single, has_validation)]
        batches = "count // BATCH_SIZE" if skips_single else "-(-count // BATCH_SIZE)"
        counted = [f"batches = {batches}"] if any("batches" in line for line in (*moved, *loop)) else []
        what = [self._source.network] if len(self._source.parts) == 1 else [p.network for p in self._source.parts]
        return [
            *docstring(f"Trains {', '.join(what)} with the numbers that Neuroloom gets.", 0, [
                f"{DATA} holds the prepared samples by column; {TRAINED} will hold the weights."]),
            "", "import torch", "from safetensors.torch import load_file, save_file", "",
            *block([Line(f"from {MODEL} import {', '.join(sorted(self._classes()))}")], 0), "",
            f"EPOCHS, BATCH_SIZE, SEED = {self._options['epochs']}, {self._options['batch_size']}, "
            f"{self._options['seed']}", "",
            f'data = load_file("{DATA}")',
            *(f"{variable} = data[{quoted(column)}]" for column, variable in self._columns.items()),
            f"count = len({next(iter(self._columns.values()))})", *counted, "",
            "torch.set_num_threads(1)", "torch.manual_seed(SEED)", *self._built(has_initial), "",
            *moved, "", *loop, "", *self._saved(),
        ]

    def _used(self) -> dict[str, Objective]:
        return {phase.objective: self._source.objectives[phase.objective] for phase in self._plan}

    def _object(self, objective: Objective) -> str:
        if objective.is_part:
            return self._parts[objective.part]
        return self._names.take(objective.objective, "variable", "objective")

    def _named(self, phase: Phase, what: str) -> str:
        return self._names.take(f"{phase.name} {what}" if len(self._plan) > 1 else what, "variable", what)

    def _classes(self) -> set[str]:
        return {part.network for part in self._source.parts} | {o.objective for o in self._used().values()}

    def _built(self, has_initial: bool) -> Iterator[str]:
        for part in self._source.parts:
            yield f"{self._parts[part.name]} = {part.network}({', '.join(self._parts[p] for p in part.parts)})"
        for graph, objective in self._used().items():
            if not objective.is_part:
                given = ", ".join(self._parts[part] for part in objective.parts)
                yield f"{self._objectives[graph]} = {objective.objective}({given})"
        if has_initial:
            yield f'weights = load_file("{INITIAL}")'
            if len(self._source.parts) == 1:
                yield f"{self._parts[self._source.part]}.load_state_dict(weights)"
                return
            yield from self._networks()
            yield "for part, network in networks.items():"
            yield "    own = {name: weight for name, weight in weights.items() if name.startswith(f\"{part}.\")}"
            yield "    own = {name.removeprefix(f\"{part}.\"): weight for name, weight in own.items()}"
            yield "    network.load_state_dict(own, strict=False)  # what it shares is loaded where it belongs"

    def _networks(self) -> list[str]:
        named = ", ".join(f"{quoted(name)}: {variable}" for name, variable in self._parts.items())
        return block([Line(f"networks = {{{named}}}")], 0)

    def _moved(self) -> Iterator[str]:
        """Optimizers and schedulers."""
        for phase, optimizer, scheduler in zip(self._plan, self._optimizers, self._schedulers, strict=True):
            groups = self._groups(phase)
            rate = float(phase.optimizer.params["lr"])
            made = f"{optimizer} = torch.optim.{OPTIMIZERS[phase.optimizer.type].constructor}("
            settings = _settings(phase.optimizer)
            if len(groups) == 1 and groups[0][0] == 1.0:
                yield from block([Line(f"{made}{groups[0][1]}, {settings})")], 0)
            else:
                yield f"{made}["
                for factor, weights in groups:
                    yield from block([Line(f'{{"params": {weights}, "lr": {rate * factor!r}}},')], 4)
                yield f"], {settings})"
            if scheduler:
                yield from block([Line(f"{scheduler} = {self._scheduler(phase, optimizer)}")], 0)

    def _groups(self, phase: Phase) -> list[tuple[float, str]]:
        """The weights that a phase moves, as expressions, by factor, the largest first."""
        if not phase.updates:
            return [(1.0, f"{self._objectives[phase.objective]}.parameters()")]
        found: dict[float, list[str]] = {}
        weights = effects(self._project, phase).weights
        for part in self._reached(self._source.objectives[phase.objective]):
            factors = {node: weights[part.graph, node].factor for node in self._source.modules[part.graph]
                       if (part.graph, node) in weights}
            if len(set(factors.values())) == 1 and not part.parts:
                found.setdefault(next(iter(factors.values())), []).append(f"{self._parts[part.name]}.parameters()")
                continue
            for node, factor in factors.items():
                found.setdefault(factor, []).append(self._weights(part, node))
        found.pop(0.0, None)
        return [(factor, moved[0] if len(moved) == 1 else f"[{', '.join(f'*{each}' for each in moved)}]")
                for factor, moved in sorted(found.items(), reverse=True)]

    def _weights(self, part: Part, node_id: str) -> str:
        """The weights of a node itself, as an expression: a Block's copies may hold networks that they share."""
        weights = f"{self._parts[part.name]}.{self._source.modules[part.graph][node_id]}.parameters()"
        graph = placed(self._project.graphs[part.graph].node(node_id))
        inside = Library(self._project.graphs).places(graph) if graph else ()
        shared = [f"*{self._parts[other.name]}.parameters()" for other in self._source.parts if other.graph in inside]
        return f"[weight for weight in {weights} if weight not in {{{', '.join(shared)}}}]" if shared else weights

    def _reached(self, objective: Objective) -> list[Part]:
        waiting, reached = [*objective.parts, *filter(None, (objective.part,))], set[str]()
        by_name = {part.name: part for part in self._source.parts}
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += by_name[name].parts
        return [part for part in self._source.parts if part.name in reached]

    def _modes(self, number: int) -> Iterator[str]:
        """Which networks learn in a phase and which rest, where that is not all the same; a network's mode is that of
        all it shares until it is said otherwise."""
        if any(self._resting):
            for part in reversed(self._source.parts):
                yield f"{self._parts[part.name]}.{'eval' if part.graph in self._resting[number] else 'train'}()"

    def _scheduler(self, phase: Phase, optimizer: str) -> str:
        spec = SCHEDULERS[phase.scheduler.type]
        derived = {"epochs": _epochs(phase), "total_steps": _counted(phase, "EPOCHS * batches")}
        factors = [factor for factor, _ in self._groups(phase)]
        params = dict(phase.scheduler.params)
        if "max_lr" in params and factors != [1.0]:
            params["max_lr"] = [params["max_lr"] * factor for factor in factors]
        given = [*(f"{name}={value!r}" for name, value in params.items()),
                 *(f"{name}={derived[source]}" for name, source in spec.derived.items())]
        return f"torch.optim.{spec.constructor}({', '.join((optimizer, *given))})"

    def _loop(self, skips_single: bool, has_validation: bool) -> Iterator[str]:
        counted = any(phase.every != 1 or phase.start or phase.stop for phase in self._plan)
        if counted:
            yield "step = 0"
        if all(phase.start for phase in self._plan):
            yield 'loss = torch.tensor(float("nan"))'
        yield "for epoch in range(EPOCHS):"
        yield "    order = torch.randperm(count, generator=torch.Generator().manual_seed(SEED * 1_000_003 + epoch))"
        rows = "order.split(BATCH_SIZE)" + ("[:batches]" if skips_single else "")
        yield f"    for rows in {rows}:"
        for number, phase in enumerate(self._plan):
            if number:
                yield ""
            yield from self._stepped(phase, number)
        if counted:
            yield "        step += 1"
        yield from self._ended(has_validation)

    def _stepped(self, phase: Phase, number: int) -> Iterator[str]:
        indent = 8
        if condition := _condition(phase):
            yield f"        if {condition}:"
            indent = 12
        margin = " " * indent
        yield from (f"{margin}{line}" for line in self._modes(number))
        objective, optimizer = self._used()[phase.objective], self._optimizers[number]
        given = [f"{self._columns[column]}[rows]" for column in objective.columns] or ["len(rows)"]
        yield from block([Line(f"loss, _ = {self._objectives[phase.objective]}({', '.join(given)})")], indent)
        yield f"{margin}{optimizer}.zero_grad()"
        yield f"{margin}loss.backward()"
        if phase.clip:
            yield f"{margin}moved = [weight for group in {optimizer}.param_groups for weight in group[\"params\"]]"
            yield f"{margin}torch.nn.utils.clip_grad_norm_(moved, {phase.clip!r})"
        yield f"{margin}{optimizer}.step()"
        if self._schedulers[number] and SCHEDULERS[phase.scheduler.type].per_step:
            yield f"{margin}{self._schedulers[number]}.step()"

    def _ended(self, has_validation: bool) -> Iterator[str]:
        """After each epoch: the validation loss, and schedulers that move then."""
        plateaus = [phase.objective for phase in self._plan if phase.scheduler.type == "ReduceOnPlateau"]
        losses = dict[str, str]()
        for graph in dict.fromkeys((self._plan[0].objective, *plateaus)) if has_validation else ():
            name = self._objectives[graph]
            losses[graph] = f"{name}_validation" if losses else "validation"
            given = [f"data[{quoted(VALIDATION + column)}]" for column in self._used()[graph].columns] or ["count"]
            yield from (f"    {name}.eval()", "    with torch.no_grad(), torch.random.fork_rng():")
            yield from block([Line(f"{losses[graph]}, _ = {name}({', '.join(given)})")], 8)
            yield f"    {name}.train()"
        told = ", validation {validation.item():.4f}" if has_validation else ""
        yield f'    print(f"epoch {{epoch + 1}}: loss {{loss.item():.4f}}{told}")'
        for phase, scheduler in zip(self._plan, self._schedulers, strict=True):
            if scheduler and not SCHEDULERS[phase.scheduler.type].per_step:
                conditions = [*([f"step > {phase.start}"] if phase.start else ()),
                              *([f"step - batches < {phase.stop}"] if phase.stop else ())]
                margin = " " * 8 if conditions else " " * 4
                if conditions:
                    yield f"    if {' and '.join(conditions)}:"
                is_plateau = phase.scheduler.type == "ReduceOnPlateau"
                read = losses.get(phase.objective, "loss.item()") if is_plateau else ""
                yield f"{margin}{scheduler}.step({read})"

    def _saved(self) -> Iterator[str]:
        if len(self._source.parts) == 1:
            yield f'save_file({self._parts[self._source.part]}.state_dict(), "{TRAINED}")'
            return
        yield from self._networks()
        yield "save_file({f\"{part}.{name}\": weight.clone() for part, network in networks.items()"
        yield f'           for name, weight in network.state_dict().items()}}, "{TRAINED}")'


def _counted(phase: Phase, steps: str) -> str:
    """In how many of so many steps a phase is used, as an expression; 1 for one that begins too late."""
    if phase.every == 1 and not phase.start and not phase.stop:
        return steps
    last = f"min({phase.stop}, {steps})" if phase.stop else steps
    counted = f"len(range({phase.start}, {last}, {phase.every}))"
    return f"max(1, {counted})" if phase.start else counted


def _epochs(phase: Phase) -> str:
    """In how many epochs a phase is used, as an expression."""
    last = f"min(EPOCHS, -(-{phase.stop} // batches))" if phase.stop else "EPOCHS"
    return f"{last} - {phase.start} // batches" if phase.start else last


def _condition(phase: Phase) -> str:
    parts = []
    if phase.start and phase.stop:
        parts.append(f"{phase.start} <= step < {phase.stop}")
    elif phase.start:
        parts.append(f"step >= {phase.start}")
    elif phase.stop:
        parts.append(f"step < {phase.stop}")
    if phase.every != 1:
        counted = f"(step - {phase.start})" if phase.start else "step"
        parts.append(f"{counted} % {phase.every} == 0")
    return " and ".join(parts)


def _settings(component: Component) -> str:
    """An optimizer's settings as torch takes them."""
    defaults = {param.name: param.default for param in OPTIMIZERS[component.type].params}
    params = {name: value for name, value in component.params.items() if name == "lr" or value != defaults[name]}
    if "beta1" in params or "beta2" in params:
        params.pop("beta1", None)
        params.pop("beta2", None)
        params["betas"] = (component.params["beta1"], component.params["beta2"])
    if component.type in FUSED:
        params["fused"] = True
    return ", ".join(f"{name}={value!r}" for name, value in params.items())

"""Plan of the runs: their names, settings and presets, and the file that remembers them.

`plan.json` has the settings that each run began with. Results belong to settings: a run whose settings have changed
since is refused, not continued.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from .._files import MAX_TEXT, read_bounded
from .._json import decode_json
from .._storage import write_atomically
from ..bundles.run_folder import SCORES, is_run
from ..datasets.spec import MAX_SHARE, parse_spec
from ..errors import ConfigurationError, UsageError
from ..networks.presets import is_layout, load_reading_preset, preset_text
from ..training.layout.initial_weights import default_preset_of
from ..training.settings import training_settings
from .schema import Base, Experiments, Table, flat, merged, nested, parsed, read_toml

PLAN = "plan.json"
FREE = frozenset({"workers"})  # settings without influence on the result
PRESET_TABLES = ("preprocessing", "network", "training")
RESERVED = {PLAN, "presets", "logs", "reports", "results.tsv", "results.json", "curves.png"}  # beside the runs
MAX_RUNS = 1000
MAX_VALUE = 24  # characters of a value in a name


@dataclass(frozen=True)
class PlannedRun:
    """A run to train. folder: its output. preset: the whole table. is_changed: it is not the preset by that name."""

    name: str
    folder: Path
    settings: Base
    device: str
    preset_name: str
    preset: Table
    is_changed: bool

    @property
    def data(self) -> list[str]:
        """Specs of the training data."""
        return as_list(self.settings.data)

    @property
    def is_done(self) -> bool:
        """Test whether the run is complete: training writes its score card last."""
        return is_run(self.folder) and (self.folder / SCORES).is_file()

    @property
    def preset_file(self) -> Path:
        """The file of a changed preset."""
        return self.folder.parent / "presets" / f"{self.name}.toml"

    def record(self) -> Table:
        """Return all that the result depends on, by dotted keys."""
        options = {key: value for key, value in msgspec.to_builtins(self.settings).items() if key not in PRESET_TABLES}
        options |= {"data": self.data, "device": self.device, "preset": self.preset_name}
        return {key: value for key, value in flat(merged(self.preset, options)).items() if key not in FREE}

    def arguments(self) -> list[str]:
        """Return the arguments of `train`, but for the threads."""
        chosen = self.settings
        found = ["--output", str(self.folder), "--resume", "--device", self.device, "--validation", chosen.validation]
        found += ["--config", str(self.preset_file if self.is_changed else self.preset_name)]
        found += [word for spec in self.data for word in ("--data", spec)]
        for key in ("seed", "engine", "precision", "workers", "budget", "init", "alphabet", "unfit"):
            if (value := getattr(chosen, key)) is not None:
                found += [
                    f"--{key}",
                    f"{value}s" if isinstance(value, (int, float)) and key == "budget" else str(value),
                ]
        return found

    def command(self) -> str:
        """Return the command that trains the run alone."""
        return f"gluon-htr train {shlex.join(self.arguments())}"


def make_plan(experiments: Experiments, output: Path, device: str, fraction: float = 1.0) -> list[PlannedRun]:
    """Make the runs in the order of the file: each variant with each combination of the grid.

    device: `cpu` or `gpu:0`. fraction: share of the training data that is used. Raises `ConfigurationError` or
    `SpecError` if the file has no such plan; `prepare` finds what is wrong with one run.
    """
    if not 0 < fraction <= 1:
        raise UsageError(f"--subsample-fraction takes a number above 0 and at most 1, not {fraction}")
    points = _points(experiments.grid)
    names = [
        (",".join(filter(None, (variant, name))) or "base", table, values)
        for variant, table in (experiments.variants or {"": {}}).items()
        for name, values in points
    ]
    if len(names) > MAX_RUNS:
        raise ConfigurationError(f"these are {len(names)} runs, and {MAX_RUNS} at most can be compared")
    twice = [name for name, count in Counter(name.casefold() for name, _, _ in names).items() if count > 1]
    if twice:
        raise ConfigurationError(f"two runs would have the name {twice[0]!r}: give the variants other names")
    if reserved := [name for name, _, _ in names if name.casefold() in RESERVED]:
        raise ConfigurationError(f"a run cannot be named {reserved[0]!r}: that is a file of sweep")
    return [
        _planned(name, merged(merged(experiments.base, table), nested(values)), output, device, fraction)
        for name, table, values in names
    ]


def _points(grid: dict[str, list[Any]]) -> list[tuple[str, Table]]:
    """Return the name and the values of each combination."""
    last = Counter(key.rpartition(".")[2] for key in grid)
    words = []
    for key, values in grid.items():
        short = key.rpartition(".")[2]
        label = short if last[short] == 1 else key
        shown = [re.sub(r"[^\w.+-]+", "-", str(value)).strip("-.") for value in values]
        if any(len(text) > MAX_VALUE or not text for text in shown) or len({*map(str.casefold, shown)}) < len(shown):
            shown = [f"{number}" for number in range(1, len(values) + 1)]  # the place in the list
        words.append([(f"{label}={text}", key, value) for text, value in zip(shown, values)])
    return [
        (",".join(text for text, _, _ in point), {key: value for _, key, value in point}) for point in product(*words)
    ]


def _planned(name: str, table: Table, output: Path, device: str, fraction: float) -> PlannedRun:
    where = f"run {name}"
    settings = parsed(table, Base, where)
    assert isinstance(settings, Base)
    if not settings.data:
        raise ConfigurationError(f"{where} has no data: name the training data in [base]")
    data = [subsampled(spec, fraction) for spec in as_list(settings.data)]
    parse_spec(settings.validation)
    preset_name = settings.preset or default_preset_of(settings.init)
    preset = read_toml(preset_text(preset_name), preset_name)
    changed = merged(preset, {key: getattr(settings, key) for key in PRESET_TABLES if getattr(settings, key)})
    settings = msgspec.structs.replace(settings, data=data)
    return PlannedRun(name, output / name, settings, device, preset_name, changed, changed != preset)


def prepare(run: PlannedRun) -> None:
    """Write the preset of a run that changes it. Raises `UsageError` for settings that cannot be trained."""
    import tomli_w

    for spec in run.data:
        parse_spec(spec)
    if run.device != "cpu" and run.settings.engine != "torch":
        raise ConfigurationError(f'the engine mxnet trains on the cpu: set engine = "torch" for {run.device}')
    if run.is_changed:
        write_atomically(run.preset_file, tomli_w.dumps(run.preset).encode())
    name = str(run.preset_file) if run.is_changed else run.preset_name
    if is_layout(name):
        raise ConfigurationError(f"{name} finds the lines of pages, and sweep compares recognizers")
    training_settings(load_reading_preset(name), name)


def subsampled(spec: str, fraction: float) -> str:
    """Return the spec of a part of the samples of another: its share is multiplied."""
    share = parse_spec(spec).share * fraction
    if fraction == 1:
        return spec
    text = re.sub(r"\*[0-9.]+$", "", spec)
    return f"{text}*{min(share, MAX_SHARE):.10f}".rstrip("0").rstrip(".")


def as_list(data: str | Sequence[str] | None) -> list[str]:
    """Return specs as a list."""
    return [data] if isinstance(data, str) else list(data or ())


class Entry(msgspec.Struct):
    """A run in the plan's file. failed: the last message of the training. tracked: trackers that have its log."""

    settings: Table
    failed: str | None = None
    tracked: list[str] = []


class _Plan(msgspec.Struct):
    runs: dict[str, Entry]


class PlanFile:
    """The file of the plan. refused: runs that began with other settings, with the difference in words."""

    def __init__(self, output: Path, runs: Sequence[PlannedRun]) -> None:
        """Read the file and bring it up to date. Raises `ConfigurationError` if it is damaged."""
        self._path = output / PLAN
        self.entries: dict[str, Entry] = {}
        self.refused: dict[str, str] = {}
        if self._path.is_file():
            where = f"{self._path} is damaged: remove {output}, or use another --output"
            self.entries = decode_json(read_bounded(self._path, MAX_TEXT), _Plan, where, ConfigurationError).runs
        for run in runs:
            began = self.entries.get(run.name)
            record = _as_json(run.record())
            if began is None and is_run(run.folder):
                self.refused[run.name] = f"{run.folder} is a run of another command: remove it, or use another --output"
            elif began is None or (began.settings != record and not is_run(run.folder)):
                self.entries[run.name] = Entry(record)
            elif began.settings != record:
                change = _difference(began.settings, record)
                self.refused[run.name] = (
                    f"began with {change}: restore it, give the run another name, or remove {run.folder}"
                )
        self.save()

    def save(self) -> None:
        """Write the file."""
        write_atomically(self._path, msgspec.json.format(msgspec.json.encode(_Plan(self.entries))) + b"\n")


def _as_json(table: Table) -> Table:
    """Return a table as it is read back from JSON; TOML has dates, too."""
    return dict(msgspec.json.decode(msgspec.json.encode(table)))


def _difference(then: Table, now: Table) -> str:
    keys = [*then, *(key for key in now if key not in then)]
    changed = [key for key in keys if then.get(key) != now.get(key)]
    more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
    return f"{changed[0]} {_shown(then.get(changed[0]))}, not {_shown(now.get(changed[0]))}{more}"


def _shown(value: object) -> str:
    return "unset" if value is None else f"{value!r:.80}"

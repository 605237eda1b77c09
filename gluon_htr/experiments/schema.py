"""File of experiments: what all runs share, and in what they differ.

    [base]                          options of `train`, and tables of the preset
    preset = "words"
    data = "iam-words:data/iam?split=train"
    validation = "iam-words:data/iam?split=validation"
    training.epochs = 20

    [variants.wide]                 a run for each table, named after it
    network.encoder.hidden = 256

    [grid]                          a run for each combination of the values, of each variant
    seed = [0, 1]
    training.schedule.rate = [0.001, 0.003]

Tables are merged key by key: grid over variant over base over preset. Other values, and lists, are replaced.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec

from .._text_files import read_text
from ..errors import ConfigurationError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Table = dict[str, Any]
#: Names of runs are names of folders, on every system.
NAME = re.compile(r"[\w][\w.,=+-]{0,99}")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings of a run; those that are None are left to `train`."""

    #: Name of a preset, or path of a TOML file.
    preset: str | None = None
    #: Specs of the training data: one, or a list.
    data: str | list[str] | None = None
    seed: int | None = None
    engine: Literal["mxnet", "torch"] | None = None
    precision: Literal["float32", "bfloat16", "auto"] | None = None
    workers: int | None = None
    #: Seconds, or a time such as "90m".
    budget: int | float | str | None = None
    init: str | None = None
    #: Path of an alphabet.json.
    alphabet: str | None = None
    unfit: Literal["skip", "refuse"] | None = None
    #: Changes of the preset's tables.
    preprocessing: Table = {}
    network: Table = {}
    training: Table = {}


class Base(Settings, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Settings of all runs. The validation data is of all: runs are compared on it."""

    validation: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    base: Table
    variants: dict[str, Table] = {}
    grid: Table = {}


class Experiments(msgspec.Struct, frozen=True):
    """A parsed file of experiments. variants: tables as they are in the file. grid: dotted key → values."""

    base: Table
    variants: dict[str, Table]
    grid: dict[str, list[Any]]


def load_experiments(path: Path) -> Experiments:
    """Read a file of experiments. Raises `ConfigurationError` with file, key and expected type."""
    try:
        text = read_text(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}): give a TOML file") from None
    try:
        content = msgspec.convert(read_toml(text, str(path)), _File)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    parsed(content.base, Base, f"{path}: [base]")
    for name, table in content.variants.items():
        if not NAME.fullmatch(name):
            raise ConfigurationError(f"{path}: variant {name!r}: names have letters, digits and . , = + - _ only")
        parsed(table, Settings, f"{path}: [variants.{name}]")
    grid = flat(content.grid)
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            raise ConfigurationError(f"{path}: [grid] {key} must be a list of values")
        for value in values:
            parsed(nested({key: value}), Settings, f"{path}: [grid] {key}")
    return Experiments(content.base, content.variants, grid)


def read_toml(text: str, where: str) -> Table:
    """Parse TOML. Raises `ConfigurationError`."""
    try:
        return dict(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{where} is not valid TOML: {error}") from None


def parsed(table: Table, kind: type[Settings], where: str) -> Settings:
    """Check a table of settings. Raises `ConfigurationError`."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {error}".replace("`$.", "`")) from None


def merged(below: Table, above: Table) -> Table:
    """Merge two tables, key by key and table by table; the one above goes first."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def flat(table: Table, before: str = "") -> Table:
    """Return the values of nested tables by their dotted keys."""
    found: Table = {}
    for key, value in table.items():
        found |= flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return found


def nested(values: Table) -> Table:
    """Return nested tables of values with dotted keys; the opposite of `flat`."""
    result: Table = {}
    for dotted, value in values.items():
        *parents, key = dotted.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        place[key] = value
    return result

"""Presets by name: the TOML files in `presets/`, or a file of the user by its path."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import msgspec

from .._text_files import read_text
from ..errors import ConfigurationError
from .character_configuration import CharacterPreset, Mlp
from .configuration import Convolution, Preset, Task
from .layout_configuration import LayoutPreset

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")
PRESET = "preset.toml"  # its file beside an exported pair that was initialized for training elsewhere


def preset_names() -> list[str]:
    """Return the names of the presets of recognizers of lines and words that ship, sorted."""
    return [name for name in _all_names() if _task(name) not in ("layout", "characters")]


def layout_preset_names() -> list[str]:
    """Return the names of the presets that find the lines of pages, sorted."""
    return [name for name in _all_names() if is_layout(name)]


def reading_preset_names() -> list[str]:
    """Return the names of the presets that read: lines, words and characters, sorted."""
    return [name for name in _all_names() if not is_layout(name)]


def is_layout(name_or_path: str | Path) -> bool:
    """Test whether a preset is of the task `layout`. Raises `ConfigurationError` if there is no such preset."""
    return _task(name_or_path) == "layout"


def is_characters(name_or_path: str | Path) -> bool:
    """Test whether a preset is of the task `characters`. Raises `ConfigurationError` if there is no such preset."""
    return _task(name_or_path) == "characters"


def _task(name_or_path: str | Path) -> Task | None:
    """Return the task that a preset names, before its file is checked."""
    found = re.search(r'^task *= *["\'](\w+)["\']', preset_text(name_or_path), re.MULTILINE)
    return found[1] if found else None  # type: ignore[return-value]


def _all_names() -> list[str]:
    return sorted(entry.name[:-5] for entry in _folder().iterdir() if entry.name.endswith(".toml"))


def preset_text(name_or_path: str | Path) -> str:
    """Return the TOML text of a preset. Raises `ConfigurationError` if there is none."""
    name = str(name_or_path)
    if name in _all_names():
        return _folder().joinpath(f"{name}.toml").read_text("utf-8")
    try:
        return read_text(name)
    except FileNotFoundError:
        known = ", ".join(_all_names())
        raise ConfigurationError(f"{name} is neither a preset nor a file; the presets are {known}") from None
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read as a preset ({error.strerror}): give a TOML file") from None


def load_preset(name_or_path: str | Path) -> Preset:
    """Load and check the preset of a recognizer. Raises `ConfigurationError` with file, key and expected type."""
    if is_layout(name_or_path):
        raise ConfigurationError(f"{name_or_path} finds the lines of pages: here a preset that reads lines is needed")
    if is_characters(name_or_path):
        raise ConfigurationError(f"{name_or_path} reads single characters: here a preset that reads lines is needed")
    return parse_preset(preset_text(name_or_path), where=str(name_or_path))


def load_reading_preset(name_or_path: str | Path) -> Preset | CharacterPreset:
    """Load and check a preset of lines, words or characters. Raises `ConfigurationError`."""
    return load_character_preset(name_or_path) if is_characters(name_or_path) else load_preset(name_or_path)


def load_character_preset(name_or_path: str | Path) -> CharacterPreset:
    """Load and check a preset of the task `characters`. Raises `ConfigurationError`."""
    preset = _parse(preset_text(name_or_path), str(name_or_path), CharacterPreset)
    if preset.preprocessing.mode != "character":
        raise ConfigurationError(f'{name_or_path}: preprocessing.rule must be "character" for single characters')
    if not isinstance(preset.network, Mlp):
        _check_stages(preset.network.stages, preset.preprocessing.height, f"{name_or_path}: network.stages")
    return preset


def load_layout_preset(name_or_path: str | Path) -> LayoutPreset:
    """Load and check a preset of the task `layout`. Raises `ConfigurationError`."""
    return _parse(preset_text(name_or_path), str(name_or_path), LayoutPreset)


def parse_preset(text: str, where: str) -> Preset:
    """Parse TOML to a preset; `where` names the file in errors. Raises `ConfigurationError`."""
    preset = _parse(text, where, Preset)
    _check(preset, where)
    return preset


def _parse(text: str, where: str, kind: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(text), kind)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{where} is not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {_in_toml_words(str(error))}") from None


def _check(preset: Preset, where: str) -> None:
    """Check constraints between several keys."""
    network, shape = preset.network, preset.preprocessing
    if shape.mode == "character" or preset.task == "characters":
        raise ConfigurationError(f'{where}: the rule "character" is for presets with task = "characters"')
    width, key = (shape.width, "width") if shape.mode == "box" else (shape.width_multiple, "width_multiple")
    if width % network.step_width:
        raise ConfigurationError(
            f"{where}: preprocessing.{key} is {width}, but must be a multiple of {network.step_width}, "
            "the pixels that make one time step of this network"
        )
    if isinstance(network.featurizer, str):
        if not network.featurizer.startswith("gluoncv:"):
            raise ConfigurationError(
                f"{where}: network.featurizer is {network.featurizer!r}; "
                "give [[network.featurizer]] tables or 'gluoncv:NAME'"
            )
        return
    if not network.featurizer:
        raise ConfigurationError(f"{where}: network.featurizer has no stage; give at least one [[network.featurizer]]")
    _check_stages(network.featurizer, shape.height, f"{where}: network.featurizer")


def _check_stages(stages: Sequence[Convolution], height: int, where: str) -> None:
    """Check that what is added in residual stages has one size, and that no kernel is higher than the map it sees.

    height: pixels of the input.
    """
    channels = 1
    for number, stage in enumerate(stages, 1):
        if stage.residual and (stage.channels != channels or stage.stride != (1, 1)):
            raise ConfigurationError(
                f"{where} stage {number} is residual: it needs {channels} channels, "
                "as the stage before it, and a stride of [1, 1]"
            )
        channels = stage.channels
        span = (stage.kernel[0] - 1) * stage.dilation[0] + 1
        if not stage.pad_height and (span > height or stage.residual):
            raise ConfigurationError(
                f"{where} stage {number} has no padding above and below: its kernel must not be higher than the map of "
                f"{height} pixels, and nothing can be added to it"
            )
        padded = height + (stage.kernel[0] // 2 * stage.dilation[0] * 2 if stage.pad_height else 0)
        height = ((padded - span) // stage.stride[0] + 1) // (stage.pool[0] if stage.pool else 1)


def _in_toml_words(message: str) -> str:
    """Rewrite the path of a message of msgspec as TOML users write it: `$.network.columns` → `network.columns`."""
    return message.replace("`$.", "`").replace("`$`", "the top of the file")


def _folder():  # type: ignore[no-untyped-def]
    return files(__package__) / "presets"

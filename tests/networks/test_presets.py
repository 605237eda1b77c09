"""What a user gets from a preset's file, right or wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from gluon_htr.errors import ConfigurationError
from gluon_htr.networks.presets import load_preset, parse_preset, preset_names, preset_text


def test_the_presets_that_documents_name_are_there() -> None:
    """A command of the README would fail."""
    assert {"notebook", "words", "lines", "digits", "crnn"} <= set(preset_names())


def test_a_preset_of_ones_own_is_read_from_its_path(tmp_path: Path) -> None:
    """Users could not train a network of their own."""
    own = tmp_path / "own.toml"
    own.write_text(preset_text("notebook").replace("hidden = 200", "hidden = 64"))
    assert load_preset(own).network.encoder.hidden == 64  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("columns = 2", 'columns = "two"'), ["own.toml", "network.columns", "int", "str"]),
        (("columns = 2", "colums = 2"), ["own.toml", "colums", "network"]),
        (("columns = 2", "columns = 0"), ["own.toml", "network.columns", ">= 1"]),
        (("columns = 2", "columns = 3"), ["own.toml", "preprocessing.width", "128", "multiple of 6"]),
        (("hidden = 200", f"hidden = {'9' * 18}"), ["own.toml", "network.encoder.hidden", "<= 16384"]),
        (("hidden = 200", f"hidden = {'9' * 21}"), ["own.toml", "network.encoder.hidden"]),
        (("dropout = 0.5", "dropout = nan"), ["own.toml", "network.dropout"]),
        (("dropout = 0.5", "dropout = 1.5"), ["own.toml", "network.dropout"]),
        (('kind = "lstm"', 'kind = "gru"'), ["own.toml", "network.encoder", "gru"]),
        (("[network]", "[network"), ["own.toml", "TOML"]),
        (('norm = "none"', 'norm = "none"\nresidual = true\nchannels = 7'), ["own.toml", "TOML"]),
        (("channels = 32", "channels = 32\nresidual = true"), ["own.toml", "stage 1", "residual"]),
    ],
)
def test_a_mistake_is_named_with_file_and_key(change: tuple[str, str], words: list[str]) -> None:
    """The user would not find the line to correct."""
    with pytest.raises(ConfigurationError) as caught:
        parse_preset(preset_text("notebook").replace(*change, 1), where="own.toml")
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("change", ["kernel = [15, 13]", "kernel = [14, 13]\nresidual = true\nchannels = 64"])
def test_a_window_higher_than_the_map_is_named(change: str) -> None:
    """Training would end with a message of the engine's C++ part, after the data were loaded."""
    text = preset_text("line-lstm")
    if "residual" in change:
        text = text.replace("channels = 128\n", "").replace("stride = [1, 2]\n", "")
    with pytest.raises(ConfigurationError, match=r"stage 3 has no padding above and below: .* the map of 14 pixels"):
        parse_preset(text.replace("kernel = [14, 13]", change), where="own.toml")


def test_an_unknown_name_lists_the_known_ones() -> None:
    """The user would not know what to type instead."""
    with pytest.raises(ConfigurationError, match=r"wrods.*lines.*notebook.*words"):
        load_preset("wrods")

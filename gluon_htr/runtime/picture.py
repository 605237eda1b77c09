"""Recognitions in notebooks: the picture that was read, and each character below the place where it stands."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

import numpy as np
from PIL import Image

from ..errors import HtrError
from ..images.decoding import ImageLike, decode

WIDTH = 960  # pixels on the screen, at most
HEIGHT = 120
UNCERTAIN = 0.8  # confidence below which a character is marked


@dataclass(frozen=True)
class Picture:
    """The source of an image, which is decoded again when it is shown. frame: as for `decode`."""

    source: ImageLike
    frame: int | None = None


class _Character(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def left(self) -> float: ...
    @property
    def right(self) -> float: ...


def to_html(text: str, confidence: float, characters: Sequence[_Character], picture: Picture | None) -> str:
    """Return HTML of a recognition; without the picture if it cannot be decoded any more, such as a file that was
    removed.
    """
    caption = f"<div><b>{escape(text) or 'no text'}</b> ({confidence:.0%})</div>"
    shown = _decoded(picture)
    if shown is None:
        return caption
    height, width = shown.shape
    zoom = min(WIDTH / width, HEIGHT / height, 1.0)
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    image = f'<img src="{_data_url(shown, size)}" width="{size[0]}" height="{size[1]}" alt="{escape(text)}">'
    letters = "".join(_letter(character, zoom) for character in characters)
    row = f'<div style="position:relative;height:1.5em;width:{size[0]}px">{letters}</div>'
    return f"<div>{image}{row}{caption}</div>"


def _letter(character: _Character, zoom: float) -> str:
    middle = (character.left + character.right) / 2 * zoom
    color = "inherit" if character.confidence >= UNCERTAIN else "#c00"
    style = f"position:absolute;left:{middle:.1f}px;transform:translateX(-50%);color:{color}"
    return f'<span style="{style}" title="{character.confidence:.0%}">{escape(character.text)}</span>'


def _decoded(picture: Picture | None) -> np.ndarray | None:
    try:
        return None if picture is None else decode(picture.source, picture.frame)
    except HtrError:
        return None


def _data_url(pixels: np.ndarray, size: tuple[int, int]) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BOX).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"

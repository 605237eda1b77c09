"""The blank font."""

from __future__ import annotations

import io

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from gluon_htr.pages.formats.glyphless import ADVANCE, font_file


def build() -> TTFont:
    """The font whose bytes are in the module. Its glyph has two points: a box, but no area."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, -200))
    pen.lineTo((500, 800))
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "blank"])
    builder.setupCharacterMap({0x20: "blank"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "blank": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "blank": (500, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Glyphless", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False
    return builder.font


def test_the_font_is_what_this_file_builds() -> None:
    """Nobody could tell where bytes in our code are from."""
    found, built = TTFont(io.BytesIO(font_file())), build()
    assert found.getGlyphOrder() == built.getGlyphOrder()
    assert found["hmtx"]["blank"] == built["hmtx"]["blank"] == (round(1000 * ADVANCE), 0)
    coordinates = list(found["glyf"]["blank"].coordinates)
    assert coordinates == list(built["glyf"]["blank"].coordinates) == [(0, -200), (500, 800)]

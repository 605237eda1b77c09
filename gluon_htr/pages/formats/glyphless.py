"""A font for invisible text: every character is the same blank glyph, and a ToUnicode map says which character it is.

It writes any Unicode text, also beyond the Basic Multilingual Plane. PDF 1.7 (ISO 32000-1), sections 9.7 and 9.10.3.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

ADVANCE = 0.5  # width of every character, in the size of the font
_ASCENT, _DESCENT = 800, -200  # in thousandths of the size
_NAME = "/AAAAAA+Glyphless"
#: TrueType, 612 bytes: `.notdef` and one blank glyph. tests/pages/formats/test_glyphless.py builds it.
_FONT = (
    b"c-n<hJxc>Y5Pf@lQDa0!G_8kNScrm1NFi86Nuvny2k06vIq)tyatS1zWlH~mosD2&Z)=f4|AHV`SZH?^R_D8qgv1EWG9PbtcIWM|"
    b"5CEoe2?^uqcyntXg?m7(F?(8el#3a7#8<@IRl8I9IDGjgej?6VraD)dLZ0y*HD@uA%8CufZ`4)GX|{#W2%<|fVb{wFnFv3I*img4"
    b"Iv2zgu~AcwdE32NCJxV6+`89vs@^l89T2Z0<VxLpxc)qu+xdc&?--LHFMMe*kkFD8&qyO6&xDO1-83vB%4l5ijy86!6h5br3fcZE"
    b"Be(BT!q>rwIgnfLSH00^Hs~#>i?ky0dRP%nD#S(*#5Q;x>XeE5Ca-6-B!u7V4@gHYsTD{M7;2a#Vi!Hl%mU_<Si>w<igw4fY}4~f"
    b"X0>Ij28yuJfeVY?<gf5hqOYPwtkC##YNNt^p{34jRlE2BFL_Uk"
)
_TO_UNICODE = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{ranges}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


class CharacterCodes:
    """Codes of the characters of a page: two bytes each, counted from 1."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, text: str) -> str:
        """Return the codes of a text in hexadecimal."""
        return "".join(f"{self._codes.setdefault(character, len(self._codes) + 1):04X}" for character in text)

    def __len__(self) -> int:
        return len(self._codes)

    def to_unicode(self) -> bytes:
        """Return the CMap from codes to characters. A block has at most 100 entries."""
        rows = [f"<{code:04X}> <{_utf16(character)}>" for character, code in self._codes.items()]
        blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
        ranges = (f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
        return _TO_UNICODE.format(ranges="\n".join(ranges)).encode("ascii")


def font_file() -> bytes:
    """Return the TrueType font."""
    return zlib.decompress(base64.b85decode(_FONT))


def add_font_file(pdf: Any) -> Any:
    """Add the description of the font, which its pages share, to a document of pikepdf."""
    import pikepdf

    font = font_file()
    descriptor = pikepdf.Dictionary(
        Type=pikepdf.Name.FontDescriptor,
        FontName=pikepdf.Name(_NAME),
        Flags=5,  # fixed pitch, symbolic
        FontBBox=[0, _DESCENT, 500, _ASCENT],
        ItalicAngle=0,
        Ascent=_ASCENT,
        Descent=_DESCENT,
        CapHeight=_ASCENT,
        StemV=80,
        FontFile2=pdf.make_stream(font, Length1=len(font)),
    )
    return pdf.make_indirect(descriptor)


def page_font(pdf: Any, codes: CharacterCodes, descriptor: Any) -> Any:
    """Make the font of a page, for the characters that it has."""
    import pikepdf

    glyphs = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.CIDFontType2,
        BaseFont=pikepdf.Name(_NAME),
        CIDSystemInfo=pikepdf.Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
        FontDescriptor=descriptor,
        DW=round(1000 * ADVANCE),
        CIDToGIDMap=pdf.make_stream(b"\0\0" + b"\0\1" * len(codes)),
    )
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type0,
        BaseFont=pikepdf.Name(_NAME),
        Encoding=pikepdf.Name("/Identity-H"),
        DescendantFonts=[pdf.make_indirect(glyphs)],
        ToUnicode=pdf.make_stream(codes.to_unicode()),
    )
    return pdf.make_indirect(font)


def _utf16(character: str) -> str:
    return character.encode("utf-16-be").hex().upper()

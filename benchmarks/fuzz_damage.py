"""Damage of files, for `fuzz.py`: what a stranger, a broken disk or a torn download makes of them."""

from __future__ import annotations

import hashlib
import json
import random
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from gluon_htr.ngrams.files import HEAD

NUMBERS = ("-1", "0", "1", "65536", "99999999999999999999", "1e309", "NaN", "1.5", "")
STRINGS = ("", "\0", "\u202e", "é" * 1000, "../../etc/passwd", "/", "x" * 100_000, "\ud7ff", "a\tb\nc", "%s{0}", "¼")


def damaged(content: bytes, chance: random.Random, is_text: bool) -> bytes:
    """Return a file with one kind of damage: cut, inserted, repeated, overwritten; for texts mostly of their parts."""
    if is_text and chance.random() < 0.7:
        return _damaged_text(content, chance)
    changed, kind = bytearray(content), chance.random()
    place, size = chance.randrange(len(changed) + 1), chance.randrange(1, 60)
    if kind < 0.15:
        return bytes(changed[:place])
    if kind < 0.25:
        return bytes(changed[:place] + chance.randbytes(size) + changed[place:])
    if kind < 0.35:
        return bytes(changed[:place] + changed[place + size :])
    if kind < 0.4:
        return bytes(changed[:place] + changed[max(0, place - 1000) :])
    early = chance.random() < 0.6  # headers are where damage matters
    for _ in range(chance.choice((1, 1, 2, 5, 20)) if changed else 0):
        at = chance.randrange(min(80, len(changed)) if early else len(changed))
        changed[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(changed)


def _damaged_text(content: bytes, chance: random.Random) -> bytes:
    text = content.decode("utf-8", "surrogateescape")
    pattern, instead = chance.choice(
        (
            (r"-?\d+(\.\d+)?", NUMBERS),
            (r'"[^"]*"', tuple(f'"{string}"' for string in STRINGS)),
            (r"[\w.]+", STRINGS),
            (r"</?[\w:]+[^>]*>", ("", "<a>", "<!DOCTYPE x [<!ENTITY a 'aaaa'>]>", "<![CDATA[", "&a;")),
            (r"[^\n]*\n", ("", "\n", "#\n", "[]\n", "{}\n")),
        )
    )
    found = list(re.finditer(pattern, text))
    if found:
        match = chance.choice(found)
        text = text[: match.start()] + chance.choice(instead) + text[match.end() :]
    return text.encode("utf-8", "surrogateescape")


def damage_folder(folder: Path, chance: random.Random, only: Sequence[str]) -> None:
    """Damage one of the files that fit one of these patterns, or now and then remove it."""
    files = sorted(path for pattern in only for path in folder.glob(pattern) if path.is_file())
    path = chance.choice(files)
    if chance.random() < 0.05:
        path.unlink()
    else:
        is_text = path.suffix in (".xml", ".json", ".jsonl", ".toml", ".tsv", ".txt")
        path.write_bytes(damaged(path.read_bytes(), chance, is_text))


def damage_bundle(path: Path, chance: random.Random) -> None:
    """Damage the archive, or a file in it as somebody does who knows how to make the hashes fit."""
    if chance.random() < 0.4:
        path.write_bytes(damaged(path.read_bytes(), chance, False))
        return
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([*files, "bundle.json", "bundle.json"])
    files[name] = damaged(files[name], chance, name.endswith(".json"))
    if name != "bundle.json":
        about = json.loads(files["bundle.json"])
        about["files"] = {
            each: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for each, content in files.items()
            if each != "bundle.json"
        }
        files["bundle.json"] = json.dumps(about).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in files.items():
            archive.writestr(each, content)


def damage_language(path: Path, chance: random.Random) -> None:
    """Damage a language model; mostly make its checksums fit again, as a stranger would."""
    content = damaged(path.read_bytes(), chance, False)
    if len(content) > HEAD.size and chance.random() < 0.7:
        magic, size, *_ = HEAD.unpack_from(content)
        header, body = content[HEAD.size : HEAD.size + size], content[HEAD.size + size :]
        content = HEAD.pack(magic, size, zlib.crc32(header), zlib.crc32(body)) + header + body
    path.write_bytes(content)

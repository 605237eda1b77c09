"""A folder in which commands of the documents find what they name: small drawn data, and models that ship."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
from characters import write_emnist
from drawn_pages import draw_page, write_pages
from PIL import Image
from support import PROJECT, write_tar
from written_lines import Line, draw_line, write_list

SHIPPED = PROJECT / "gluon_htr" / "bundles" / "shipped"
WORDS = ("abc", "Read", "aloud", "letters", "journey", "house", "sea", "he said", "nobody", "came", "long", "of")
LINES = ("Read it aloud,", "he said.", "a long journey", "in 1914,", "a house", "by the sea")
FORMS = {"a01-000u": 12, "a01-003u": 4, "c04-156": 4}  # the last is of the Aachen split's validation part

FORM = b'<?xml version="1.0" encoding="iso-8859-1"?><form id="a01-000u" version="1.0" writer-id="000"/>'


def furnish(folder: Path, run: Path | None) -> Path:
    """Write everything; `run` is a finished run, where there is one. Returns the folder."""
    _write_pictures(folder)
    _write_pages(folder)
    write_iam(folder / "data" / "iam")
    write_emnist(_made(folder / "data" / "emnist"), "AB12ab" * 12)
    write_emnist(folder / "data" / "emnist", "AB12ab" * 4, "test")
    for name in ("mine", "my", "letters"):
        write_list(
            folder / name, [Line(draw_line(text), text, f"writer{k % 2}", f"{k}.png") for k, text in enumerate(LINES)]
        )
    shutil.copy(PROJECT / "gluon_htr" / "ngrams" / "shipped" / "en.lm", folder / "my.lm")
    (folder / "novel.txt").write_text("nobody came to the house by the sea\n" * 20)
    (folder / "letters.txt").write_text("Read it aloud, he said.\n" * 40)
    (_made(folder / "novels") / "one.txt").write_text("a long journey of letters in 1914, and nobody came\n" * 40)
    _write_models(folder, run)
    write_tar(folder / "words.tgz", members(folder / "data" / "iam" / "words"))
    write_tar(folder / "ascii.tgz", members(folder / "data" / "iam" / "ascii"))
    write_tar(folder / "xml.tgz", {"a01-000u.xml": FORM})
    for name in ("scripts", "benchmarks", "bundles"):
        (folder / name).symlink_to(PROJECT / name)
    return folder


def members(root: Path) -> dict[str, bytes]:
    """The files below a folder by their paths in it."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.*"))}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_pictures(folder: Path) -> None:
    for name, text in {
        "line": "Read it aloud, he said.",
        "picture": "journey",
        "word": "house",
        "another": "sea",
    }.items():
        Image.fromarray(draw_line(text)).save(folder / f"{name}.png")
    shutil.copy(PROJECT / "examples" / "character.png", folder / "a.png")
    shutil.copytree(PROJECT / "examples", folder / "examples", ignore=shutil.ignore_patterns("page.jpg", "*.sh"))
    with Image.open(PROJECT / "examples" / "page.jpg") as page:  # two lines of it
        page.crop((0, 280, page.width, 620)).save(folder / "examples" / "page.jpg")


def _write_pages(folder: Path) -> None:
    page, content = draw_page(2, 0)
    for name in ("letter", "page", "1", "2"):
        page.save(folder / f"{name}.jpg", quality=95)
    (folder / "page.xml").write_text(content.replace('imageFilename=""', 'imageFilename="page.jpg"'), "utf-8")
    for name in ("book", "letters"):
        page.save(folder / f"{name}.pdf")
    page.save(_made(folder / "scans") / "first.png")
    page.save(folder / "scans" / "second.tif")
    page.save(_made(folder / "archive" / "box 1") / "letter.png")
    (folder / "pages.txt").write_text("letter.jpg\n")
    write_pages(folder / "my" / "pages", 2, lines=2)
    write_pages(folder / "other" / "pages", 1, lines=2)


def write_iam(root: Path) -> None:
    """IAM's words and lines: drawn words, four to a line."""
    word_rows, line_rows = [], []
    for form, count in FORMS.items():
        for start in range(0, count, 4):
            texts = [WORDS[(start + k) % len(WORDS)].replace(" ", "-") for k in range(4)]
            images = [draw_line(text) for text in texts]
            line = f"{form}-{start // 4:02}"
            for k, (text, image) in enumerate(zip(texts, images)):
                place = _made(root / "words" / form[:3] / form) / f"{line}-{k:02}.png"
                Image.fromarray(image).save(place)
                word_rows.append(f"{line}-{k:02} ok 154 1 1 60 16 NN {text}")
            height = max(image.shape[0] for image in images)
            padded = [np.pad(i, ((height - i.shape[0], 0), (0, 0)), constant_values=235) for i in images]
            Image.fromarray(np.hstack(padded)).save(_made(root / "lines" / form[:3] / form) / f"{line}.png")
            line_rows.append(f"{line} ok 154 4 0 0 900 64 {'|'.join(texts)}")
    (_made(root / "ascii") / "words.txt").write_text("\n".join(word_rows))
    (root / "ascii" / "lines.txt").write_text("\n".join(line_rows))


def _write_models(folder: Path, run: Path | None) -> None:
    for name in ("mine", "letters", "lenet"):
        shutil.copy(SHIPPED / "english-lines.zip", folder / f"{name}.zip")
    shutil.copy(SHIPPED / "words.zip", folder / "words.zip")
    shutil.copy(SHIPPED / "pages.zip", folder / "layout.zip")
    with zipfile.ZipFile(SHIPPED / "pages.zip") as bundle:  # a bundle may be a folder, and so may stand for a run
        bundle.extractall(folder / "runs" / "layout")
    for name in ("mine", "words", "letters", "words-conv") if run else ():
        shutil.copytree(run, folder / "runs" / name)

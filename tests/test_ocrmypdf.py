"""The plug-in for OCRmyPDF, in a real run of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from drawn_pages import TEXTS, draw_page

from gluon_htr.bundles.catalog import find_bundle

pytest.importorskip("ocrmypdf", reason="OCRmyPDF is not installed: pip install gluon-htr[ocrmypdf]")
if find_bundle("pages") is None:
    pytest.skip("no model that finds lines ships with this version", allow_module_level=True)


def words(path: Path) -> set[str]:
    """The words of the text layer."""
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    else:
        from pdfminer.high_level import extract_text

        text = extract_text(path)
    return set(text.lower().split())


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scanned document of two pages, without text."""
    path = tmp_path_factory.mktemp("ocrmypdf") / "scan.pdf"
    first, second = (draw_page(3, seed=seed, size=40)[0].convert("L") for seed in (1, 2))
    first.save(path, save_all=True, append_images=[second], resolution=150)
    return path


@pytest.fixture(scope="module")
def searchable(scan: Path) -> Path:
    output = scan.with_name("searchable.pdf")
    has_checker = shutil.which("gs") or shutil.which("verapdf")
    kind = "pdfa" if has_checker else "pdf"
    arguments = ["--plugin", "gluon_htr.ocrmypdf", "--output-type", kind, "--jobs", "2", scan, output]
    done = subprocess.run(
        [sys.executable, "-m", "ocrmypdf", *map(str, arguments)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return output


def test_a_scan_becomes_searchable(scan: Path, searchable: Path) -> None:
    """Who searches the PDF of a handwritten letter would find nothing."""
    assert not words(scan)
    truth = {word for number in range(1, 5) for word in TEXTS[number % len(TEXTS)].lower().split()}
    assert len(truth & words(searchable)) >= len(truth) / 3


@pytest.mark.skipif(
    not (shutil.which("gs") or shutil.which("verapdf")), reason="neither Ghostscript nor veraPDF is installed"
)
def test_the_result_is_pdf_a(searchable: Path) -> None:
    """An archive would not accept it."""
    from ocrmypdf.pdfa import file_claims_pdfa

    assert file_claims_pdfa(searchable)["pass"]

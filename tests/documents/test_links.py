"""Links of the documents lead somewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from support import PROJECT

sys.path.insert(0, str(PROJECT / "scripts"))

from documented_commands import documents

ALL = [*documents(), "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md"]
CODE = re.compile(r"^```.*?^```|``[^`].*?``|`[^`\n]+`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", ALL)
def test_every_link_and_every_picture_of_a_document_is_there(document: str) -> None:
    """A reader would click on a page, a heading or a picture that is gone."""
    lost = []
    for target in LINK.findall(CODE.sub(plain, (PROJECT / document).read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        page = (PROJECT / document).parent / path if path else PROJECT / document
        if not page.is_file() or (anchor and anchor not in anchors(page)):
            lost.append(target)
    assert not lost


def test_every_page_can_be_reached_on_the_site() -> None:
    """A page would exist that no menu shows."""
    menu = (PROJECT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    pages = {page.relative_to(PROJECT / "docs").as_posix() for page in (PROJECT / "docs").rglob("*.md")}
    notebooks = {f"notebooks/{path.stem}.md" for path in (PROJECT / "examples" / "notebooks").glob("[a-z]*.py")}
    assert {page for page in pages | notebooks if page not in menu} == set()


def test_the_site_loads_nothing_from_elsewhere() -> None:
    """A reader's browser would tell a third party which page it shows."""
    assert "font: false" in (PROJECT / "mkdocs.yml").read_text("utf-8")
    for page in (PROJECT / "docs").rglob("*.md"):
        text = CODE.sub("", page.read_text("utf-8"))
        assert not re.search(r"!\[[^\]]*\]\(https?:|<(?:img|script|link|iframe)\b", text), page


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site name them."""
    headings = re.findall(r"^#+ (.+)$", CODE.sub(lambda code: plain(code), page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def plain(code: re.Match[str]) -> str:
    """Keep the text of inline code, which headings may have, and drop blocks."""
    return "" if code[0].startswith("```") else code[0].strip("`")

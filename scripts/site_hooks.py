"""Pages and files of the site that do not lie in docs/: documents of the root, notebooks, and all that pages link to.

MkDocs calls the functions `on_…` (`hooks` in mkdocs.yml). Documents link to files of the repository, so that they work
there as well; here these links become links of the site.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "scripts"))

import documented_commands  # noqa: E402

#: Documents elsewhere in the repository that are pages of the site.
PAGES = {
    "ARCHITECTURE.md": "project/architecture.md",
    "CHANGELOG.md": "project/changes.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "README.md": "index.md",  # has the same purpose
    "data/README.md": "data.md",
    "examples/notebooks/README.md": "notebooks/index.md",
}

#: Files that the theme asks for.
ALWAYS = ["gluon_htr/serving/static/icon.svg"]

LINK = re.compile(r"(\]\()([^)\s]+)(\))")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and files that do not lie in docs/."""
    texts = {f"docs/{file.src_uri}": file.content_string for file in files.documentation_pages()}
    for source, uri in PAGES.items():
        if uri != "index.md":
            texts[source] = (PROJECT / source).read_text("utf-8")
            files.append(File.generated(config, uri, content=texts[source]))
    for notebook in notebooks():
        texts[notebook] = as_markdown((PROJECT / notebook).read_text("utf-8"))
        files.append(File.generated(config, site_uri(notebook), content=texts[notebook]))
    linked = {target for source, text in texts.items() for target in targets(source, text)}
    for target in sorted({*linked, *ALWAYS}):
        if not target.startswith("docs/") and site_uri(target).startswith("files/"):
            files.append(File.generated(config, site_uri(target), abs_src_path=str(PROJECT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn links between files of the repository into links between pages and files of the site."""
    source = repository_path(page.file.src_uri)
    folder = posixpath.dirname(page.file.src_uri)

    def link(match: re.Match[str]) -> str:
        target, hash_sign, anchor = match[2].partition("#")
        if not target or is_address(target):
            return match[0]
        uri = site_uri(resolved(source, target))
        return f"{match[1]}{posixpath.relpath(uri, folder or '.')}{hash_sign}{anchor}{match[3]}"

    markdown = markdown.replace("<!-- list -->", documented_commands.table())
    return outside_code(markdown, lambda text: LINK.sub(link, text))


def notebooks() -> list[str]:
    """List the notebooks by their places in the repository."""
    return [path.relative_to(PROJECT).as_posix() for path in sorted((PROJECT / "examples/notebooks").glob("[a-z]*.py"))]


def as_markdown(notebook: str) -> str:
    """Show a notebook in the percent format as a page: its prose, and its code as blocks."""
    parts = []
    for cell in re.split(r"^# %%", notebook, flags=re.MULTILINE)[1:]:
        kind, _, body = cell.partition("\n")
        if "[markdown]" in kind:
            parts.append("\n".join(re.sub("^# ?", "", line) for line in body.strip().splitlines()))
        else:
            parts.append(f"```python\n{body.strip()}\n```")
            parts += [f"![{name}](../../docs/pictures/{name}.png)" for name in drawn(body)]
    return "\n\n".join(parts) + "\n"


def drawn(code: str) -> list[str]:
    """List the pictures that a cell draws and docs/pictures has: those that show nobody's restricted data."""
    names = re.findall(r'^show\(.*"([\w-]+)"\)$', code, re.MULTILINE)
    return [name for name in names if (PROJECT / "docs" / "pictures" / f"{name}.png").is_file()]


def targets(source: str, text: str) -> Iterator[str]:
    """List the files of the repository that a document links to."""
    for match in LINK.finditer(CODE.sub("", text)):
        target = match[2].partition("#")[0]
        if target and not is_address(target):
            path = resolved(source, target)
            if not (PROJECT / path).is_file():
                raise PluginError(f"{source} links to {target}, which is not a file")
            yield path


def resolved(source: str, target: str) -> str:
    """Resolve a link of a document, both as paths in the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))


def site_uri(path: str) -> str:
    """Tell where a file of the repository is on the site."""
    if path in PAGES:
        return PAGES[path]
    if path in notebooks():
        return f"notebooks/{Path(path).stem}.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else f"files/{path}"


def repository_path(uri: str) -> str:
    """Tell which file of the repository a page of the site shows."""
    sources = {site_uri(source): source for source in [*PAGES, *notebooks()] if source != "README.md"}
    return sources.get(uri, f"docs/{uri}")


def is_address(target: str) -> bool:
    """Recognize `https:` and the like."""
    return re.match(r"[a-z]+:", target) is not None


def outside_code(text: str, change: Any) -> str:
    """Change the prose of a document and leave its code as it is."""
    parts, end = [], 0
    for code in CODE.finditer(text):
        parts += [change(text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, change(text[end:])])

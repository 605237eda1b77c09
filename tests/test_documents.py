"""What the documents for maintainers say is true."""

from __future__ import annotations

import re

import pytest
import yaml
from support import PROJECT

DOCUMENTS = ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]
PATH = re.compile(r"`((?:gluon_htr|tests|scripts|docs|examples|benchmarks)/[\w./-]*|[\w-]+\.(?:py|md|toml))`")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_in_a_document_exists(name: str) -> None:
    """A newcomer would look for a file that was moved long ago."""
    text = (PROJECT / name).read_text("utf-8")
    paths = [path for path in PATH.findall(text) if "NAME" not in path]
    links = [link for link in re.findall(r"\]\(([^)#:]+)", text) if not link.startswith("http")]
    known = {file.name for file in (PROJECT / "gluon_htr").rglob("*.py")}
    lost = [path for path in paths if not (PROJECT / path).exists() and path not in known]
    assert not lost + [link for link in links if not (PROJECT / link).exists()]


def test_the_architecture_names_every_command_and_every_package() -> None:
    """A new package would be missing from the map."""
    text = (PROJECT / "ARCHITECTURE.md").read_text("utf-8")
    commands = [path.name for path in (PROJECT / "gluon_htr").glob("[a-z]*.py") if path.stem != "errors"]
    packages = [f"gluon_htr/{path.parent.name}/" for path in (PROJECT / "gluon_htr").glob("*/__init__.py")]
    assert [name for name in commands + packages if name not in text] == []


def test_no_folder_is_a_drawer_and_no_command_is_long() -> None:
    """A newcomer could not find the place to change within a minute."""
    package = PROJECT / "gluon_htr"
    for folder in {path.parent for path in package.rglob("*.py")} - {package}:
        assert len([file for file in folder.iterdir() if file.is_file()]) <= 25, folder
    for command in package.glob("[a-z]*.py"):
        assert len(command.read_text("utf-8").splitlines()) <= 150, command


@pytest.mark.parametrize("name", [".github/workflows/tests.yml", ".github/dependabot.yml", "CITATION.cff"])
def test_files_for_the_host_are_valid(name: str) -> None:
    """The hosted tests would not start, and nobody would notice."""
    content = yaml.safe_load((PROJECT / name).read_text("utf-8"))
    assert isinstance(content, dict)
    for job in content.get("jobs", {}).values():
        for step in job["steps"]:
            for script in re.findall(r"scripts/\w+", step.get("run", "")):
                assert (PROJECT / script).exists(), script

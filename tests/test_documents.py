"""What the documents say of the code is true."""

from __future__ import annotations

import re
import sys

import pytest
import yaml
from support import PROJECT

sys.path.insert(0, str(PROJECT / "scripts"))

from documented_commands import documents

DOCUMENTS = ["ARCHITECTURE.md", "SECURITY.md", *documents()]
PATH = re.compile(r"`((?:gluon_htr|tests|scripts|docs|examples|benchmarks)/[\w./-]*|[\w-]+\.(?:py|md|toml))`")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_in_a_document_exists(name: str) -> None:
    """A newcomer would look for a file that was moved long ago."""
    text = (PROJECT / name).read_text("utf-8")
    paths = [path for path in PATH.findall(text) if "NAME" not in path]
    known = {file.name for folder in ("gluon_htr", "tests") for file in (PROJECT / folder).rglob("*.py")}
    known |= {file.name for file in PROJECT.glob("docs/*.md")} | {"run.toml"}  # which a training writes
    assert [path for path in paths if not (PROJECT / path).exists() and path not in known] == []


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
